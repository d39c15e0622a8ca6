"""What HQ sends, on a disk that fills: reference data waits, sales and erasures do not."""

from __future__ import annotations

import pytest

from agent.journal.reserve import Reserve
from agent.journal.space import Space
from tests.disks import MB, Hog, needs_root, small_disk


@needs_root
@pytest.mark.asyncio
async def test_changes_wait_until_there_is_room(shop, run, tmp_path):
    """Prices and customers would be written with the last bytes a sale needs."""
    await shop.enrol()
    with small_disk(tmp_path, "tmpfs", 16) as place:
        # The journal's disk is this one, from now on.
        reserve = Reserve(place, MB)
        assert reserve.fill()
        shop.journal.space = Space(reserve)
        hog = Hog(place)
        async with run(shop.loop):
            await shop.until(lambda: len(shop.replica.pages) == 2)
            hog.fill(but=2 * MB)
            shop.link.publish("global", "item:1", 1)
            await shop.sell(1)
            await shop.until(lambda: _said(shop))
            assert [] == shop.replica.keys
            hog.free()
            await shop.until(lambda: shop.replica.keys == ["item:1"])


def _said(shop):
    return "nothing new of HQ is taken" in str(shop.loop.status().last_error)
