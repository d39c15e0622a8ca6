"""What is exported, entry by entry: its place in HQ's order, and the body as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, and_, select

from agent.core.entries.bodies import (
    CashMoved,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.entries.canonical import decode
from agent.core.entries.carried import fact
from agent.core.quantities import exponent
from agent.core.sale.model import Line
from agent.core.sale.tax import line_taxes, spread
from central.ledger.report_tables import BOOKED, STREAM
from central.ledger.tables import BODIES, CHAIN
from central.reports.export.erased import kept

Counted = SaleCompleted | SaleCancelled | TillOpened | CashMoved | TillClosed


class Fact(NamedTuple):
    """One booked entry."""

    place: int
    type: str
    journal: str
    seq: int
    late: str
    origin: str
    booked_at: str
    currency: str
    digits: int
    """Decimals of the currency's minor unit."""
    body: Counted
    erased: bool

    @property
    def sale(self) -> SaleCompleted | None:
        """Give the body, if money changed hands for goods."""
        return self.body if isinstance(self.body, SaleCompleted) else None


class Sold(NamedTuple):
    """One line with its share of the receipt's discount and tax; a voided line has none."""

    line: Line
    receipt_discount: int
    net: int
    tax: int


def facts(conn: Connection, after: int, upto: int, limit: int) -> list[Fact]:
    """Read booked entries behind a place, in HQ's order."""
    query = _query().where(BOOKED.c.place > after, BOOKED.c.place <= upto)
    rows = conn.execute(query.order_by(BOOKED.c.place).limit(limit)).all()
    return [_fact(conn, row) for row in rows]


def lines_of(body: SaleCompleted) -> Iterator[Sold]:
    """Share the receipt's discount and tax out over its lines, so that they add up to it."""
    parts = {part.line.line: part.amount for part in spread(body.lines, body.discount)}
    taxes = _taxes(body)
    for line in body.lines:
        if line.line not in parts:
            yield Sold(line, 0, 0, 0)
            continue
        amount, tax = parts[line.line], taxes.get(line.line, 0)
        net = amount - tax if body.prices_include_tax else amount
        yield Sold(line, line.extension - amount, net, tax)


def _taxes(body: SaleCompleted) -> dict[int, int]:
    """Share the tax as the receipt has it; what other rules would have rounded off stays in it."""
    parts = spread(body.lines, body.discount)
    taxes: dict[int, int] = dict(line_taxes(parts, included=body.prices_include_tax))
    rest = sum(each.tax for each in body.taxes) - sum(taxes.values())
    if rest and parts:
        largest = max(parts, key=lambda part: abs(part.amount)).line.line
        taxes[largest] = taxes.get(largest, 0) + rest
    return taxes


def _query() -> Select[tuple[object, ...]]:
    held = BOOKED.c
    same = and_(CHAIN.c.journal_id == held.from_journal, CHAIN.c.seq == held.from_seq)
    body = and_(BODIES.c.journal_id == held.from_journal, BODIES.c.seq == held.from_seq)
    return (
        select(BOOKED, CHAIN.c.kind, CHAIN.c.version, BODIES.c.body)
        .join(CHAIN, same)
        .outerjoin(BODIES, body)
        .where(held.stream == STREAM)
    )


def _fact(conn: Connection, row: Row[tuple[object, ...]]) -> Fact:
    body = None if row.body is None else fact(decode(row.kind, row.version, row.body))
    counted = body if isinstance(body, Counted) else kept(conn, row.type, row)
    return Fact(
        row.place,
        row.type,
        row.journal_id,
        row.seq,
        row.late,
        row.origin,
        row.booked_at,
        row.currency,
        exponent(row.currency),
        counted,
        row.body is None,
    )
