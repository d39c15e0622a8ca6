"""Two customers are merged at HQ and parted again, while a till serves them: the real programs."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import TILL, Refused

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="session")]
BEN, GRACE = "LCBQS541HX1A", "LC13Z6Y6S9KX"
BY = {"actor": "eva", "reason": "she had lost her card"}
WITHIN_S = 60


async def recognised(till, card):
    """Scan a card; gives whose it is, and what the till shows of them."""
    party_id = (await till.scan(card))["data"]["party_id"]
    shown = await till.ask("GET", f"/v1/parties/{party_id}")
    await till.ask("DELETE", f"/v1/tills/{TILL}/customer")
    return party_id, shown


async def until_one(till, cards, *, is_one):
    """Wait until the till takes the cards for one person's, or for several people's."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            # Between a scan and the look the merge may come in: the id then names nobody held here.
            with suppress(Refused):
                found = [await recognised(till, card) for card in cards]
                if is_one == (len({party_id for party_id, _ in found}) == 1):
                    return found
            await asyncio.sleep(0.1)


async def test_a_merge_is_seen_at_the_till_and_so_is_its_undo(till):
    """Who was merged would be a stranger at the till, or once undone have somebody else's past."""
    before = await until_one(till, (BEN, GRACE), is_one=False)
    ids = [party_id for party_id, _ in before]
    hq = till.world.ask_hq
    views = [await hq("GET", f"/v1/parties/{party_id}/timeline") for party_id in ids]
    merge_id = new_id()
    await hq("POST", "/v1/merges", BY | {"party_ids": ids, "merge_id": merge_id})
    merged = await until_one(till, (BEN, GRACE), is_one=True)
    chosen = (await hq("GET", f"/v1/parties/{ids[0]}"))["canonical_id"]
    assert {chosen} == {party_id for party_id, _ in merged}
    both = await hq("GET", f"/v1/parties/{ids[1]}/timeline")
    events = [{each["event_id"] for each in view["interactions"]} for view in views]
    assert events[0] | events[1] == {each["event_id"] for each in both["interactions"]}
    await hq("POST", f"/v1/merges/{merge_id}/undo", BY)
    after = await until_one(till, (BEN, GRACE), is_one=False)
    assert ids == [party_id for party_id, _ in after]
    assert views == [await hq("GET", f"/v1/parties/{party_id}/timeline") for party_id in ids]
