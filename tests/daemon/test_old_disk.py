"""The journals of an old disk, taken in by the machine in its place: at HQ, and shown so."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from tests.central.served import Till, served_hq
from tests.daemon.test_cut_off import filled

pytestmark = [pytest.mark.long, pytest.mark.asyncio]
LOOKS = 300


async def until_sent(shop):
    """Ask until HQ has everything."""
    for _ in range(LOOKS):
        ran = await asyncio.to_thread(shop.run, "status", "--unsent")
        if ran.out.strip() == "0":
            return
        await asyncio.sleep(0.1)
    raise AssertionError((await asyncio.to_thread(shop.run, "status")).out)


async def test_a_machine_that_took_in_an_old_disk_can_be_sealed(shop, daemon, tmp_path):
    """It would say for ever that HQ lacks what HQ has, and never become an image."""
    (tmp_path / "hq").mkdir()
    run = asyncio.to_thread
    async with served_hq(tmp_path / "hq") as hq:
        shop.write(hq=hq.url)
        assert 0 == (await run(shop.run, "enrol", hq.code(Till()))).code
        await run(filled, shop, 3)
        with daemon():
            await until_sent(shop)
        file = tmp_path / "old.jsonl"
        assert 0 == (await run(shop.run, "journal", "export", str(file))).code
        shutil.rmtree(shop.state)
        shop.state.mkdir(mode=0o700)
        swapped = await run(shop.run, "enrol", hq.code(Till()))
        assert "HQ holds all 3 entries" in swapped.out, swapped
        taken = await run(shop.run, "journal", "import", str(file))
        assert (0, True) == (taken.code, "asks HQ" in taken.err), taken
        refused = await run(shop.run, "setup", "--seal-image")
        assert (1, True) == (refused.code, "does not hold 3 entries" in refused.err), refused
        with daemon():
            await until_sent(shop)
        sealed = await run(shop.run, "setup", "--seal-image")
        assert 0 == sealed.code, sealed


@pytest.mark.long
async def test_a_machine_is_not_sealed_on_the_word_of_a_time_hq_has_lost(shop, daemon, tmp_path):
    """What HQ held once, and was put back from since, would be gone with the image."""
    live, early, late = (tmp_path / name for name in ("hq", "early", "late"))
    live.mkdir()
    run = asyncio.to_thread
    async with served_hq(live) as hq:
        shop.write(hq=hq.url)
        assert 0 == (await run(shop.run, "enrol", hq.code(Till()))).code
    shutil.copytree(live, early)
    async with served_hq(live) as hq:
        shop.write(hq=hq.url)
        await run(filled, shop, 3)
        with daemon():
            await until_sent(shop)
    shutil.copytree(live, late)
    away = await run(shop.run, "setup", "--seal-image")
    assert (1, True) == (away.code, "HQ could not be asked" in away.err), away
    for state, code, told in (
        (early, 1, "HQ does not hold all 3 entries"),
        (late, 0, "none of its backups holds yet"),
    ):
        shutil.rmtree(live)
        shutil.copytree(state, live)
        async with served_hq(live) as hq:
            assert {"device.key", "journal.db"} <= {each.name for each in shop.state.iterdir()}
            shop.write(hq=hq.url)
            ran = await run(shop.run, "setup", "--seal-image")
        assert (code, True) == (ran.code, told in ran.err), ran
