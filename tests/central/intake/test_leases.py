"""Leases over HTTP: given once, never beyond the balance, never after a rewind, and recalled."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from uuid_utils import uuid7

from agent.contracts.hq import HqRefused
from agent.core.entries.bodies import OrderReceived
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import LEASE, RECALL, read_order
from agent.core.loyalty import (
    Draw,
    EarnedLine,
    Earning,
    LeaseClosed,
    Programme,
    ValueEarned,
    ValueSpent,
    read_lease,
)
from agent.core.sale.model import Stamp
from central.daemon.evidence import evidence
from central.histories.applier import Applier
from central.intake.rewinds import begin
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.engine import writing
from central.ledger.tables import FEED_ROWS, JOURNALS
from central.ledger.value_tables import VALUE_ACCOUNTS, VALUE_LEASES, VALUE_POSTINGS
from central.value import programme

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"
AT = Stamp(wall=NOW, mono_ns=1, boot_id="b")
LONG_AGO = Stamp(wall="2025-03-01T10:00:00.000Z", mono_ns=1, boot_id="b")
ADA = "01999999-0000-7000-8000-00000000ada0"
PROGRAMME = {
    "rules": [{"rule_id": "base", "version": 1, "points": 1, "per": 100}],
    "worth": {"points": 1, "minor": 1},
    "points_offline": {"offline": 60},
}


def ask(till, value=40, *, owner=ADA, unit="points", sale="sale-9", lease_id=None):
    return LeaseAsk(
        lease_id or str(uuid7()),
        owner,
        unit,
        value,
        till.store,
        till.till,
        till.journals["side"],
        sale,
    )


def earned(till, points=100, sale="sale-1"):
    earning = Earning("points", (EarnedLine(1, points, 1000),), (("base", 1),))
    return ValueEarned(sale, till.store, till.till, AT, ADA, (earning,))


async def heard(hq, till, link, *bodies):
    """Have HQ receive and apply what a till says."""
    first = len(till.chains["side"]) + 1
    for body in bodies:
        till.seal(body=body)
    await link.send(till.batch(first))
    applier = Applier(hq.engine, lambda: NOW, take_back=evidence(hq.root))
    await asyncio.to_thread(applier.apply_pending)


async def shop(hq):
    """A till whose customer has 100 points, at an HQ with a programme."""
    put = await hq.staff.put("/v1/loyalty/programme", json=PROGRAMME)
    assert 200 == put.status_code, put.text
    till, link = await hq.enrolled()
    await heard(hq, till, link, earned(till))
    return till, link


async def value(hq):
    answer = await hq.staff.get(f"/v1/parties/{ADA}/value")
    [unit] = answer.json()["units"]
    return unit["value"], unit["free"], [each["left"] for each in unit["leases"]]


async def test_nobody_is_lent_points_that_have_ended(hq):
    """In the moment before HQ looks at everybody, points would pay that are no longer there."""
    till, link = await hq.enrolled()
    meant = {**PROGRAMME, "expiry": {"months": 1, "since": "2025-01-01"}}
    with writing(hq.engine) as conn:
        programme.put(conn, msgspec.convert(meant, Programme), LONG_AGO.wall)
    await heard(hq, till, link, msgspec.structs.replace(earned(till), at=LONG_AGO))
    with pytest.raises(HqRefused) as caught:
        await link.lease(ask(till, 1))
    assert "not-enough-value" == caught.value.name


@pytest.mark.both_databases
async def test_a_lease_is_given_once_and_its_value_is_set_aside(hq):
    """Two tills that are cut off would spend the same points."""
    till, link = await shop(hq)
    asked = ask(till)
    signed = await link.lease(asked)
    order = read_order(signed, hq.root.verify)
    lease = read_lease(bytes(order.body))
    assert (LEASE, asked.lease_id, 40) == (order.kind, order.order_id, lease.cap)
    assert signed == await link.lease(asked)
    assert (100, 60, [40]) == await value(hq)
    with pytest.raises(HqRefused) as caught:
        await link.lease(ask(till, 61))
    assert ("not-enough-value", True) == (caught.value.name, "60" in caught.value.remedy)
    await heard(
        hq,
        till,
        link,
        ValueSpent(
            "sale-9", till.store, till.till, AT, ADA, "points", 1, 30, (Draw(order.order_id, 30),)
        ),
        LeaseClosed(order.order_id, till.store, till.till, AT, 30, "sale"),
    )
    assert (70, 70, []) == await value(hq)
    [row] = [row for row in hq.rows(FEED_ROWS) if row.key.endswith(order.order_id)]
    assert "del" == row.op


async def test_in_advance_a_day_gives_no_more_than_its_cap(hq):
    """Tills that are cut off would together spend more than the chain lets them."""
    till, link = await shop(hq)
    order = read_order(await link.lease(ask(till, 0, sale=None)), hq.root.verify)
    assert 60 == read_lease(bytes(order.body)).cap
    with pytest.raises(HqRefused) as caught:
        await link.lease(ask(till, 10, sale=None))
    assert "no-value-offline" == caught.value.name


async def test_only_the_machine_of_a_journal_is_given_its_leases(hq):
    """Any till of the chain could spend anybody's points in another's name."""
    till, _ = await shop(hq)
    _, foreign = await hq.enrolled("store-0002", "till-9")
    with pytest.raises(HqRefused) as caught:
        await foreign.lease(ask(till))
    assert "not-your-journal" == caught.value.name


async def test_after_a_rewind_nothing_is_leased_and_the_evidence_comes_back(hq):
    """A restored HQ would lease what it had leased before, and forget what was spent."""
    till, link = await shop(hq)
    signed = await link.lease(ask(till))
    order = read_order(signed, hq.root.verify)
    with writing(hq.engine) as conn:
        for table in (SIGNED_ORDERS, ORDER_RECEIPTS, VALUE_LEASES):
            conn.execute(table.delete())
        conn.execute(VALUE_POSTINGS.delete().where(VALUE_POSTINGS.c.event == order.order_id))
        held = VALUE_ACCOUNTS.c
        conn.execute(VALUE_ACCOUNTS.delete().where(held.kind == "leased"))
        conn.execute(VALUE_ACCOUNTS.update().where(held.kind == "held").values(amount=100))
        begin(conn, NOW, seen="", why="a test")
    with pytest.raises(HqRefused) as caught:
        await link.lease(ask(till))
    assert "leases-wait" == caught.value.name
    spent = ValueSpent(
        "sale-9", till.store, till.till, AT, ADA, "points", 1, 30, (Draw(order.order_id, 30),)
    )
    receipt = OrderReceived(signed.order, signed.signature, AT, "done")
    await heard(hq, till, link, spent, receipt)
    assert (70, 60, [10]) == await value(hq)


async def test_a_recall_goes_out_once(hq):
    """Value that is wanted elsewhere would lie at a till for a week."""
    till, link = await shop(hq)
    await link.lease(ask(till, 0, sale=None))
    [lease] = hq.rows(VALUE_LEASES)
    body = {"lease_ids": [lease.lease_id], "reason": "wanted elsewhere"}
    for orders in (1, 0):
        answer = await hq.staff.post("/v1/leases/recall", json=body)
        assert {"orders": orders} == answer.json()
    [order] = [row for row in hq.rows(SIGNED_ORDERS) if row.kind == RECALL]
    said = msgspec.json.decode(order.text)["body"]
    assert {"lease_ids": [lease.lease_id]} == said


async def test_value_is_given_by_hand_once_and_says_why(hq):
    """Nobody could make good what went wrong; or it would be booked with each click."""
    await shop(hq)
    body = {"booking_id": "goodwill-1", "value": 25, "reason": "broken pack", "actor": "eva"}
    for _ in range(2):
        answer = await hq.staff.post(f"/v1/parties/{ADA}/value", json=body)
        assert 200 == answer.status_code
    assert (125, 125, []) == await value(hq)
    worklist = (await hq.staff.get("/v1/loyalty/worklist")).json()
    assert {"findings": []} == worklist


async def test_who_owes_points_is_on_the_worklist(hq):
    """Points that were spent before their goods came back would be missed by nobody."""
    till, link = await shop(hq)
    body = {"booking_id": "correction", "value": -130, "reason": "fraud", "actor": "eva"}
    await hq.staff.post(f"/v1/parties/{ADA}/value", json=body)
    [found] = (await hq.staff.get("/v1/loyalty/worklist")).json()["findings"]
    assert ("overdrawn", ADA, 30) == (found["name"], found["owner"], found["amount"])
    with pytest.raises(HqRefused) as caught:
        await link.lease(ask(till, 1))
    assert "not-enough-value" == caught.value.name


async def test_a_gift_card_is_asked_by_its_number(hq):
    """Nobody at the counter could say what is left on a gift card."""
    answer = await hq.staff.post("/v1/gift-cards/balance", json={"number": "1234-5678-9012"})
    assert (200, []) == (answer.status_code, answer.json()["units"])


async def test_leases_that_need_a_person_are_on_the_worklist(hq):
    """Value at a till that is gone would be kept from its owner, and nobody would know why."""
    till, link = await shop(hq)
    await link.lease(ask(till, 0, sale=None))
    body = {"booking_id": "correction", "value": -90, "reason": "fraud", "actor": "eva"}
    await hq.staff.post(f"/v1/parties/{ADA}/value", json=body)
    with writing(hq.engine) as conn:
        conn.execute(JOURNALS.update().values(ended_at=NOW))
    found = (await hq.staff.get("/v1/loyalty/worklist")).json()["findings"]
    assert ["lease-orphaned", "lease-uncovered"] == [each["name"] for each in found]
    [lease] = hq.rows(VALUE_LEASES)
    answer = await hq.staff.post(f"/v1/leases/{lease.lease_id}/write-off")
    assert 200 == answer.status_code
    assert {"findings": []} == (await hq.staff.get("/v1/loyalty/worklist")).json()
    assert (10, 10, []) == await value(hq)
