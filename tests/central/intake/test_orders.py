"""Signed orders: carried out, acknowledged, taken back by an HQ that forgot them, never undone."""

from __future__ import annotations

import json

import msgspec
import pytest
from sqlalchemy import event, select

from agent.core.entries import decode, encode
from agent.core.entries.bodies import OrderReceived, PartyEnrolled
from agent.core.entries.carried import carry
from agent.core.entries.entry import seal
from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.orders import LEASE, EraseBody, SignedOrder, read_order
from agent.core.exchange.wire import WireRecord
from agent.core.faults import InputFault
from agent.core.loyalty import Lease
from agent.core.sale.model import Stamp
from central.histories.applier import Applier
from central.intake import orders
from central.intake.outstanding import order_states, told
from central.ledger.authority_tables import ORDER_RECEIPTS, SIGNED_ORDERS
from central.ledger.engine import open_engine, reading, writing
from central.ledger.tables import BODIES, CHAIN, ERASE_ORDERS, FEED_ROWS
from central.ledger.verify import verify
from tests.central.intake.machines import successor

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"
AT = Stamp(wall=NOW, mono_ns=1, boot_id="b")
LEASE_BODY = Lease("p-1", "points", 100, "store-0001", "till-1", "side-1", "2026-11-22")
ADA = PartyEnrolled("p-1", "store-0001", "till-1", AT, "Ada Lovelace")


def ordered(hq, *entries, reason="asked for"):
    with writing(hq.engine) as conn:
        return orders.erase(conn, hq.root, entries, reason=reason, now=NOW)


def signed(hq, order_id):
    with reading(hq.engine) as conn:
        row = conn.execute(select(SIGNED_ORDERS).where(SIGNED_ORDERS.c.order_id == order_id)).one()
    return SignedOrder(row.text, row.signature)


def meant(till, seq):
    """Name an entry as an order does."""
    return till.journals["side"], seq, till.chains["side"][seq - 1].commitment.hex()


def states(hq):
    with reading(hq.engine) as conn:
        return order_states(conn)


def forget(hq):
    """Lose every order, as an HQ restored from before them has."""
    with writing(hq.engine) as conn:
        conn.execute(SIGNED_ORDERS.delete())
        conn.execute(ORDER_RECEIPTS.delete())
        conn.execute(FEED_ROWS.delete())


def erased(record, by):
    return WireRecord(record.seq, record.kind, record.version, b"", b"", record.commitment, by)


async def test_an_erased_body_goes_and_its_chain_and_effects_stay(hq):
    """Wrong: the text of a person stays at HQ, or its journal verifies no more."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    till.seal(1)
    await link.send(till.batch())
    (order,) = ordered(hq, (till.journals["side"], 1))
    assert [2] == [row.seq for row in hq.rows(BODIES)]
    assert [(1, order.order_id)] == [(row.seq, row.erased_by) for row in hq.rows(ERASE_ORDERS)]
    with reading(hq.engine) as conn:
        assert [None, None] == [report.fault for report in verify(conn)]
    (row,) = [row for row in hq.rows(FEED_ROWS) if row.scope == "store:store-0001"]
    assert f"signed-order:{order.order_id}" == row.key
    sent = msgspec.json.decode(row.body, type=SignedOrder)
    body = msgspec.json.decode(read_order(sent, hq.root.verify).body, type=EraseBody)
    assert (meant(till, 1),) == body.entries


async def test_an_erased_body_does_not_come_back_from_a_till_that_sends_it_again(hq):
    """Wrong: a till restored from an old image brings an erased person back to HQ."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    await link.send(till.batch(1, 1))
    till.seal(1, body=ADA)
    with writing(hq.engine) as conn:
        orders.erase_here(conn, [meant(till, 2)], "order-1", NOW)
    assert 2 == (await link.send(till.batch())).seq
    assert [1] == [row.seq for row in hq.rows(BODIES)]
    assert [1, 2] == [row.seq for row in hq.rows(CHAIN)]


async def test_a_copy_carried_into_a_successor_goes_with_it(hq):
    """Wrong: what a successor journal carries over survives the erasure of its original."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    original = till.chains["side"][0]
    copy = carry(
        till.journals["side"],
        1,
        kind=original.kind,
        version=original.version,
        salt=original.salt,
        body=original.body,
        committed=original.commitment,
    )
    other, second = await hq.enrolled("store-0001", "till-2")
    other.seal(1, body=copy)
    await link.send(till.batch())
    await second.send(other.batch())
    (order,) = ordered(hq, (till.journals["side"], 1))
    assert [] == hq.rows(BODIES)
    other.seal(1, body=copy)
    assert 2 == (await second.send(other.batch(2))).seq
    assert [] == hq.rows(BODIES)
    assert {order.order_id} == {row.erased_by for row in hq.rows(ERASE_ORDERS)}


@pytest.mark.parametrize(
    ("is_ordered_first", "names_the_copy"), [(False, False), (False, True), (True, False)]
)
async def test_a_copy_under_a_lost_name_goes_too(hq, is_ordered_first, names_the_copy):
    """Wrong: a text lives on because a damaged file had forgotten its journal's id."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    original = till.chains["side"][0]
    known = {"kind": original.kind, "version": original.version, "salt": original.salt}
    copy = carry("f" * 32, 1, **known, body=original.body, committed=original.commitment)
    await link.send(till.batch())
    new, request = successor(till, seq=1)
    new.answer = await link.enrol(request)
    new.seal(1, body=copy)
    if is_ordered_first:
        ordered(hq, (till.journals["side"], 1))
    await link.send(new.batch())
    if not is_ordered_first:
        ordered(hq, ((new if names_the_copy else till).journals["side"], 1))
    assert [] == hq.rows(BODIES)


async def test_only_entries_hq_holds_and_no_books_can_be_erased(hq):
    """Wrong: a typing error orders nothing and looks like success, or a sale's record is gone."""
    till, link = await hq.enrolled()
    till.seal(1, "sales", body=ADA)
    await link.send(till.batch(lane="sales"))
    with pytest.raises(InputFault, match="holds no entry"):
        ordered(hq, (till.journals["side"], 1))
    with pytest.raises(InputFault, match="sales journal") as caught:
        ordered(hq, (till.journals["sales"], 1))
    assert "fiscal-entry" == caught.value.name
    assert [] == hq.rows(SIGNED_ORDERS)


async def test_who_has_not_carried_an_order_out_is_named(hq):
    """Wrong: nobody at HQ can say where an erased text still lies."""
    first, link = await hq.enrolled()
    await hq.enrolled("store-0001", "till-2")
    await hq.enrolled("store-0002", "till-1")
    first.seal(1, body=ADA)
    await link.send(first.batch())
    (order,) = ordered(hq, (first.journals["side"], 1))
    assert ["till-1", "till-2"] == [each.till for each in states(hq)[0].awaited]
    with writing(hq.engine) as conn:
        orders.take_back(
            conn, signed(hq, order.order_id), "store-0001", "till-1", "done", root=hq.root, now=NOW
        )
        orders.take_back(
            conn,
            signed(hq, order.order_id),
            "store-0001",
            "till-2",
            "disk-full",
            root=hq.root,
            now=NOW,
        )
    (state,) = states(hq)
    assert (1, [("till-2", "disk-full")]) == (
        state.done,
        [(each.till, each.outcome) for each in state.awaited],
    )
    assert "carried out at 1 of 2 tills; except store-0001/till-2, disk-full" in told(state)


async def test_a_forgotten_order_comes_back_by_its_evidence(hq):
    """Wrong: an HQ restored from before an erasure holds the text again for ever (P5)."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    await link.send(till.batch())
    (order,) = ordered(hq, (till.journals["side"], 1))
    kept = signed(hq, order.order_id)
    forget(hq)
    with writing(hq.engine) as conn:
        conn.execute(
            BODIES.insert().values(journal_id=till.journals["side"], seq=1, salt=b"s", body=b"b")
        )
    till.seal(1, body=OrderReceived(kept.order, kept.signature, AT, "done"))
    await link.send(till.batch(2))
    applier = Applier(
        hq.engine,
        lambda: NOW,
        take_back=lambda conn, one, store, name, at, outcome: orders.take_back(
            conn, one, store, name, outcome, root=hq.root, now=at
        ),
    )
    applier.apply_pending()
    assert [2] == [row.seq for row in hq.rows(BODIES)]
    (row,) = hq.rows(SIGNED_ORDERS)
    assert (order.order_id, True) == (row.order_id, row.taken_back_at is not None)
    assert [("till-1", "done")] == [(one.till, one.outcome) for one in hq.rows(ORDER_RECEIPTS)]
    assert f"signed-order:{order.order_id}" in {one.key for one in hq.rows(FEED_ROWS)}


async def test_a_forgotten_revocation_comes_back_even_before_its_device(hq):
    """Wrong: a rewound HQ readmits the stolen machine, for it has not heard of it yet."""
    stolen, link = await hq.enrolled()
    await hq.enrolled("store-0002", "till-1")
    with writing(hq.engine) as conn:
        order = orders.revoke(conn, hq.root, stolen.public.hex(), reason="stolen", now=NOW)
    kept = signed(hq, order.order_id)
    forget(hq)
    with writing(hq.engine) as conn:
        conn.exec_driver_sql("DELETE FROM revoked_device")
        conn.exec_driver_sql("DELETE FROM admission WHERE store = 'store-0001'")
        conn.exec_driver_sql("DELETE FROM credential WHERE store = 'store-0001'")
        orders.take_back(conn, kept, "store-0002", "till-1", "done", root=hq.root, now=NOW)
    with pytest.raises(Exception, match="stolen"):
        await link.enrol(stolen.readmission())
    assert order.scope == "global"


async def test_an_order_hq_never_signed_is_no_order(hq):
    """Wrong: a till can have bodies erased at HQ by writing itself an order."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    await link.send(till.batch())
    (order,) = ordered(hq, (till.journals["side"], 1))
    kept = signed(hq, order.order_id)
    forged = SignedOrder(kept.order.replace('"seq"', '"x"') + " ", kept.signature)
    with pytest.raises(CredentialFault), writing(hq.engine) as conn:
        orders.take_back(conn, forged, "s", "t", "done", root=hq.root, now=NOW)


async def test_a_lease_is_recorded_and_comes_back_like_any_order(hq):
    """Wrong: a rewound HQ gives the same lease to a second till."""
    with writing(hq.engine) as conn:
        order = orders.issue(
            conn,
            hq.root,
            kind=LEASE,
            scope="store:store-0001",
            body=LEASE_BODY,
            reason="points",
            now=NOW,
        )
    kept = signed(hq, order.order_id)
    forget(hq)
    with writing(hq.engine) as conn:
        for _ in range(2):
            orders.take_back(conn, kept, "store-0001", "t", "done", root=hq.root, now=NOW)
    (row,) = hq.rows(SIGNED_ORDERS)
    assert ("lease", kept.order) == (row.kind, row.text)
    assert "lease" == json.loads(row.text)["kind"]


async def test_a_record_erased_at_the_till_first_is_erased_here(hq):
    """Wrong: a body the till has erased already stays readable at HQ, or its number collides."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    with writing(hq.engine) as conn:
        orders.erase_here(conn, [meant(till, 1)], "order-1", NOW)
    record = till.chains["side"][0]
    batch = msgspec.structs.replace(till.batch(), records=(erased(record, "order-1"),))
    assert 1 == (await link.send(batch)).seq
    assert [] == hq.rows(BODIES)
    assert seal(till.journals["side"], 1, till.genesis("side"), ADA, record.salt) == record
    assert decode(record.kind, record.version, encode(ADA)) == ADA


async def test_another_entry_under_the_number_stays(hq):
    """Wrong: an order about one disk's customer erases the entry a copied disk wrote there."""
    till, link = await hq.enrolled()
    till.seal(2, body=ADA)
    other = (till.journals["side"], 1, "ab" * 32)
    with writing(hq.engine) as conn:
        orders.erase_here(conn, [other], "order-1", NOW)
    await link.send(till.batch())
    with writing(hq.engine) as conn:
        orders.erase_here(conn, [(till.journals["side"], 2, "cd" * 32)], "order-2", NOW)
    assert [1, 2] == [row.seq for row in hq.rows(BODIES)]
    with reading(hq.engine) as conn:
        assert [None, None] == [report.fault for report in verify(conn)]
    ordered(hq, (till.journals["side"], 1))
    assert [2] == [row.seq for row in hq.rows(BODIES)]
    assert 3 == len(hq.rows(ERASE_ORDERS))
    Applier(hq.engine, lambda: NOW).apply_pending()


async def test_the_copy_of_the_one_that_is_meant_goes_and_no_other(hq):
    """Wrong: of two entries under one number the wrong one is erased where it was carried to."""
    till, link = await hq.enrolled()
    till.seal(1, body=ADA)
    record = till.chains["side"][0]
    known = {"kind": record.kind, "version": record.version, "salt": record.salt}
    twin = seal(till.journals["side"], 1, till.genesis("side"), ADA, bytes(16))
    carried = carry(
        till.journals["side"], 1, **known, body=record.body, committed=record.commitment
    )
    theirs = carry(
        till.journals["side"],
        1,
        **known | {"salt": bytes(16)},
        body=twin.body,
        committed=twin.commitment,
    )
    other, second = await hq.enrolled("store-0001", "till-2")
    other.seal(1, body=carried)
    other.seal(1, body=theirs)
    await second.send(other.batch())
    await link.send(till.batch())
    (order,) = ordered(hq, (other.journals["side"], 2))
    text = read_order(signed(hq, order.order_id), hq.root.verify).body
    assert ((till.journals["side"], 1, twin.commitment.hex()),) == msgspec.json.decode(
        text, type=EraseBody
    ).entries
    assert {(other.journals["side"], 1), (till.journals["side"], 1)} == {
        (row.journal_id, row.seq) for row in hq.rows(BODIES)
    }
    with writing(hq.engine) as conn:
        orders.take_back(
            conn,
            signed(hq, order.order_id),
            "store-0001",
            "till-1",
            "another-entry",
            root=hq.root,
            now=NOW,
        )
    (state,) = states(hq)
    assert ["till-1"] == [each.till for each in state.differs]
    assert ["till-2"] == [each.till for each in state.awaited]
    assert "another entry stands under that number at store-0001/till-1, and was kept" in told(
        state
    )


async def test_an_order_does_not_look_through_all_that_was_ever_carried(migrated):
    """Wrong: an order to erase ten entries reads every carried entry of the chain ten times."""
    engine = open_engine(migrated)
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    with reading(engine) as conn:
        orders._meant(conn, ("a" * 32, 1))
        list(orders._with_copies(conn, [("a" * 32, 1, "")]))
        plans = [
            row[3]
            for sql, values in asked[:]
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    engine.dispose()
    assert [] == [plan for plan in plans if "SCAN" in plan]
