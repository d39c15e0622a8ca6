"""What simulated tills record: sales of random lines, customers, cash, closings, poison."""

from __future__ import annotations

from agent.core.entries.bodies import (
    CashMoved,
    ConsentGiven,
    DayTotals,
    PartyEnrolled,
    SaleAttributed,
    SaleCompleted,
    TillClosed,
)
from agent.core.entries.chain import commitment, link
from agent.core.entries.kinds import KINDS
from agent.core.sale.model import Line, Stamp, TaxAmount, TaxRate, Tender
from agent.journal.memory import memory_of
from agent.journal.tails import SEQ_BITS

DATE = "2026-03-02"
UNKNOWN_KIND = 99
"""A kind of a version to come: HQ keeps it byte for byte, and cannot read it yet."""
LATER = 99
"""The version of a kind that is known, but not this far."""


def sale(rng, store, till, sale_id, receipt_no, stamp: Stamp, *, customer_ref=None):
    """A sale of one to four lines, paid in cash, in one of two currencies."""
    lines = tuple(_line(number, rng) for number in range(1, rng.randint(1, 4) + 1))
    total = sum(line.extension for line in lines)
    tax = total * 19 // 119
    return SaleCompleted(
        sale_id=sale_id,
        receipt_no=receipt_no,
        store=store,
        till=till,
        business_date=DATE,
        currency=rng.choice(("EUR", "CHF")),
        prices_include_tax=True,
        opened=stamp,
        completed=stamp,
        lines=lines,
        tenders=(Tender(1, "cash", total),),
        taxes=(TaxAmount("standard", 1900, total - tax, tax, total),),
        total=total,
        net=total - tax,
        change=0,
        customer_ref=customer_ref,
    )


def _line(number, rng):
    quantity, price = rng.randint(1, 5), rng.randint(1, 9999)
    return Line(
        line=number,
        name=f"Item {rng.randrange(100)}",
        quantity=quantity * 1000,
        unit_price=price,
        extension=price * quantity,
        taxes=(TaxRate("standard", 1900),),
    )


def party(rng, store, till, party_id, stamp):
    return PartyEnrolled(
        party_id=party_id,
        store=store,
        till=till,
        at=stamp,
        name=f"Name {rng.randrange(10**6)}",
        email=f"p{rng.randrange(10**9)}@example.org",
        consents=(ConsentGiven("marketing", "email", rng.random() < 0.5),),
    )


def attributed(sale_id, customer_ref, party_id, stamp):
    return SaleAttributed(sale_id, customer_ref, party_id, stamp)


def cash(rng, store, till, cash_id, stamp):
    amount = rng.randint(-5000, 5000) or 1
    return CashMoved(cash_id, store, till, DATE, stamp, amount, "EUR", "change")


def closing(store, till, z_number, stamp):
    totals = DayTotals(0, 0, 0, 0, 0, 0, 0, (), (), 0, 0, 0, 0, None, None)
    return TillClosed(store, till, DATE, z_number, None, stamp, "EUR", totals, 0, 0)


def unknown(rng):
    """Draw what a later version writes: a kind, its version, and bytes that need not be ours."""
    kind, version = rng.choice(((UNKNOWN_KIND, 7), (KINDS[SaleCompleted].kind, LATER)))
    return kind, version, rng.choice((b'{"from":"a later version"}', b" { } \r\n", b"\x00\xff\xfe"))


def append_unknown(conn, till, lane, salt, what):
    """Write an entry this version cannot read, as an updated till would have."""
    kind, version, body = what
    number, journal_id, tail, tail_hash, receipts, z_number, closed = conn.execute(
        "SELECT no, id, tail_seq, tail_hash, receipts, z_number, closed_seq FROM head"
        " WHERE till = ? AND lane = ? AND sealed = 0",
        (till, lane),
    ).fetchone()
    sealed = commitment(salt, body)
    hash_ = link(journal_id, tail + 1, tail_hash, kind, version, sealed)
    conn.execute(
        "INSERT INTO chain (journal, seq, kind, version, commitment, hash, receipts, z_number,"
        " closed_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, tail + 1, kind, version, sealed, hash_, receipts, z_number, closed),
    )
    conn.execute(
        "INSERT INTO body (place, salt, bytes) VALUES (?, ?, ?)",
        (number << SEQ_BITS | tail + 1, salt, body),
    )
    memory_of(conn).forget()
    return journal_id, tail + 1, hash_
