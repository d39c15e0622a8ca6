"""Entries that come out of a successor journal, and orders that come back: once, and openly."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import func, insert, select

from agent.core.entries import commitment, encode, kind_of
from agent.core.entries.bodies import JournalBegun, OrderReceived
from agent.core.entries.carried import carry
from agent.core.exchange.orders import Order
from agent.core.sale.model import Stamp
from central.histories import Applier
from central.identity.interactions import interactions_of
from central.ledger.customer_tables import CASH_MOVEMENTS, SALES, Z_REPORTS
from central.ledger.engine import reading, writing
from central.ledger.report_tables import BOOKED, CARRIED, DAY_REACH, SUCCESSIONS
from central.ledger.tables import JOURNALS, QUARANTINE
from tests.central.guards import unguarded

NOW = "2026-11-02T12:00:00.000Z"
OLD, NEW, SIDE = "a" * 32, "b" * 32, "c" * 32
ADA = "01999999-0000-7000-8000-00000000ada0"
SALT = b"s" * 16
STAMP = Stamp(NOW, 1, "boot")


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW)


def carried(body, seq, journal=OLD, **fields):
    sealed, kind = encode(body), kind_of(body)
    return carry(
        journal,
        seq,
        kind=fields.pop("kind", kind.kind),
        version=kind.version,
        salt=SALT,
        body=sealed,
        committed=fields.pop("committed", commitment(SALT, sealed)),
        **fields,
    )


def begun(reason="damaged", count=1):
    return JournalBegun(OLD, 0, "0" * 64, reason, count, STAMP)


def booked(rows):
    return [(row["ref"], row["journal_id"], row["seq"]) for row in rows(BOOKED, BOOKED.c.place)]


@pytest.mark.parametrize("original_first", [True, False])
def test_carried_sale_counts_once_whichever_comes_first(
    applier, receive, rows, told, *, original_first
):
    """A sale would be lost with its disk, or counted again when the disk is read after all."""
    sale = told.sale(1)
    parts = [(OLD, [sale]), (NEW, [begun(), carried(sale, 1)])]
    for journal, bodies in parts if original_first else reversed(parts):
        receive(journal, *bodies)
        applier.apply_pending()
    [row] = rows(SALES)
    assert (OLD, 1) == (row["journal_id"], row["seq"])
    assert [("sale-1", OLD, 1)] == booked(rows)
    assert [] == rows(QUARANTINE)


def test_carried_by_two_successors_counts_once(applier, receive, rows, told):
    """A successor that was itself replaced would double what both carry."""
    once = carried(told.cash(500), 4)
    receive(NEW, begun(), once)
    receive("d" * 32, begun(), once)
    applier.apply_pending()
    assert [500] == [row["amount"] for row in rows(CASH_MOVEMENTS)]
    assert [(OLD, 4)] == [(row["journal_id"], row["seq"]) for row in rows(CASH_MOVEMENTS)]
    assert 1 == len(booked(rows))


def test_customers_half_that_was_carried_reaches_the_history(applier, receive, told, ledger):
    """A purchase would be missing from its customer because the till's disk failed."""
    receive(NEW, begun(), carried(told.sale(1, ref="ref-1"), 7))
    receive(SIDE, told.enrolled(ADA), carried(told.tie(1, ADA), 3, "e" * 32))
    applier.apply_pending()
    with reading(ledger) as conn:
        assert ["sale-1"] == [each.event_id for each in interactions_of(conn, ADA)]


def test_fork_keeps_both_of_two_entries_under_one_number(applier, receive, rows, told):
    """Two copies of one till both sold, and one of the sales would vanish."""
    receive(OLD, told.sale(1), told.cash(100))
    receive(NEW, begun("fork"), carried(told.sale(2), 1), carried(told.cash(200), 2))
    applier.apply_pending()
    assert {"sale-1", "sale-2"} == {row["sale_id"] for row in rows(SALES)}
    assert [100, 200] == sorted(row["amount"] for row in rows(CASH_MOVEMENTS))
    assert [] == rows(QUARANTINE)
    assert 4 == len(booked(rows))


@pytest.mark.both_databases
def test_fork_whose_other_half_comes_later_keeps_both_sales(applier, receive, rows, told, ledger):
    """The customer of one sale would be shown the other one."""
    receive(NEW, begun("fork"), carried(told.sale(2, ref="ref-2"), 1))
    applier.apply_pending()
    receive(OLD, told.sale(1, ref="ref-1"))
    receive(SIDE, told.enrolled(ADA), told.tie(2, ADA))
    applier.apply_pending()
    assert {"sale-1", "sale-2"} == {row["sale_id"] for row in rows(SALES)}
    with reading(ledger) as conn:
        assert ["sale-2"] == [each.event_id for each in interactions_of(conn, ADA)]


@pytest.mark.parametrize("original_first", [True, False])
def test_unproven_copy_of_a_sale_is_the_same_sale(applier, receive, rows, told, *, original_first):
    """A damaged file gives another commitment: the sale would be counted twice, or set aside."""
    sale = told.sale(1)
    copy = carried(sale, 1, committed=b"\x07" * 32, verified=False)
    parts = [(OLD, [sale]), (NEW, [begun(), copy])]
    for journal, bodies in parts if original_first else reversed(parts):
        receive(journal, *bodies)
        applier.apply_pending()
    assert 1 == len(rows(SALES))
    assert 1 == len(booked(rows))
    assert [] == rows(QUARANTINE)


def test_unproven_entry_counts_and_is_flagged(applier, receive, rows, told):
    """A sale out of a damaged file would be dropped, or nobody would know that it is unproven."""
    receive(NEW, begun(), carried(told.sale(1), 9, verified=False))
    applier.apply_pending()
    assert 1 == len(rows(SALES))
    [row] = rows(CARRIED)
    assert (False, "salvage") == (row["verified"], row["why"])


def test_entry_that_claims_to_be_proven_and_is_not_is_set_aside(applier, receive, rows, told):
    """Somebody could change a sale on its way into the successor."""
    receive(NEW, begun(), carried(told.sale(1), 1, committed=b"\x07" * 32), told.sale(2))
    applier.apply_pending()
    assert ["carried-altered"] == [row["name"] for row in rows(QUARANTINE)]
    assert ["sale-2"] == [row["sale_id"] for row in rows(SALES)]


def test_unknown_and_unreadable_insides_wait_in_quarantine(applier, receive, rows, told):
    """An old HQ would stop at a newer till's carried entry, or lose it."""
    strange = carried(told.sale(1), 1, kind=99)
    broken = msgspec.structs.replace(carried(told.sale(2), 2, verified=False), body="{")
    nested = carried(carried(told.sale(3), 1), 3)
    receive(NEW, begun(), strange, broken, nested, told.sale(4))
    applier.apply_pending()
    assert ["unknown-kind", "unreadable-body", "carried-twice"] == [
        row["name"] for row in rows(QUARANTINE, QUARANTINE.c.seq)
    ]
    assert ["sale-4"] == [row["sale_id"] for row in rows(SALES)]
    assert [] == rows(CARRIED)


def test_torn_copy_of_what_hq_holds_disturbs_nobody(applier, receive, rows, told):
    """A clerk would have to void what a damaged disk made of a sale that is in long ago."""
    receive(OLD, told.sale(1))
    applier.apply_pending()
    torn = msgspec.structs.replace(carried(told.sale(1), 1, verified=False), body="{")
    receive(NEW, begun(), torn, told.sale(2))
    applier.apply_pending()
    assert [] == rows(QUARANTINE)
    assert ["sale-1", "sale-2"] == [ref for ref, _, _ in booked(rows)]


def test_erased_entry_is_carried_without_effect(applier, receive, rows, told):
    """An erased person would come back out of a successor."""
    erased = msgspec.structs.replace(
        carried(told.enrolled(ADA), 1), body="", salt="", erased_by="order-1"
    )
    receive(NEW, begun(), erased)
    assert 2 == applier.apply_pending()
    assert ([], []) == (rows(QUARANTINE), rows(CARRIED))


def test_till_carries_only_its_own(applier, receive, rows, told, ledger):
    """A till could bring in what another store sold."""
    bind(ledger, OLD, "till-9")
    bind(ledger, NEW, "till-1")
    receive(NEW, begun(), carried(told.sale(1), 1))
    applier.apply_pending()
    assert ["carried-from-another-till"] == [row["name"] for row in rows(QUARANTINE)]


def test_body_that_was_lost_is_made_good_by_the_carried_one(applier, receive, rows, told, ledger):
    """HQ would hold the proof of a sale in one journal, its text in another, and show neither."""
    sale = told.sale(1)
    receive(OLD, sale)
    with writing(ledger) as conn:
        unguarded(conn, "body_no_delete")
        conn.exec_driver_sql("DELETE FROM body")
    applier.apply_pending()
    assert ["body-missing"] == [row["name"] for row in rows(QUARANTINE)]
    receive(NEW, begun(), carried(sale, 1))
    applier.apply_pending()
    assert 1 == applier.retry_quarantine()
    assert ([], 1) == (rows(QUARANTINE), len(rows(SALES)))
    assert [("sale-1", OLD, 1)] == booked(rows)


def test_closing_that_was_carried_stands_in_its_own_journal(applier, receive, rows, told):
    """The successor's first Z report would collide with the predecessor's."""
    receive(NEW, begun(), carried(told.closed(1), 8), told.closed(1, 0))
    applier.apply_pending()
    assert {(OLD, 1), (NEW, 1)} == {(row["journal_id"], row["z_number"]) for row in rows(Z_REPORTS)}
    assert [] == rows(QUARANTINE)


@pytest.mark.both_databases
@pytest.mark.parametrize("original_first", [True, False])
def test_fork_keeps_every_fact_of_both_halves_whichever_comes_first(
    applier, receive, rows, told, *, original_first
):
    """Money and closings of one of two copies would wait for a person who can only void them."""
    other = [told.sale(2), told.cash(200), told.closed(1)]
    over = [carried(body, seq) for seq, body in enumerate(other, start=1)]
    parts = [
        (OLD, [told.sale(1), told.cash(100), told.closed(1, 0)]),
        (NEW, [begun("fork", 3), *over, told.closed(1, 7)]),
    ]
    for journal, bodies in parts if original_first else reversed(parts):
        receive(journal, *bodies)
        applier.apply_pending()
    assert [] == rows(QUARANTINE)
    assert {("sale-1", OLD, 1), ("sale-2", NEW, 2)} == {
        (row["sale_id"], row["journal_id"], row["seq"]) for row in rows(SALES)
    }
    assert {(100, OLD, 2), (200, NEW, 3)} == {
        (row["amount"], row["journal_id"], row["seq"]) for row in rows(CASH_MOVEMENTS)
    }
    assert {(OLD, 3, 0), (NEW, 4, -50), (NEW, 5, 7)} == {
        (row["journal_id"], row["seq"], row["difference"]) for row in rows(Z_REPORTS)
    }
    assert 7 == len(rows(BOOKED))
    [reach] = [row for row in rows(DAY_REACH) if row["journal_id"] == NEW]
    assert (2, 5) == (reach["first_seq"], reach["last_seq"])


@pytest.mark.parametrize("original_first", [True, False])
def test_what_follows_a_fork_stays_together(applier, receive, rows, told, *, original_first):
    """A copy's Z report would be held against its original's sales, where that one ended early."""
    other = [told.sale(2), told.cash(200), told.closed(1)]
    over = [carried(body, seq) for seq, body in enumerate(other, start=1)]
    parts = [(OLD, [told.sale(1)]), (NEW, [begun("fork", 3), *over])]
    for journal, bodies in parts if original_first else reversed(parts):
        receive(journal, *bodies)
        applier.apply_pending()
    assert [(NEW, 3)] == [(row["journal_id"], row["seq"]) for row in rows(CASH_MOVEMENTS)]
    assert [(NEW, 4)] == [(row["journal_id"], row["seq"]) for row in rows(Z_REPORTS)]
    assert [] == rows(QUARANTINE)


@pytest.mark.parametrize("own", [100, 200, 300])
@pytest.mark.parametrize("own_first", [True, False])
def test_two_copies_that_both_went_on_elsewhere_keep_both_facts(
    applier, receive, rows, told, *, own, own_first
):
    """Of three copies of a till two would share one number, and the third take the wrong one."""
    parts = [
        (OLD, [told.cash(own)]),
        (NEW, [begun("fork"), carried(told.cash(100), 1)]),
        ("d" * 32, [begun("fork"), carried(told.cash(200), 1)]),
    ]
    for journal, bodies in parts if own_first else [*parts[1:], parts[0]]:
        receive(journal, *bodies)
        applier.apply_pending()
    assert [] == rows(QUARANTINE)
    held = {(row["journal_id"], row["seq"]): row["amount"] for row in rows(CASH_MOVEMENTS)}
    carriers = {(NEW, 2): 100, ("d" * 32, 2): 200}
    assert {(OLD, 1): own} | {at: sum_ for at, sum_ in carriers.items() if sum_ != own} == held
    assert len(held) == len(rows(BOOKED))


@pytest.mark.parametrize("original_first", [True, False])
def test_unproven_copy_of_a_payment_is_the_same_payment(
    applier, receive, rows, told, *, original_first
):
    """A damaged file gives another commitment: money would be counted twice."""
    paid = told.cash(500)
    copy = carried(paid, 1, committed=b"\x07" * 32, verified=False)
    parts = [(OLD, [paid]), (NEW, [begun(), copy])]
    for journal, bodies in parts if original_first else reversed(parts):
        receive(journal, *bodies)
        applier.apply_pending()
    assert ([], 1, 1) == (rows(QUARANTINE), len(rows(CASH_MOVEMENTS)), len(rows(BOOKED)))


def test_unproven_entry_that_differs_from_its_original_is_told(applier, receive, rows, told):
    """What a damaged file made of a payment would count beside the payment itself."""
    receive(NEW, begun(), carried(told.cash(501), 1, verified=False))
    applier.apply_pending()
    receive(OLD, told.cash(500))
    applier.apply_pending()
    assert ["number-taken"] == [row["name"] for row in rows(QUARANTINE)]


def test_succession_is_kept_with_its_reason(applier, receive, rows):
    """Nobody could say why a till's numbers begin anew."""
    receive(NEW, begun("older-than-hq", 3))
    applier.apply_pending()
    [row] = rows(SUCCESSIONS)
    assert (NEW, OLD, "older-than-hq", 3) == tuple(
        row[name] for name in ("journal_id", "predecessor", "reason", "carried")
    )


def bind(ledger, journal_id, till, lane="sales"):
    with writing(ledger) as conn:
        row = {"journal_id": journal_id, "store": "store-0001", "till": till, "lane": lane}
        conn.execute(
            insert(JOURNALS).values(row | {"keyid": "k", "genesis": b"g", "bound_at": NOW})
        )


def test_what_is_carried_under_a_lost_name_counts_once(applier, receive, rows, told, ledger):
    """Cash and day's ends would count twice where a damaged file lost its journal's id."""
    bodies = [told.cash(500), told.closed(), told.sale(3)]
    for journal in (OLD, NEW):
        bind(ledger, journal, "till-1")
    receive(OLD, *bodies)
    lost = [carried(body, seq, "f" * 32) for seq, body in enumerate(bodies, 1)]
    receive(NEW, begun(count=3), *lost)
    applier.apply_pending()
    assert (1, 1, 1) == tuple(len(rows(table)) for table in (CASH_MOVEMENTS, Z_REPORTS, SALES))
    assert 3 == len(rows(BOOKED))
    assert [] == rows(QUARANTINE)


def test_order_comes_back_to_who_issues_them(receive, rows, ledger):
    """An HQ restored from a backup would not learn from its tills what it had ordered."""
    taken = []
    order = Order("o-1", "erase", "global", "e1", NOW, msgspec.Raw(b'{"entries":[]}'))
    receipt = OrderReceived(msgspec.json.encode(order).decode(), "ab" * 64, STAMP, "done")
    bind(ledger, SIDE, "till-1", "side")
    receive(SIDE, receipt)

    def take_back(conn, signed, *rest):
        taken.append((signed.order, signed.signature, *rest))
        assert 0 == conn.execute(select(func.count()).select_from(QUARANTINE)).scalar_one()

    Applier(ledger, lambda: NOW, take_back=take_back).apply_pending()
    assert [(receipt.order, receipt.signature, "store-0001", "till-1", NOW, "done")] == taken
    assert [] == rows(QUARANTINE)


def test_order_that_is_refused_is_set_aside(receive, rows, told, ledger):
    """A forged order in a till's journal would stop the applier."""

    def refuse(*_args):
        raise ValueError("not ours")

    bind(ledger, SIDE, "till-1", "side")
    receive(SIDE, OrderReceived("{}", "", STAMP, "done"), told.enrolled(ADA))
    Applier(ledger, lambda: NOW, take_back=refuse).apply_pending()
    assert [(1, "ValueError")] == [(row["seq"], row["name"]) for row in rows(QUARANTINE)]
