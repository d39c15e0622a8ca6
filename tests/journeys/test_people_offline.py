"""Customers met while there is no HQ: garbage in every field, and one person at two tills.

`GUESTS=100 pytest tests/journeys/test_people_offline.py -m long` plays as many as one likes.
"""

from __future__ import annotations

import asyncio
import os
import random

import httpx
import pytest

from agent.core.entries.bodies import ConsentGiven, PartyEnrolled
from agent.core.sale.model import Stamp
from agent.daemon.demo.shop import new_id
from agent.daemon.files import open_journal
from agent.journal.chains import append
from agent.settings import load
from tests.forked import forked
from tests.journeys.chain_hq import TILL
from tests.journeys.chain_shops import opened_chain
from tests.journeys.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600), pytest.mark.asyncio]
GUESTS = int(os.environ.get("GUESTS", "500"))
COFFEE = {"item_id": "item-0002"}
PRICE, POINTS = 799, 7
BY = {"actor": "eva", "reason": "they asked"}
PROGRAMME = {
    "rules": [{"rule_id": "base", "version": 1, "points": 1, "per": 100}],
    "worth": {"points": 100, "minor": 100},
}
JUNK = "\N{PILE OF POO}\N{REPLACEMENT CHARACTER}\x07%s'; DROP TABLE sale;--"


async def enrol(shop, **said):
    """Enrol somebody at a shop's till."""
    return await shop.ask("POST", "/v1/parties", {"party_id": new_id(), "name": "Ada Byron"} | said)


async def sell(shop, party_id):
    """Sell a pack of coffee to somebody; gives the sale's id and receipt number."""
    sale_id = new_id()
    await shop.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
    await shop.ask("PUT", f"/v1/sales/{sale_id}/customer", {"party_id": party_id})
    await shop.ask("POST", f"/v1/sales/{sale_id}/lines", COFFEE | {"line_id": new_id()})
    cash = {"kind": "cash", "amount": PRICE, "tender_id": new_id()}
    await shop.ask("POST", f"/v1/sales/{sale_id}/tenders", cash)
    done = await shop.ask("POST", f"/v1/sales/{sale_id}/complete", {})
    return sale_id, done["receipt_no"]


def garbage(n, store):
    """Make a record no till would keep: the first with garbage in every field."""
    party_id, at = new_id(), Stamp(JUNK, n, JUNK)
    fields = {"phone": JUNK, "email": JUNK, "card": JUNK * 40}
    no = ConsentGiven("", JUNK, given=True)
    kinds = (
        PartyEnrolled(f"{JUNK}{n}", store, TILL, at, JUNK, postcode=JUNK, consents=(no,), **fields),
        PartyEnrolled(party_id, store, TILL, at, " \t "),
        PartyEnrolled(party_id, store, TILL, at, "Ada", phone="12", email="@", card="!"),
        PartyEnrolled(party_id, store, TILL, at, "", sealed=b"no envelope"),
        PartyEnrolled(party_id, store, TILL, at, "Ada\0Byron", consents=(no,)),
    )
    return kinds[n % len(kinds)]


def seal_first(shop, bodies):
    """Put facts into a stopped till's journal, as a broken program of its would."""
    journal, _ = open_journal(load(shop.config))
    try:
        for body in bodies:
            salt = os.urandom(16)
            journal.write_blocking(lambda conn, b=body, s=salt: append(conn, TILL, b, salt=s))
    finally:
        journal.close()


async def bought(hq, party_id):
    """Ids of what stands on a customer's timeline at HQ; none while it knows nobody of that id."""
    try:
        shown = await hq.ask("GET", f"/v1/parties/{party_id}/timeline")
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return []
    return [each["event_id"] for each in shown["interactions"]]


async def test_sales_behind_garbage_are_booked_and_the_garbage_waits(tmp_path):
    """A customer record nobody can read would keep a day's sales from HQ, or vanish (P6)."""
    async with opened_chain(tmp_path, 1, random.Random(5), launch=forked) as (hq, [shop]):
        await shop.in_step()
        await hq.program.stop()
        await shop.stop()
        bad = [garbage(n, shop.store) for n in range(max(5, GUESTS // 100))]
        await asyncio.to_thread(seal_first, shop, bad)
        await shop.start()
        nameless = [each.party_id for each in bad if each.party_id.isascii()]
        people = nameless + [
            (await enrol(shop, name=f"Guest {n}", email=f"{n}@example.com"))["party_id"]
            for n in range(GUESTS - len(nameless))
        ]
        sold = {(await sell(shop, party_id))[0]: party_id for party_id in people}
        await hq.program.start()
        await shop.in_step()

        async def waiting():
            return await hq.ask("GET", "/v1/quarantine")

        aside = await until(waiting, lambda page: len(page["entries"]) == len(bad))
        entries = aside["entries"]
        assert {"side"} == {each["lane"] for each in entries}
        assert all(each["reason"] and JUNK not in each["reason"] for each in entries)
        assert {"customer-unreadable", "nul-in-text"} <= {each["name"] for each in entries}, entries

        async def booked():
            return await hq.sales(tmp_path / "sales.json")

        rows = await until(booked, lambda rows: len(rows) >= len(sold))
        assert sorted(sold) == sorted(row["sale_id"] for row in rows)
        for sale_id, party_id in [*sold.items()][:: max(1, len(sold) // 25)]:
            # The two journals of a till are applied side by side: of a long backlog sales may be
            # booked before their customers are known.
            assert [sale_id] == await until(lambda who=party_id: bought(hq, who), bool)
        states = [(await hq.ask("GET", f"/v1/parties/{each}"))["state"] for each in nameless]
        assert {"provisional"} == set(states)


async def views(hq, ids):
    """Everything that is of one of two customers: who they are, points, history, card."""
    found = []
    for each in ids:
        party = await hq.ask("GET", f"/v1/parties/{each}")
        timeline = await hq.ask("GET", f"/v1/parties/{each}/timeline")
        value = await hq.ask("GET", f"/v1/parties/{each}/value")
        card = {key: party["card"][key] for key in party["card"] if key not in {"ver", "known"}}
        unified = await hq.ask("GET", f"/v1/parties/{each}/unified")
        found.append((party["canonical_id"], party["merged_from"], card, timeline, value, unified))
    return found


async def receipts(hq, numbers):
    """Whose HQ says some receipts are."""
    found = []
    for number in numbers:
        answer = await hq.ask("POST", "/v1/parties/search", {"text": number})
        found.append([each["party_id"] for each in answer["parties"]])
    return found


def points(view):
    return [each["value"] for each in view[4]["units"]]


async def test_one_person_met_by_two_tills_offline_is_one_and_can_be_two_again(tmp_path):
    """Points or receipts of a merge would be lost, or stay with the wrong one after its undo."""
    async with opened_chain(tmp_path, 2, random.Random(2), launch=forked) as (hq, shops):
        await hq.ask("PUT", "/v1/loyalty/programme", PROGRAMME)
        for shop in shops:
            await until(lambda shop=shop: takes(shop), bool)
        await hq.program.stop()
        one = await enrol(shops[0], phone="+491713920001")
        other = await enrol(shops[1], email="ada@example.com")
        ids = [one["party_id"], other["party_id"]]
        numbers = [(await sell(*each))[1] for each in zip(shops, ids, strict=True)]
        await hq.program.start()
        await asyncio.gather(*(shop.in_step() for shop in shops))
        await until(lambda: counted(hq, ids), lambda found: found == [[POINTS], [POINTS]])
        await asked_by_web(hq, {"phone": "+491713920001", "verified": ["phone"]}, ids[0])
        await asked_by_web(hq, {"email": "Ada@Example.com", "verified": ["email"]}, ids[1])
        before = await views(hq, ids)
        assert [[each] for each in ids] == await receipts(hq, numbers)
        # A steward merges them, and thinks better of it.
        made = await hq.ask("POST", "/v1/merges", BY | {"party_ids": ids})
        await one_person(hq, ids, numbers)
        await hq.ask("POST", f"/v1/merges/{made['merge']['merge_id']}/undo", BY)
        assert before == await views(hq, ids)
        # The web account that proved both joins them by rule; a steward parts them.
        for each in ids:
            await asked_by_web(
                hq, {"party_id": each, "web_account": "42", "verified": ["web_account"]}, each
            )
        await one_person(hq, ids, numbers)
        asked = BY | {"party_ids": ids[:1]}
        parted = await hq.ask("POST", "/v1/separations", asked)
        after = await views(hq, ids)
        for was, now in zip(before, after, strict=True):
            assert was[:5] == now[:5], "all is as it was, but for the account both were met with"
        assert [[each] for each in ids] == await receipts(hq, numbers)
        await hq.ask("POST", f"/v1/merges/{parted['merge']['merge_id']}/undo", BY)
        await one_person(hq, ids, numbers)


async def one_person(hq, ids, numbers):
    """Check that two ids are one person, with the sum of both and both receipts."""
    found = await views(hq, ids)
    chosen = {view[0] for view in found}
    assert 1 == len(chosen & set(ids)) == len(chosen)
    assert [[2 * POINTS]] * 2 == [points(view) for view in found]
    assert [2 * POINTS] * 2 == [view[2]["points"] for view in found]
    assert 2 == len(
        [each for each in found[0][3]["interactions"] if each["type"].startswith("sale")]
    )
    assert [[*chosen]] * 2 == await receipts(hq, numbers)


async def asked_by_web(hq, party, expected):
    """Have the web store tell of its customer; HQ answers who that is."""
    event = {
        "event_id": new_id(),
        "type": "party.observed",
        "occurred_at": "2026-11-02T09:00:00Z",
        "party": party,
    }
    answer = await hq.ask("POST", "/v1/channels/web/events", [event])
    [outcome] = answer["events"] if isinstance(answer, dict) else answer
    assert ("accepted", expected) == (outcome["outcome"], outcome["party_id"]), outcome


async def takes(shop):
    """What a till takes beside money: points, as soon as it has heard of the programme."""
    return (await shop.ask("GET", f"/v1/tills/{TILL}"))["takes"]


async def counted(hq, ids):
    """Points of some ids, as far as HQ knows them."""
    try:
        found = [await hq.ask("GET", f"/v1/parties/{each}/value") for each in ids]
    except httpx.HTTPStatusError:
        return []
    return [[unit["value"] for unit in each["units"]] for each in found]
