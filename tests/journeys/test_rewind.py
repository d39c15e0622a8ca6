"""HQ restored from an old backup while the shop sells on: everything is back without a hand."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import msgspec
import pytest

from agent.daemon.demo.world import opened_world
from tests.forked import forked
from tests.journeys.audit import Audit
from tests.journeys.cashier import Cashier

pytestmark = pytest.mark.long

ANY_PORTS = (0, 0)
HEALED_WITHIN_S = 120
SOLD_BEFORE, SOLD_SINCE, SOLD_WITHOUT = 2, 4, 6


class Shop:
    """A shop that sells without pause, and the commands of its HQ."""

    def __init__(self, world):
        self.world = world
        self.cashier = Cashier(world, random.Random(7))
        self.audit = Audit(world, self.cashier.book)

    async def central(self, *arguments):
        config = ("--config", str(self.world.central_toml))
        return await self.world.command("till-central", *arguments, *config)

    async def said(self, *arguments):
        return msgspec.json.decode(await self.central(*arguments, "--json"))

    async def sold(self, count):
        while True:
            if len(self.cashier.book.completed) >= count:
                return
            await asyncio.sleep(0.02)

    async def rewind(self):
        """The incident of the rewind, as HQ shows it."""
        incidents = (await self.said("status"))["incidents"]
        (found,) = [each for each in incidents if each["name"] == "rewind"]
        return found

    async def healed(self):
        async with asyncio.timeout(HEALED_WITHIN_S):
            while True:
                found = await self.rewind()
                if found["closed_at"] is not None:
                    return found
                await asyncio.sleep(0.2)


@pytest.mark.timeout(200)
@pytest.mark.asyncio
async def test_everything_comes_back_while_the_shop_sells_on(tmp_path):
    """Wrong: what HQ had received after its backup is lost, or comes back only by hand (P5)."""
    async with opened_world(tmp_path, ANY_PORTS, forked) as world:
        shop = Shop(world)
        shop.cashier.open.set()
        work = asyncio.create_task(shop.cashier.work())
        await shop.sold(SOLD_BEFORE)
        backup = await shop.said("backup", str(tmp_path / "backups"))
        await shop.sold(SOLD_SINCE)
        await world.hq.stop()
        restored = await shop.said("restore", backup["place"])
        await shop.sold(SOLD_WITHOUT)
        await world.hq.start()
        incident = await shop.healed()
        shop.cashier.stopping = True
        await work
        status = await shop.said("status")
        await shop.audit.hq_has_everything()
        await shop.audit.histories()
    assert restored["epoch"].startswith("2-")
    assert backup["backup_id"] in incident["detail"]
    assert "2 of 2 journals of live tills are back" in incident["detail"]
    assert (tmp_path / "central" / Path(restored["aside"]).name).exists()
    assert (1, []) == (status["backups"]["kept"], status["backups"]["lost"])
