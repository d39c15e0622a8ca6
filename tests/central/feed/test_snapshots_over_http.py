"""A real HQ and a real till: the scope as a snapshot, then its changes."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from agent.contracts.hq import HqRefused, HqSlowDown, NoSnapshot
from agent.core.exchange.replica import FORMAT
from agent.core.exchange.snapshots import is_chunk, read_manifest
from agent.directory import Directory
from agent.links.signing import DeviceSigner
from agent.sync.snapshots import Snapshots
from central.feed.keeping import ROWS_MIN
from central.ledger.engine import writing
from central.ledger.outbox import GLOBAL, Change, publish_many

pytestmark = pytest.mark.asyncio


def items(engine, *numbers, name="Milk"):
    bodies = [{"item_id": str(n), "name": name, "taxes": ["full"]} for n in numbers]
    changes = [
        Change(f"item:{body['item_id']}", "put", json.dumps(body).encode()) for body in bodies
    ]
    with writing(engine) as conn:
        publish_many(conn, GLOBAL, changes)


async def made(link, scope=GLOBAL):
    async with asyncio.timeout(60):
        while True:
            try:
                return await link.snapshot(scope)
            except HqSlowDown:
                await asyncio.sleep(0.1)


async def raw(hq, till, path, **headers):
    async with httpx.AsyncClient(trust_env=False) as client:
        request = client.build_request("GET", hq.url + path, headers=headers)
        DeviceSigner(till.key, till.keyid).sign(request, b"")
        return await client.send(request)


async def test_a_long_scope_comes_as_a_file_and_goes_on_by_pages(hq, tmp_path):
    """Wrong: a new till reads everything change by change, or does not know where to go on."""
    till, link = await hq.enrolled()
    with pytest.raises(NoSnapshot):
        await link.snapshot(GLOBAL)
    items(hq.engine, *range(ROWS_MIN))
    manifest = read_manifest(await made(link), GLOBAL, hq.root.verify)
    assert (FORMAT, ROWS_MIN) == (manifest.format, manifest.rows)
    directory = Directory.open(tmp_path / "directory.db")
    snapshots = Snapshots(
        link,
        directory,
        verify=lambda: hq.root.verify,
        may_fetch=lambda: True,
        on_orders=_none,
        on_progress=lambda *_: None,
        on_trouble=lambda *_: None,
    )
    _, changed = await snapshots.take(GLOBAL)
    assert (1000, ROWS_MIN) == (len(changed), directory.counts()["items"])
    items(hq.engine, 7, name="Butter")
    page = await link.feed(GLOBAL, directory.cursor(GLOBAL), 0)
    assert ["item:7"] == directory.apply(GLOBAL, page)
    assert "Butter" == directory.items("butter", 1)[0].name
    directory.close()
    await _is_a_piece(hq, till, manifest)
    await _is_for_its_store_alone(hq, till, manifest)


async def _none(_orders):
    """HQ gave none."""


async def _is_a_piece(hq, till, manifest):
    path = f"/v1/snapshots/{GLOBAL}/{manifest.snapshot_id}/0"
    reply = await raw(hq, till, path)
    assert is_chunk(manifest.chunks[0], reply.content)
    assert "immutable" in reply.headers["Cache-Control"]
    again = await raw(hq, till, path, **{"If-None-Match": reply.headers["ETag"]})
    assert (304, b"") == (again.status_code, again.content)
    assert 404 == (await raw(hq, till, path + "99")).status_code


async def _is_for_its_store_alone(hq, till, manifest):
    for path in ("store:store-0002", f"store:store-0002/{manifest.snapshot_id}/0"):
        reply = await raw(hq, till, f"/v1/snapshots/{path}")
        assert (403, "urn:till-agent:problem:not-your-scope") == (
            reply.status_code,
            reply.json()["type"],
        )
    async with httpx.AsyncClient(trust_env=False) as client:
        assert 401 == (await client.get(f"{hq.url}/v1/snapshots/{GLOBAL}")).status_code
    link = till.link(hq.url)
    hq.links.append(link)
    with pytest.raises(HqRefused):
        await link.snapshot("store:store-0002")
