"""Does a Z report hold? What a till says it took, against the sales that arrived, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, select

from agent.core.entries.bodies import DayTotals
from agent.core.quantities import decimal_text, exponent
from central.ledger.customer_tables import (
    CASH_MOVEMENTS,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
    Z_REPORTS,
)
from central.ledger.sums import whole_sum
from central.ledger.tables import CHAIN, ERASE_ORDERS, QUARANTINE
from central.reports.periods import Part, parts_of, within

CASH = "cash"
_SHOWN = 4


class Check(msgspec.Struct, frozen=True):
    """How one Z report stands."""

    z_number: int
    ok: bool
    detail: str = ""
    """What does not agree, or what excuses that something is missing."""


def check(conn: Connection, journal_id: str, seq: int) -> Check:
    """Hold a Z report against what arrived.

    Args:
        conn: any open connection.
        journal_id: where the closing was written.
        seq: its number there.
    """
    query = select(Z_REPORTS).where(Z_REPORTS.c.journal_id == journal_id, Z_REPORTS.c.seq == seq)
    z = conn.execute(query).one()
    totals = msgspec.json.decode(z.totals, type=DayTotals)
    parts = parts_of(conn, journal_id, seq)
    wrong = [
        *_receipts(*_receipts_in(conn, parts, z.currency), totals),
        *_figures(_arrived(conn, parts, z.currency), _said(totals), exponent(z.currency)),
    ]
    return _judged(z.z_number, wrong, *_without_effect(conn, parts))


def _judged(z_number: int, wrong: list[str], waiting: int, decided: int) -> Check:
    text = "; ".join(wrong[:_SHOWN])
    if not wrong:
        return Check(z_number, ok=True)
    if waiting:
        detail = f"{waiting} of its entries are set aside: decide about them in the quarantine"
        return Check(z_number, ok=False, detail=detail)
    if decided:
        return Check(
            z_number, ok=True, detail=f"{decided} of its entries are void or erased: {text}"
        )
    return Check(z_number, ok=False, detail=text)


def _receipts(all_: Sequence[str], arrived: Sequence[str], totals: DayTotals) -> Iterator[str]:
    """Receipt numbers run without a hole from the first to the last, anew in each journal."""
    if len(arrived) != totals.sales:
        yield f"the till counted {totals.sales} sales, {len(arrived)} arrived"
    ends = (arrived[0], arrived[-1]) if arrived else (None, None)
    if ends != (totals.first_receipt, totals.last_receipt):
        yield (
            f"its receipts go from {totals.first_receipt} to {totals.last_receipt}, "
            f"those that arrived from {ends[0]} to {ends[1]}"
        )
    for before, after in pairwise(all_):
        if not _follows(before, after):
            yield f"receipt {after} comes after {before}"


def _follows(before: str, after: str) -> bool:
    stem, n = _number(before)
    next_stem, next_n = _number(after)
    return next_n == (n + 1 if stem == next_stem else 1)


_DIGITS_MAX = 19
"""Of a number of a receipt; Python reads no more than 4,300."""


def _number(receipt_no: str) -> tuple[str, int]:
    stem, _, n = receipt_no.rpartition("-")
    return stem, int(n) if n.isascii() and n.isdigit() and len(n) <= _DIGITS_MAX else 0


def _figures(arrived: dict[str, int], said: dict[str, int], digits: int) -> Iterator[str]:
    for name in sorted(arrived.keys() | said.keys()):
        here, there = arrived.get(name, 0), said.get(name, 0)
        if here != there:
            yield (
                f"{name}: the till says {decimal_text(there, digits)}, "
                f"what arrived adds up to {decimal_text(here, digits)}"
            )


def _said(totals: DayTotals) -> dict[str, int]:
    figures: dict[str, int] = {
        "gross": totals.gross,
        "net": totals.net,
        "cash rounding": totals.cash_rounding,
        "float": totals.float_amount,
        "paid-in": totals.paid_in,
        "paid-out": totals.paid_out,
    }
    figures |= {f"tender {each.kind}": each.amount for each in totals.tenders}
    return figures | {f"tax {each.name} {each.basis_points}": each.tax for each in totals.taxes}


def _arrived(conn: Connection, parts: Sequence[Part], currency: str) -> dict[str, int]:
    figures: Counter[str] = Counter()
    for part in parts:
        figures.update(_sold(conn, part, currency))
        figures.update(_tendered(conn, part, currency))
        figures.update(_taxed(conn, part, currency))
        figures.update(_moved(conn, part, currency))
    return dict(figures)


def _sold(conn: Connection, part: Part, currency: str) -> dict[str, int]:
    held = SALES.c
    sums = {
        "gross": held.total,
        "net": held.net,
        "cash rounding": held.cash_rounding,
        f"tender {CASH}": -held.change,
    }
    columns = [func.coalesce(whole_sum(column), 0).label(name) for name, column in sums.items()]
    query = select(*columns).where(within(SALES, part), held.currency == currency)
    row = conn.execute(query).one()
    return {name: int(value) for name, value in zip(sums, row, strict=True)}


def _tendered(conn: Connection, part: Part, currency: str) -> dict[str, int]:
    query = (
        select(SALE_TENDERS.c.kind, whole_sum(SALE_TENDERS.c.amount).label("amount"))
        .join(SALES, SALES.c.sale_id == SALE_TENDERS.c.sale_id)
        .where(within(SALES, part), SALES.c.currency == currency)
        .group_by(SALE_TENDERS.c.kind)
    )
    return {f"tender {row.kind}": int(row.amount) for row in conn.execute(query)}


def _taxed(conn: Connection, part: Part, currency: str) -> dict[str, int]:
    held = SALE_TAXES.c
    query = (
        select(held.name, held.basis_points, whole_sum(held.tax).label("tax"))
        .join(SALES, SALES.c.sale_id == held.sale_id)
        .where(within(SALES, part), SALES.c.currency == currency)
        .group_by(held.name, held.basis_points)
    )
    return {f"tax {row.name} {row.basis_points}": int(row.tax) for row in conn.execute(query)}


def _moved(conn: Connection, part: Part, currency: str) -> dict[str, int]:
    held = CASH_MOVEMENTS.c
    query = (
        select(held.kind, whole_sum(held.amount).label("amount"))
        .where(within(CASH_MOVEMENTS, part), held.currency == currency)
        .group_by(held.kind)
    )
    return {
        row.kind: -int(row.amount) if row.kind == "paid-out" else int(row.amount)
        for row in conn.execute(query)
    }


def _receipts_in(
    conn: Connection, parts: Sequence[Part], currency: str
) -> tuple[list[str], list[str]]:
    """List the receipts of a period in their order: all, and those in the report's currency."""
    found: list[tuple[str, str]] = []
    for part in parts:
        query = select(SALES.c.receipt_no, SALES.c.currency).where(within(SALES, part))
        rows = conn.execute(query.order_by(SALES.c.seq))
        found += [(row.receipt_no, row.currency) for row in rows]
    return [number for number, _ in found], [number for number, in_ in found if in_ == currency]


def _without_effect(conn: Connection, parts: Sequence[Part]) -> tuple[int, int]:
    """Count the entries of a period that wait in quarantine, and those void or erased."""
    waiting = decided = 0
    for part in parts:
        aside = within(QUARANTINE, part)
        voided = QUARANTINE.c.voided_at.is_not(None)
        waiting += _count(conn, QUARANTINE.c.seq, aside & ~voided)
        decided += _count(conn, QUARANTINE.c.seq, aside & voided)
        decided += _count(conn, ERASE_ORDERS.c.seq, within(ERASE_ORDERS, part) & _is_held())
    return waiting, decided


def _is_held() -> ColumnElement[bool]:
    """Select the orders about the entry that HQ holds under that number, and no other one."""
    gone = ERASE_ORDERS.c
    return exists().where(
        CHAIN.c.journal_id == gone.journal_id,
        CHAIN.c.seq == gone.seq,
        CHAIN.c.commitment == gone.commitment,
    )


def _count(conn: Connection, column: ColumnElement[int], where: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count(column)).where(where)).scalar_one())
