"""Numbers that are too long, wherever the agent's addresses take one: refused, never a crash."""

from __future__ import annotations

import re

import pytest

LONG, BEYOND = "9" * 4400, str(2**63)
"""More digits than Python reads (CVE-2020-10735), and more than a database's integer holds."""


@pytest.mark.asyncio
async def test_a_number_of_any_length_is_the_callers_fault(agent):
    """Wrong: who scans or types a long number sees the agent fail."""
    told, asked = [], 0
    async with agent.client() as client:
        paths = (await client.get("/schema/openapi.json")).json()["paths"]
        for path, methods in paths.items():
            for method, said in methods.items():
                for given in said.get("parameters", ()):
                    if given["in"] not in {"path", "query"}:
                        continue
                    for text in (LONG, BEYOND, f"s1-till-1-abcd-{LONG}"):
                        is_path = given["in"] == "path"
                        filled = path.replace(f"{{{given['name']}}}", text) if is_path else path
                        address = re.sub(r"{[^}]+}", "1", filled.replace("{till}", "till-1"))
                        params = {} if is_path else {given["name"]: text}
                        reply = await client.request(method, address, params=params, json={})
                        asked += 1
                        if reply.status_code >= 500:
                            told.append((reply.status_code, method, path, given["name"], text[:30]))
    assert [] == told
    assert asked > 100
