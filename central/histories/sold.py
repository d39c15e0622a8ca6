"""Sales as rows: what reports add up, and what a return is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from agent.core.entries import decode
from agent.core.entries.bodies import SaleCancelled, SaleCompleted
from agent.core.entries.carried import fact
from agent.core.faults import StateFault
from central.goods import stock
from central.histories.carrying import places_of
from central.histories.entry import REPLAYED, Entry
from central.histories.pending import Received, maybe_one
from central.ledger.bulk import insert_rows
from central.ledger.customer_tables import (
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
    SALES_CANCELLED,
)
from central.ledger.upserts import upsert

_INSERT_SALE = upsert(SALES).on_conflict_do_nothing()
_INSERT_CANCELLED = upsert(SALES_CANCELLED).on_conflict_do_nothing()
_HELD = select(SALES.c.journal_id, SALES.c.seq).where(SALES.c.sale_id == bindparam("of_sale"))


class HadEffect(Exception):
    """The same fact had its effect already, out of another entry: nothing is to be done."""


def insert_sale(conn: Connection, entry: Entry, body: SaleCompleted) -> None:
    """Keep a completed sale with its lines, tenders and taxes; at a second try it is held.

    Raises:
        HadEffect: another entry brought this very sale.
        StateFault: another entry brought another sale under this id.
    """
    row = dict(zip(_names(SALES), _sale(entry, body), strict=True))
    if not conn.execute(_INSERT_SALE, row).rowcount:
        _require_same(conn, entry, body)
        return
    for table, rows_of in _PARTS:
        insert_rows(conn, table, rows_of(body))
    stock.sold(conn, [body])


def insert_sales(conn: Connection, sales: Sequence[tuple[Entry, SaleCompleted]]) -> None:
    """Keep many sales that nobody holds yet, table by table.

    Raises:
        sqlalchemy.exc.IntegrityError: one of them is held; nothing is kept that a savepoint
            around this does not undo.
    """
    insert_rows(conn, SALES, [_sale(*each) for each in sales])
    for table, rows_of in _PARTS:
        insert_rows(conn, table, [row for _, body in sales for row in rows_of(body)])
    stock.sold(conn, [body for _, body in sales])


def insert_cancelled(conn: Connection, body: SaleCancelled) -> None:
    """Keep that a basket was given up, by whom and why.

    Raises:
        HadEffect: that is known of this basket.
    """
    row = {
        "sale_id": body.sale_id,
        "store": body.store,
        "till": body.till,
        "business_date": body.business_date,
        "total": body.total,
        "actor": body.actor,
        "reason": body.reason,
    }
    if not conn.execute(_INSERT_CANCELLED, row).rowcount:
        raise HadEffect


def has_sale(conn: Connection, journal_id: str, seq: int) -> bool:
    """Tell whether an entry had its effect as a sale."""
    query = select(SALES.c.sale_id).where(SALES.c.journal_id == journal_id, SALES.c.seq == seq)
    return conn.execute(query).first() is not None


def sale_body(
    conn: Connection, journal_id: str, seq: int, sale_id: str | None = None
) -> SaleCompleted | None:
    """Read a sale as it was sealed; None when its body was erased.

    Args:
        conn: any open connection.
        journal_id: where it was born, or of the successor that carried it.
        seq: its number there.
        sale_id: which sale, where a fork may have left two under that number.
    """
    for received in _candidates(conn, journal_id, seq):
        if received is None or received.body is None:
            continue
        body = fact(decode(received.kind, received.version, received.body))
        if isinstance(body, SaleCompleted) and sale_id in {None, body.sale_id}:
            return body
    return None


def sale_named(conn: Connection, sale_id: str) -> SaleCompleted | None:
    """Read a sale by its id; None when nobody holds it, or its body was erased."""
    held = conn.execute(_HELD, {"of_sale": sale_id}).one_or_none()
    return None if held is None else sale_body(conn, held.journal_id, held.seq, sale_id)


def _candidates(conn: Connection, journal_id: str, seq: int) -> Iterator[Received | None]:
    yield maybe_one(conn, journal_id, seq)
    for place in places_of(conn, journal_id, seq):
        yield maybe_one(conn, *place)


def _require_same(conn: Connection, entry: Entry, body: SaleCompleted) -> None:
    held = conn.execute(_HELD, {"of_sale": body.sale_id}).one()
    if sale_body(conn, held.journal_id, held.seq, body.sale_id) != body:
        raise _twice(body.sale_id, held.journal_id, held.seq)
    is_retry = entry.why == REPLAYED and (held.journal_id, held.seq) == entry.place
    if not is_retry:
        raise HadEffect


def _twice(sale_id: str, journal_id: str, seq: int) -> StateFault:
    return StateFault(
        f"sale {sale_id} is already held from entry {seq} of journal {journal_id}",
        remedy="compare the two entries: one sale was recorded twice at the till",
        name="sale-twice",
    )


Row = tuple[Any, ...]
"""The values of a row in the order of its table's columns."""


@cache
def _names(table: Table) -> tuple[str, ...]:
    return tuple(table.columns.keys())


def _sale(entry: Entry, body: SaleCompleted) -> Row:
    return (
        body.sale_id,
        entry.journal_id,
        entry.seq,
        body.receipt_no,
        body.store,
        body.till,
        body.business_date,
        body.currency,
        body.completed.wall,
        body.total,
        body.net,
        body.discount,
        body.change,
        body.cash_rounding,
        body.actor,
        body.customer_ref,
        body.external_receipt_no,
    )


def _lines(body: SaleCompleted) -> list[Row]:
    return [
        (
            body.sale_id,
            row.line,
            row.name,
            row.item_id,
            row.gtin,
            row.quantity,
            row.unit,
            row.unit_price,
            row.extension,
            row.discount,
            row.voided,
            row.reason,
            row.returns.sale_id if row.returns else None,
            row.returns.line if row.returns else None,
        )
        for row in body.lines
    ]


def _tenders(body: SaleCompleted) -> list[Row]:
    return [(body.sale_id, each.tender, each.kind, each.amount) for each in body.tenders]


def _taxes(body: SaleCompleted) -> list[Row]:
    return [
        (body.sale_id, tax.name, tax.basis_points, tax.net, tax.tax, tax.gross)
        for tax in body.taxes
    ]


_PARTS = ((SALE_LINES, _lines), (SALE_TENDERS, _tenders), (SALE_TAXES, _taxes))
"""The tables of what a sale consists of."""
