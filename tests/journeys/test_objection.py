"""An objection at the call centre, a merge with a consenting duplicate, its undo: the programs."""

from __future__ import annotations

from contextlib import suppress

import pytest

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import TILL, Refused
from tests.journeys.waiting import until_equal

pytestmark = [pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="session")]
BY = {"actor": "eva", "reason": "one person with two cards"}
YES = {"purpose": "marketing", "contact": "email", "given": True}
ASKED = {"purpose": "marketing", "contact": "email"}
OBJECTION = {
    "purpose": "marketing",
    "state": "objected",
    "channel": "call-centre",
    "method": "phone",
    "operator": "clara",
}


async def enrolled(till, mail):
    """Enrol somebody who says yes to mail; gives their id and card."""
    person = {"party_id": new_id(), "name": "Olga Novak", "email": mail, "consents": [YES]}
    made = await till.ask("POST", "/v1/parties", person)
    return made["party_id"], made["card"]


async def may(till, who):
    """Ask HQ whether somebody may be sent mail; None while it knows nobody of that name."""
    try:
        return (await till.world.ask_hq("POST", "/v1/consent/check", ASKED | who))["verdict"]
    except Refused as refused:
        if refused.status != 404:
            raise
        return {"allowed": None, "state": "unknown"}


async def on_the_card(till, card):
    """Scan a card; gives what it says of mail, or None where it is being replaced."""
    party_id = (await till.scan(card))["data"]["party_id"]
    with suppress(Refused):
        shown = await till.ask("GET", f"/v1/parties/{party_id}")
        await till.ask("DELETE", f"/v1/tills/{TILL}/customer")
        said = [each for each in shown["card"]["consents"] if each["purpose"] == "marketing"]
        return {each["given"] for each in said if each["contact"] in {"email", "any"}}
    return None


async def test_an_objection_outlives_a_merge_and_its_undo_everywhere(till):
    """Who objected would get mail again after a merge, or by their other card once it is undone."""
    mails = [f"{new_id()}@example.com" for _ in range(2)]
    people = [await enrolled(till, mail) for mail in mails]
    ids, cards = zip(*people, strict=True)
    names = [{"party_id": each} for each in ids]
    names += [{"type": "email", "value": mail} for mail in mails]

    async def at_hq():
        return [(await may(till, who))["allowed"] for who in names]

    async def at_the_till():
        return [await on_the_card(till, card) for card in cards]

    await until_equal(at_hq, [True] * 4)
    await till.world.ask_hq("POST", f"/v1/parties/{ids[0]}/consents", OBJECTION)
    await until_equal(at_hq, [False, True, False, True])
    await until_equal(at_the_till, [{False}, {True}])
    merge_id = new_id()
    asked = BY | {"party_ids": ids, "merge_id": merge_id}
    await till.world.ask_hq("POST", "/v1/merges", asked)
    await until_equal(at_hq, [False] * 4)
    await until_equal(at_the_till, [{False}] * 2)
    await till.world.ask_hq("POST", f"/v1/merges/{merge_id}/undo", BY)
    await until_equal(at_hq, [False] * 4)
    await until_equal(at_the_till, [{False}] * 2)
    shown = [await till.world.ask_hq("GET", f"/v1/parties/{each}") for each in ids]
    assert list(ids) == [each["canonical_id"] for each in shown], "the merge is undone"
    assert ["objected"] * 2 == [(await may(till, who))["state"] for who in names[:2]]
