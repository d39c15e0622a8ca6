"""Entries and what they do: once, in order, and none in another's way."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from agent.core.history import Card, fold
from central.histories import Applier, applying
from central.histories import applier as applier_module
from central.identity.cards import card_of
from central.identity.interactions import interactions_of
from central.ledger.customer_tables import (
    CARD_REACH,
    CASH_MOVEMENTS,
    CONSENTS,
    IDENTIFIERS,
    PARKED,
    PARTIES,
    PSEUDONYMS,
    SALE_FLAGS,
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
    SALES_CANCELLED,
    Z_REPORTS,
)
from central.ledger.engine import reading, writing
from central.ledger.tables import APPLIED, CHAIN, ERASE_ORDERS, QUARANTINE

ADA = "01999999-0000-7000-8000-00000000ada0"
BOB = "01999999-0000-7000-8000-00000000b0b0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW)


def history(ledger, party_id):
    with reading(ledger) as conn:
        return [each.event_id for each in interactions_of(conn, party_id)]


@pytest.mark.both_databases
def test_sale_becomes_rows(applier, receive, rows, told):
    """Reports would not add up to what the tills sold."""
    lines = (told.line(1), told.line(2, voided=True, reason="wrong one"))
    receive(SALES_J, told.sale(1, lines=lines, actor="eva"))
    assert applier.apply_pending() == 1
    [sale] = rows(SALES)
    assert (sale["total"], sale["business_date"], sale["actor"]) == (500, "2026-11-02", "eva")
    assert [(row["line"], row["voided"]) for row in rows(SALE_LINES)] == [(1, False), (2, True)]
    assert [(row["kind"], row["amount"]) for row in rows(SALE_TENDERS)] == [("cash", 500)]
    assert [row["gross"] for row in rows(SALE_TAXES)] == [500]


def test_nothing_is_applied_twice(applier, receive, rows, told):
    """A sale would be counted again at every start of HQ."""
    receive(SALES_J, told.sale(1))
    assert (applier.apply_pending(), applier.apply_pending()) == (1, 0)
    receive(SALES_J, told.sale(2))
    assert applier.apply_pending() == 1
    assert len(rows(SALES)) == 2
    assert rows(APPLIED) == [{"journal_id": SALES_J, "seq": 2}]
    assert rows(QUARANTINE) == []


def test_more_than_one_batch_in_one_call(applier, receive, rows, told, monkeypatch):
    """A long backlog would stop after its first batch."""
    monkeypatch.setattr("central.histories.pending.waiting.__defaults__", (3,))
    receive(SALES_J, *(told.sale(n) for n in range(10)))
    assert applier.apply_pending() == 10
    assert len(rows(SALES)) == 10


@pytest.mark.parametrize("sales_first", [True, False])
def test_sale_and_attribution_meet_in_any_order(
    applier, receive, rows, told, ledger, feed, *, sales_first
):
    """A customer's purchase would be missing because its two halves came in the wrong order."""
    halves = [(SALES_J, told.sale(1, ref="ref-1")), (SIDE_J, told.tie(1, ADA))]
    receive(SIDE_J, told.enrolled(ADA))
    for journal, body in halves if sales_first else reversed(halves):
        receive(journal, body)
        applier.apply_pending()
    assert history(ledger, ADA) == ["sale-1"]
    assert rows(PARKED) == []
    op, row = feed()["global", f"party:{ADA}"]
    assert op == "put"
    assert [each["event_id"] for each in row["card"]["last"]] == ["sale-1"]
    assert row["card"]["through"] == {SALES_J: 1, SIDE_J: 2}


def test_attribution_waits_visibly_for_its_sale(applier, receive, rows, told, ledger):
    """Nobody could say why a purchase is missing."""
    receive(SIDE_J, told.tie(1, ADA))
    applier.apply_pending()
    assert [(row["waits_for"], row["seq"]) for row in rows(PARKED)] == [("ref-1", 1)]
    assert history(ledger, ADA) == []
    assert rows(CARD_REACH) == []


def test_hq_card_is_the_tills_card(applier, receive, told, ledger):
    """The till and HQ would tell the same customer two different stories."""
    sales = [told.sale(n, ref=f"ref-{n}") for n in range(1, 9)]
    side = [
        told.enrolled(ADA, name="Ada"),
        *(told.tie(n, ADA if n % 2 else BOB) for n in range(1, 9)),
    ]
    receive(SALES_J, *sales)
    receive(SIDE_J, *side)
    applier.apply_pending()
    entries = [(SALES_J, seq, body) for seq, body in enumerate(sales, 1)]
    entries += [(SIDE_J, seq, body) for seq, body in enumerate(side, 1)]
    with reading(ledger) as conn:
        hq = card_of(conn, ADA)
    assert ("consent:marketing/email", "name") == hq.known
    assert msgspec.structs.replace(hq, ver=0, known=()) == fold(Card(ADA, ""), entries)
    assert fold(hq, entries) == hq


def test_enrolment_keeps_its_id_and_what_was_said(applier, receive, rows, told, feed):
    """The customer would get a second id, or be asked again."""
    receive(
        SIDE_J,
        told.enrolled(ADA, phone="+491713920001", email="Ada@Example.com", card="LC00820G40GM"),
    )
    applier.apply_pending()
    assert [(row["party_id"], row["state"]) for row in rows(PARTIES)] == [(ADA, "active")]
    assert {(row["type"], row["value"]) for row in rows(IDENTIFIERS)} == {
        ("phone", "+491713920001"),
        ("email", "ada@example.com"),
        ("loyalty_card", "LC00820G40GM"),
    }
    assert [row["given"] for row in rows(CONSENTS)] == [True]
    _, row = feed()["global", f"party:{ADA}"]
    assert (row["card"]["name"], len(row["identifiers"])) == ("Ada Lovelace", 3)


def test_identifier_nobody_can_read_does_not_lose_the_person(applier, receive, rows, told):
    """One bad e-mail address would cost the whole enrolment."""
    receive(SIDE_J, told.enrolled(ADA, email="not an address", phone="+491713920001"))
    applier.apply_pending()
    assert [row["type"] for row in rows(IDENTIFIERS)] == ["phone"]
    assert rows(QUARANTINE) == []


def test_person_met_in_a_sale_before_the_enrolment_arrives(applier, receive, rows, told, ledger):
    """Another till's sale would be refused because the enrolling till is still offline."""
    other_side = "c" * 32
    receive(SALES_J, told.sale(1, ref="ref-1"))
    receive(SIDE_J, told.tie(1, ADA))
    applier.apply_pending()
    assert [row["state"] for row in rows(PARTIES)] == ["provisional"]
    receive(other_side, told.enrolled(ADA))
    applier.apply_pending()
    assert [row["state"] for row in rows(PARTIES)] == ["active"]
    assert history(ledger, ADA) == ["sale-1"]


@pytest.mark.both_databases
def test_bad_entries_are_set_aside_and_the_rest_goes_on(applier, receive, rows, told):
    """One bad record would stop a till's sales from ever showing."""
    receive(SALES_J, told.sale(1), b"{}", told.sale(2))
    receive("d" * 32, told.sale(9, sale_id="sale-1"), told.sale(3))
    receive("e" * 32, b"{}", kind=999)
    receive("f" * 32, None)
    assert applier.apply_pending() == 7
    assert {row["sale_id"] for row in rows(SALES)} == {"sale-1", "sale-2", "sale-3"}
    aside = {row["name"]: row for row in rows(QUARANTINE)}
    assert set(aside) == {"unreadable-body", "sale-twice", "unknown-kind", "body-missing"}
    assert SALES_J in aside["sale-twice"]["reason"]
    assert [row["tries"] for row in rows(QUARANTINE)] == [1, 1, 1, 1]


@pytest.mark.both_databases
def test_number_too_large_for_the_database_is_set_aside(applier, receive, rows, told):
    """A single absurd amount would stop the applier for good, or a person read what Python says."""
    huge = told.sale(1, lines=(told.line(1, price=2**63),))
    receive(SALES_J, huge, told.sale(2))
    applier.apply_pending()
    assert [row["sale_id"] for row in rows(SALES)] == ["sale-2"]
    [aside] = rows(QUARANTINE)
    assert "number-too-large" == aside["name"]
    assert "larger than can be stored (9223372036854775807)" in aside["reason"]
    assert "Error" not in aside["reason"]


def test_pseudonym_belongs_to_one_party(applier, receive, rows, told, ledger):
    """A second attribution would move one customer's purchase to another."""
    receive(SALES_J, told.sale(1, ref="ref-1"))
    receive(SIDE_J, told.tie(1, ADA), told.tie(1, BOB), told.tie(1, ADA))
    applier.apply_pending()
    assert [row["party_id"] for row in rows(PSEUDONYMS)] == [ADA]
    assert [(row["seq"], row["name"]) for row in rows(QUARANTINE)] == [(2, "attributed-twice")]
    assert history(ledger, BOB) == []


def test_erased_body_is_passed_over(applier, receive, rows, told, ledger):
    """An erasure would look like damage."""
    receive(SIDE_J, None, told.enrolled(ADA))
    with writing(ledger) as conn:
        order = {"journal_id": SIDE_J, "seq": 1, "erased_by": "o", "recorded_at": NOW}
        of_first = CHAIN.c.journal_id == SIDE_J, CHAIN.c.seq == 1
        sealed = conn.execute(select(CHAIN.c.commitment).where(*of_first)).scalar_one()
        conn.execute(insert(ERASE_ORDERS).values({**order, "commitment": sealed}))
    assert applier.apply_pending() == 2
    assert rows(QUARANTINE) == []


def test_quarantine_is_tried_again_at_the_next_start(
    applier, receive, rows, told, ledger, monkeypatch
):
    """An update that can read what an older program could not would have to be told by hand."""
    receive(SIDE_J, told.enrolled(ADA), told.enrolled(BOB, name="Bob"))

    def broken(*args):
        raise KeyError(args[-1].name)

    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply", broken)
        applier.apply_pending()
        assert Applier(ledger, lambda: NOW).retry_quarantine() == 0
        assert [row["tries"] for row in rows(QUARANTINE)] == [2, 2]
    Applier(ledger, lambda: NOW).apply_pending()
    assert rows(QUARANTINE) == []
    assert {row["party_id"] for row in rows(PARTIES)} == {ADA, BOB}


def test_card_that_cannot_be_made_costs_no_other_its_update(
    applier, receive, rows, told, feed, monkeypatch
):
    """One strange customer would keep every other card from reaching the tills."""
    real = applying.publish_cards

    def picky(conn, party_ids):
        if ADA in party_ids:
            raise ValueError("strange")
        real(conn, party_ids)

    monkeypatch.setattr(applying, "publish_cards", picky)
    receive(SIDE_J, told.enrolled(ADA), told.enrolled(BOB, name="Bob"))
    applier.apply_pending()
    assert list(feed()) == [("global", f"party:{BOB}")]
    assert [(row["seq"], row["reason"]) for row in rows(QUARANTINE)] == [(1, "ValueError: strange")]


@pytest.mark.parametrize("step", ["apply", "publish_cards"])
def test_trouble_of_the_database_is_no_entrys_fault(
    applier, receive, rows, told, monkeypatch, step
):
    """A full disk would push good sales into the quarantine."""

    def full(*_args):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(applying, step, full)
        receive(SIDE_J, told.enrolled(ADA))
        with pytest.raises(OperationalError):
            applier.apply_pending()
    assert (rows(QUARANTINE), rows(APPLIED)) == ([], [])
    assert applier.apply_pending() == 1


def test_cash_cancellations_and_z_reports_are_kept(applier, receive, rows, told):
    """The day at HQ would lack what does not come from sales."""
    receive(
        SALES_J, told.opened(), told.cash(500), told.cash(-300), told.cancelled(7), told.closed()
    )
    applier.apply_pending()
    cash = [(row["kind"], row["amount"]) for row in rows(CASH_MOVEMENTS, CASH_MOVEMENTS.c.seq)]
    assert cash == [("float", 10_000), ("paid-in", 500), ("paid-out", -300)]
    assert [row["sale_id"] for row in rows(SALES_CANCELLED)] == ["sale-7"]
    [report] = rows(Z_REPORTS)
    assert (report["z_number"], report["difference"], report["actor"]) == (1, -50, "eva")


def test_side_evidence_changes_no_view(applier, receive, rows):
    """A cashier signing on would be read as an error."""
    from agent.core.entries.bodies import CashierSigned, PartyIdentified
    from agent.core.sale.model import Stamp

    stamp = Stamp(NOW, 1, "boot")
    receive(
        SIDE_J,
        CashierSigned("eva", "s", "t", stamp),
        PartyIdentified(ADA, "s", "t", stamp, "loyalty_card"),
    )
    assert applier.apply_pending() == 2
    assert rows(QUARANTINE) == []


class TestReturns:
    """What comes back is compared with what was sold, whichever arrives first."""

    def test_return_within_what_was_sold(self, applier, receive, rows, told):
        """Every honest return would be flagged."""
        receive(SALES_J, told.sale(1), told.sale(2, lines=(told.returned("sale-1"),)))
        applier.apply_pending()
        assert (rows(SALE_FLAGS), rows(PARKED)) == ([], [])

    def test_return_of_more_than_was_sold_is_flagged(self, applier, receive, rows, told):
        """A receipt could be returned at every store of the chain."""
        again = told.sale(3, lines=(told.returned("sale-1"), told.returned("sale-1", 2, of_line=9)))
        receive(SALES_J, told.sale(1), told.sale(2, lines=(told.returned("sale-1"),)))
        receive("9" * 32, again)
        applier.apply_pending()
        flags = [(row["sale_id"], row["line"], row["name"]) for row in rows(SALE_FLAGS)]
        assert ("sale-3", 2, "returned-line-unknown") in flags
        assert "returned-more-than-sold" in {name for _, _, name in flags}
        assert len(rows(SALES)) == 3

    def test_return_waits_for_its_sale(self, applier, receive, rows, told):
        """A return in another store would never be checked when it arrives first."""
        twice = (told.returned("sale-1"), told.returned("sale-1", 2))
        receive("9" * 32, told.sale(2, lines=twice))
        applier.apply_pending()
        assert [row["waits_for"] for row in rows(PARKED)] == ["sale-1"]
        receive(SALES_J, told.sale(1))
        applier.apply_pending()
        assert rows(PARKED) == []
        assert {row["name"] for row in rows(SALE_FLAGS)} == {"returned-more-than-sold"}
        assert "2.000 returned in all of 1.000 sold" in rows(SALE_FLAGS)[0]["detail"]

    def test_voided_return_counts_nothing(self, applier, receive, rows, told):
        """A return that was taken back at the till would be held against the customer."""
        voided = msgspec.structs.replace(told.returned("sale-x"), voided=True)
        receive(SALES_J, told.sale(1, lines=(voided,)))
        applier.apply_pending()
        assert (rows(SALE_FLAGS), rows(PARKED)) == ([], [])


def test_pseudonym_used_twice_blocks_nobody(applier, receive, rows, ledger, told):
    """Two sales under one pseudonym would stop every till's entries for good."""
    receive(SALES_J, told.sale(1, ref="ref-1"), told.sale(2, ref="ref-1"))
    receive(SIDE_J, told.tie(1, ADA))
    receive("c" * 32, told.sale(3))
    applier.apply_pending()
    assert {row["sale_id"] for row in rows(SALES)} == {"sale-1", "sale-2", "sale-3"}
    assert not rows(QUARANTINE)
    assert len(history(ledger, ADA)) == 2


def test_an_order_to_stop_is_heard_within_a_backlog(
    applier, receive, rows, ledger, told, monkeypatch
):
    """The service manager would lose patience and kill HQ in the middle of a long backlog."""
    receive(SALES_J, *(told.sale(n) for n in range(2)))
    behind = applier_module.journals_behind
    monkeypatch.setattr(
        applier_module, "journals_behind", lambda conn: applier.stop() or behind(conn)
    )
    assert applier.apply_pending() == 0
    monkeypatch.undo()
    assert Applier(ledger, lambda: NOW).apply_pending() == 2
    assert len(rows(SALES)) == 2
