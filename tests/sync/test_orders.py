"""HQ's orders at the till: carried out once, acknowledged once, and only under HQ's own key."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.consent.erasure import ErasePerson
from agent.core.consent.retention import DataClass
from agent.core.entries.bodies import OrderReceived, PartyEnrolled, PartyIdentified
from agent.core.exchange.orders import ERASE, IDENTITY, LEASE, REVOKE, EraseBody, RevokeBody
from agent.core.exchange.wire import FeedItem
from agent.core.faults import StateFault
from agent.core.loyalty import Lease
from agent.journal import chains, purses
from agent.links import MemoryHq
from agent.sync import enrolment
from agent.sync.leasing import Want
from tests.journal.shop import committed

TILL = "till-1"
ONE, TWO = "0190aaaa-0000-7000-8000-000000000001", "0190aaaa-0000-7000-8000-000000000002"


async def receipts(shop, till=TILL) -> list[OrderReceived]:
    """Give what a till has acknowledged."""
    found = await shop.journal.read(lambda conn: chains.entries(conn, till, "side", 0))
    return [body for _, body in found if isinstance(body, OrderReceived)]


async def enrol_person(shop) -> tuple[str, int, str]:
    """Write a person into `side`; gives where."""
    person = PartyEnrolled(
        party_id=f"party-{shop.clock.uuid7()}",
        store="store-1",
        till=TILL,
        at=shop.clock.stamp(),
        name="Ada Lovelace",
    )
    await shop.append([person], TILL)
    return await last_of(shop)


async def last_of(shop) -> tuple[str, int, str]:
    """Name the last entry of `side` as an order does."""
    head = await shop.head("side")
    said = await shop.journal.read(lambda conn: committed(conn, head.journal_id, head.tail_seq))
    return head.journal_id, head.tail_seq, said


def publish(shop, order_id, kind, body):
    signed = shop.hq.order("store:store-1", order_id, kind, body)
    shop.link._wake()
    return signed


@pytest.mark.asyncio
async def test_an_erasure_is_carried_out_and_comes_back_with_hqs_signature(shop, run):
    """If it were not, a person would stay on the till's disk, or HQ would never know."""
    await shop.enrol()
    place = await enrol_person(shop)
    async with run(shop.loop):
        await shop.until_sent()
        signed = publish(shop, ONE, ERASE, EraseBody((place, ("ee" * 16, 4, "ff" * 32))))
        await shop.until(lambda: len(shop.hq.rows(place[0])) == 2)
    (receipt,) = await receipts(shop)
    assert (signed.order, signed.signature, "done") == (
        receipt.order,
        receipt.signature,
        receipt.outcome,
    )
    records = await shop.journal.read(lambda conn: chains.records(conn, *place[:2], 1))
    assert (ONE, b"") == (records[0].erased_by, records[0].body)
    assert b"Lovelace" not in shop.journal.path.read_bytes()
    assert 1 == len(shop.forgotten)


@pytest.mark.asyncio
async def test_an_order_is_acknowledged_once_per_till_whatever_is_read_again(open_shop, run):
    """If it were acknowledged at each reading, a restored HQ would drown in receipts."""
    tills = ("till-1", "till-2")
    shop = open_shop(tills=tills)
    for till in tills:
        await shop.enrol(till, f"CODE-{till}")
    async with run(shop.loop):
        await shop.until_sent()
        publish(shop, ONE, ERASE, EraseBody((("ee" * 16, 4, "ff" * 32),)))
        await shop.until(lambda: shop.replica.cursor("store:store-1"))
        await shop.until_sent()
    shop.replica.reread("store:store-1")
    again = shop.new_loop()
    async with run(again):
        await shop.until_sent(again)
        await shop.settle()
    for till in tills:
        assert ["nothing-to-do"] == [receipt.outcome for receipt in await receipts(shop, till)]


@pytest.mark.asyncio
async def test_an_order_that_comes_twice_at_once_is_carried_out_once(shop, run):
    """A lease that is answered while the feed brings it would end sync, and with it the agent."""
    await shop.enrol()
    journal = shop.journal.read_blocking(lambda conn: purses.side_journal(conn, shop.tills[0]))
    shop.hq.values["p-1", "points"] = 50
    async with run(shop.loop):
        await shop.until(lambda: shop.loop.status().enrolled)
        wanted = (Want("p-1", "points", 7) for _ in range(3))
        await asyncio.gather(*(shop.loop.leasing.ask(shop.tills[0], each) for each in wanted))
        signed = [msgspec.json.encode(each) for each in shop.hq._leases.values()]
        items = [
            FeedItem(n, f"signed-order:{lease_id}", n, "put", msgspec.Raw(body))
            for n, (lease_id, body) in enumerate(zip(shop.hq._leases, signed, strict=True), 1)
        ]
        desk = shop.loop._orders
        await asyncio.gather(*(desk.take(items) for _ in range(4)))
        await shop.settle()
    held = shop.journal.read_blocking(lambda conn: purses.purse(conn, journal).leases)
    assert ([7, 7, 7], 29) == (
        [each.cap for each in held.values()],
        shop.hq.values["p-1", "points"],
    )
    assert 3 == len(await receipts(shop))


@pytest.mark.asyncio
async def test_an_order_comes_before_the_other_items_of_its_page(shop, run):
    """If it did not, an erased card could be shown once more while prices are read."""
    await shop.enrol()
    shop.hq.publish("store:store-1", "item:1", 1)
    journal = shop.journal.read_blocking(lambda conn: purses.side_journal(conn, shop.tills[0]))
    lease = Lease("p-1", "points", 7, "store-1", shop.tills[0], journal, "2026-11-22")
    shop.hq.order("store:store-1", ONE, LEASE, lease)
    seen = []
    apply = shop.replica.apply

    def applied(scope, page):
        held = shop.journal.read_blocking(lambda conn: purses.purse(conn, journal).leases)
        seen.append((scope, [item.key for item in page.items], held))
        return apply(scope, page)

    shop.replica.apply = applied
    async with run(shop.loop):
        await shop.until(lambda: "item:1" in shop.replica.keys)
    assert ("store:store-1", ["item:1"], {ONE: lease}) in seen


@pytest.mark.asyncio
async def test_a_crash_in_between_carries_the_order_out_again_and_once(shop, run, monkeypatch):
    """If effect and receipt were not one, an order could be acknowledged and not done."""
    await shop.enrol()
    place = await enrol_person(shop)
    append = chains.append
    failed = []

    def fails_once(conn, till, body, **named):
        if isinstance(body, OrderReceived) and not failed:
            failed.append(body)
            raise StateFault("the disk is full", remedy="make room")
        return append(conn, till, body, **named)

    monkeypatch.setattr("agent.sync.orders.chains.append", fails_once)
    async with run(shop.loop):
        await shop.until_sent()
        publish(shop, ONE, ERASE, EraseBody((place,)))
        await shop.until(lambda: len(shop.hq.rows(place[0])) == 2)
    assert ["done"] == [receipt.outcome for receipt in await receipts(shop)]
    assert [1] == [len(failed)]


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["stranger", "renamed", "no order"])
async def test_what_hq_has_not_signed_is_not_carried_out_but_told(shop, run, what):
    """If it were carried out, whoever answers for HQ could erase what it likes."""
    await shop.enrol()
    place = await enrol_person(shop)
    body = EraseBody((place,))
    if what == "stranger":
        signed = MemoryHq(Ed25519PrivateKey.generate()).order("global", ONE, ERASE, body)
    else:
        signed = MemoryHq(shop.hq._root).order("global", TWO, ERASE, body)
    content = b"7" if what == "no order" else msgspec.json.encode(signed)
    shop.hq.publish("global", f"signed-order:{ONE}", 1, body=content)
    async with run(shop.loop):
        await shop.until_sent()
        await shop.until(lambda: shop.loop.status().troubles)
        trouble = shop.loop.status().troubles[0]
    assert ("order-not-genuine", f"signed-order:{ONE}") == (trouble.name, trouble.about)
    assert [] == await receipts(shop)
    assert not (await shop.journal.read(lambda conn: chains.records(conn, *place[:2], 1)))[
        0
    ].erased_by


@pytest.mark.asyncio
async def test_an_order_of_a_later_hq_is_kept_as_evidence(shop, run):
    """If it were dropped, an HQ restored from a backup could not get it back from this till."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
        publish(shop, ONE, "recall", EraseBody(()))
        publish(shop, TWO, ERASE, RevokeBody("00"))
        side = (await shop.head("side")).journal_id
        await shop.until(lambda: len(shop.hq.rows(side)) == 2)
    assert ["unknown-order"] * 2 == [receipt.outcome for receipt in await receipts(shop)]


@pytest.mark.asyncio
async def test_a_till_bears_witness_of_who_is_who(shop, run):
    """If it did not, an HQ restored from a backup would have forgotten every merge since."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
        signed = publish(shop, ONE, IDENTITY, RevokeBody("any body"))
        side = (await shop.head("side")).journal_id
        await shop.until(lambda: len(shop.hq.rows(side)) == 1)
    [receipt] = await receipts(shop)
    assert ("done", signed.order, signed.signature) == (
        receipt.outcome,
        receipt.order,
        receipt.signature,
    )


@pytest.mark.asyncio
async def test_a_revoked_device_keeps_everything_and_sends_nothing(shop, run):
    """If it went on, a stolen machine would report; if it forgot, a mistake would cost sales."""
    await shop.enrol()
    key = shop.loop._orders.device_key
    async with run(shop.loop):
        await shop.until_sent()
        publish(shop, ONE, REVOKE, RevokeBody("00" * 32))
        publish(shop, TWO, REVOKE, RevokeBody(key.hex(), "stolen"))
        await shop.until(lambda: shop.loop.status().troubles)
        trouble = shop.loop.status().troubles[0]
        assert ("revoked", TILL) == (trouble.name, trouble.till)
        assert "stolen" in trouble.detail
        await shop.sell(2)
        await shop.until(lambda: 2 == shop.loop.status().backlog[TILL]["sales"])
        await shop.settle()
        assert [] == await shop.held()
    again = shop.new_loop()
    async with run(again):
        await shop.until(lambda: again.status().troubles)
        await shop.settle()
        assert [] == await shop.held()
        await shop.enrol(code="AGAIN")
        again.refresh()
        await shop.until_sent(again)
        assert () == again.status().troubles
    assert ["nothing-to-do", "done"] == [receipt.outcome for receipt in await receipts(shop)]
    assert await shop.journal.read(lambda conn: enrolment(conn, TILL))


@pytest.mark.asyncio
async def test_a_carried_copy_is_erased_as_well(shop, run):
    """If it were not, a person would live on in the successor of a copied disk's journal."""
    await shop.enrol()
    await shop.sign_on(1)
    async with run(shop.loop):
        await shop.until_sent()
        place = await enrol_person(shop)
        await shop.until_sent()
        rows = shop.hq.rows(place[0])
        rows[-1] = type(rows[-1])(2, 1, 1, bytes(16), b"other", bytes(32), bytes(32))
        await shop.sign_on(1)
        await shop.until_sent()
        side = (await shop.head("side")).journal_id
        assert side != place[0]
        publish(shop, ONE, ERASE, EraseBody((place,)))
        await shop.until(lambda: len(shop.hq.rows(side)) == 4)
    assert b"Lovelace" not in shop.journal.path.read_bytes()


@pytest.mark.asyncio
async def test_another_entry_under_that_number_is_kept_and_told(shop, run):
    """If it were erased, an order about one machine's customer would cost a copied one its own."""
    await shop.enrol()
    place = await enrol_person(shop)
    meant = (*place[:2], "ab" * 32)
    async with run(shop.loop):
        await shop.until_sent()
        signed = publish(shop, ONE, ERASE, EraseBody((meant,)))
        await shop.until(lambda: len(shop.hq.rows(place[0])) == 2)
    (receipt,) = await receipts(shop)
    assert ("another-entry", (place,)) == (receipt.outcome, receipt.kept)
    assert signed.order == receipt.order
    records = await shop.journal.read(lambda conn: chains.records(conn, *place[:2], 1))
    assert ("", True) == (records[0].erased_by, b"Lovelace" in records[0].body)
    assert [] == shop.forgotten


@pytest.mark.asyncio
async def test_a_copy_that_was_carried_is_told_from_another_one(shop, run):
    """If it were not, a carried entry would be erased, or kept, for another one of its number."""
    await shop.enrol()
    await shop.sign_on(1)
    async with run(shop.loop):
        await shop.until_sent()
        place = await enrol_person(shop)
        await shop.until_sent()
        rows = shop.hq.rows(place[0])
        rows[-1] = type(rows[-1])(2, 1, 1, bytes(16), b"other", bytes(32), bytes(32))
        await shop.sign_on(1)
        await shop.until_sent()
        side = (await shop.head("side")).journal_id
        held = len(shop.hq.rows(side))
        publish(shop, ONE, ERASE, EraseBody(((*place[:2], "ab" * 32),)))
        await shop.until(lambda: len(shop.hq.rows(side)) == held + 1)
        assert b"Lovelace" in b"".join(await shop.own("side"))
        publish(shop, TWO, ERASE, EraseBody((place,)))
        await shop.until(lambda: len(shop.hq.rows(side)) == held + 2)
    assert ["another-entry", "done"] == [receipt.outcome for receipt in await receipts(shop)]
    assert [(place,), ()] == [receipt.kept for receipt in await receipts(shop)]
    assert 1 == len(shop.forgotten)


@pytest.mark.asyncio
async def test_a_person_who_is_erased_leaves_nothing_that_hq_has_not_seen_either(shop, run):
    """What was enrolled here while HQ was away would come up after the erasure, and stay."""
    await shop.enrol()
    party, place = await _met_person(shop)
    kept = await enrol_person(shop)
    body = ErasePerson((), "q-1", (party,), (DataClass.IDENTITY, DataClass.EVIDENCE))
    async with run(shop.loop):
        await shop.until_sent()
        publish(shop, ONE, ERASE, body)
        await shop.until(lambda: len(shop.hq.rows(kept[0])) == 4)
    assert [None, None] == [await _body(shop, each) for each in place]
    assert await _body(shop, kept) is not None
    assert ["done"] == [receipt.outcome for receipt in await receipts(shop)]
    assert [party] == shop.forgotten


async def _met_person(shop):
    """Enrol somebody and recognise them; gives the party and both entries."""
    await enrol_person(shop)
    enrolment = await last_of(shop)
    said = await shop.journal.read(lambda conn: chains.body_at(conn, *enrolment[:2]))
    met = PartyIdentified(said.party_id, "store-1", TILL, shop.clock.stamp(), "phone")
    await shop.append([met], TILL)
    return said.party_id, (enrolment, await last_of(shop))


async def _body(shop, place):
    return await shop.journal.read(lambda conn: chains.body_at(conn, *place[:2]))
