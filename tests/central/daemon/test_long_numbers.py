"""Numbers that are too long, wherever HQ's addresses take one: refused, never a failure of HQ."""

from __future__ import annotations

import re

import pytest

from central.daemon.gate import DEVICE_PATHS

LONG, BEYOND = "9" * 4400, str(2**63)
"""More digits than Python reads (CVE-2020-10735), and more than a database's integer holds."""
PLACES = {"after", "before"}
FORMS = ("{}", "j:{}", "1-ab.{}.cd")
"""Of a place in a list."""


def _asked(paths):
    """Give every staff call with a number or a place in its address, and how to fill it."""
    for path, methods in paths.items():
        if not path.startswith("/v1/") or path.startswith(DEVICE_PATHS):
            continue
        for method in {"get", "post"} & set(methods):
            for given in methods[method].get("parameters", ()):
                if "integer" in str(given["schema"]):
                    yield method, path, given, FORMS[:1]
                elif given["name"] in PLACES:
                    yield method, path, given, FORMS


@pytest.mark.asyncio
async def test_a_number_of_any_length_is_the_callers_fault(hq):
    """Wrong: who types a long number sees HQ fail, and its log blames HQ."""
    paths = (await hq.staff.get("/schema/openapi.json")).json()["paths"]
    told, numbers = [], 0
    person = {"actor": "Eva", "reason": "asked", "name": "n"}
    for method, path, given, forms in _asked(paths):
        numbers += len(forms) == 1
        for text in (form.format(long) for form in forms for long in (LONG, BEYOND)):
            is_path = given["in"] == "path"
            address = path.replace(f"{{{given['name']}}}", text) if is_path else path
            sent = {"params": {} if is_path else {given["name"]: text}}
            sent |= {"json": person} if method == "post" else {}
            reply = await hq.staff.request(method, re.sub(r"{[^}]+}", "x", address), **sent)
            if reply.status_code >= 500 or (
                len(forms) == 1 and reply.status_code not in {400, 404}
            ):
                told.append((reply.status_code, method, path, given["name"], text[:30]))
    assert [] == told
    assert numbers > 5
