"""A chain of two regions: each till holds its own customers, and knows that there are others."""

from __future__ import annotations

import asyncio
import random

import pytest

from agent.daemon.demo.shop import new_id
from tests.journeys.chain_hq import TILL
from tests.journeys.chain_shops import STEP_S, opened_chain

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
PHONE, OTHER = "+4917012345678", "+4917087654321"
TWO = '\n[replica.regions]\nnorth = ["store-0001"]\nsouth = ["store-0002"]\n'
WITHIN_S = 120


async def identify(shop, value):
    return await shop.ask("POST", "/v1/identify", {"value": value, "till": TILL})


async def until(shop, value, answer):
    """Wait until the till answers so; it sells meanwhile."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = await identify(shop, value)
            if found["answer"] == answer:
                return found
            await asyncio.sleep(STEP_S)


async def enrol(shop, name, phone):
    person = {"party_id": new_id(), "name": name, "phone": phone}
    return await shop.ask("POST", "/v1/parties", person)


@pytest.mark.asyncio
async def test_a_customer_is_known_in_another_region_and_moves_with_it(tmp_path):
    """Who lives elsewhere would be a stranger, or every till hold the whole chain."""
    async with opened_chain(tmp_path, 2, random.Random(7), more=TWO) as (hq, (north, south)):
        await enrol(north, "Ada Byron", PHONE)
        assert "found" == (await identify(north, PHONE))["answer"]
        assert "unknown" == (await identify(south, OTHER))["answer"]
        await until(south, PHONE, "known_elsewhere")
        again = await enrol(south, "Eve Example", OTHER)
        assert [] == list(again.get("known_elsewhere", []))
        await until(north, OTHER, "known_elsewhere")
        assert ["phone"] == (await enrol(north, "Ina", OTHER))["known_elsewhere"]
        view = (await south.status())["known_customers"]
        assert (1, 1, 4000) == (view["pieces"], view["of"], view["bytes"])
        assert view["built_at"]
        told = await south.run("status")
        assert "customers known elsewhere: a filter of 0.0 MB, built 20" in told
        assert "region:south" in south.cursors()
        # The second store becomes one of the first region.
        await hq.program.stop()
        text = hq.config.read_text()
        hq.config.write_text(
            text.replace('["store-0001"]', '["store-0001", "store-0002"]').replace(
                'south = ["store-0002"]\n', ""
            )
        )
        await hq.program.start()
        await until(south, PHONE, "found")
        scopes = set(south.cursors())
        assert {"global", "store:store-0002", "region:north"} == scopes
