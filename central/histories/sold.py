"""Sales as rows: what reports add up, and what a return is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select

from agent.core.entries import decode
from agent.core.entries.bodies import SaleCancelled, SaleCompleted
from agent.core.entries.carried import fact
from agent.core.faults import StateFault
from agent.core.sale.model import Line
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
_INSERT_LINES, _INSERT_TENDERS, _INSERT_TAXES = map(insert, (SALE_LINES, SALE_TENDERS, SALE_TAXES))
_HELD = select(SALES.c.journal_id, SALES.c.seq).where(SALES.c.sale_id == bindparam("of_sale"))


class HadEffect(Exception):
    """The same fact had its effect already, out of another entry: nothing is to be done."""


def insert_sale(conn: Connection, entry: Entry, body: SaleCompleted) -> None:
    """Keep a completed sale with its lines, tenders and taxes; at a second try it is held.

    Raises:
        HadEffect: another entry brought this very sale.
        StateFault: another entry brought another sale under this id.
    """
    if not conn.execute(_INSERT_SALE, _sale(entry, body)).rowcount:
        _require_same(conn, entry, body)
        return
    of_sale = {"sale_id": body.sale_id}
    _insert(conn, _INSERT_LINES, [of_sale | row for row in _lines(body)])
    _insert(conn, _INSERT_TENDERS, [of_sale | row for row in _tenders(body)])
    _insert(conn, _INSERT_TAXES, [of_sale | row for row in _taxes(body)])


def insert_sales(conn: Connection, sales: Sequence[tuple[Entry, SaleCompleted]]) -> None:
    """Keep many sales that nobody holds yet, table by table.

    Raises:
        sqlalchemy.exc.IntegrityError: one of them is held; nothing is kept that a savepoint
            around this does not undo.
    """
    bodies = [body for _, body in sales]
    insert_rows(conn, SALES, [_in_order(SALES, _sale(*each)) for each in sales])
    for table, rows_of in ((SALE_LINES, _lines), (SALE_TENDERS, _tenders), (SALE_TAXES, _taxes)):
        rows = [
            _in_order(table, {"sale_id": body.sale_id} | row)
            for body in bodies
            for row in rows_of(body)
        ]
        insert_rows(conn, table, rows)


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


def _sale(entry: Entry, body: SaleCompleted) -> dict[str, Any]:
    return {
        "sale_id": body.sale_id,
        "journal_id": entry.journal_id,
        "seq": entry.seq,
        "receipt_no": body.receipt_no,
        "store": body.store,
        "till": body.till,
        "business_date": body.business_date,
        "currency": body.currency,
        "completed_at": body.completed.wall,
        "total": body.total,
        "net": body.net,
        "discount": body.discount,
        "change": body.change,
        "cash_rounding": body.cash_rounding,
        "actor": body.actor,
        "customer_ref": body.customer_ref,
        "external_receipt_no": body.external_receipt_no,
    }


def _line(row: Line) -> dict[str, Any]:
    return {
        "line": row.line,
        "name": row.name,
        "item_id": row.item_id,
        "gtin": row.gtin,
        "quantity": row.quantity,
        "unit": row.unit,
        "unit_price": row.unit_price,
        "extension": row.extension,
        "discount": row.discount,
        "voided": row.voided,
        "reason": row.reason,
        "returns_sale": row.returns.sale_id if row.returns else None,
        "returns_line": row.returns.line if row.returns else None,
    }


def _lines(body: SaleCompleted) -> list[dict[str, Any]]:
    return [_line(row) for row in body.lines]


def _tenders(body: SaleCompleted) -> list[dict[str, Any]]:
    return [
        {"tender": each.tender, "kind": each.kind, "amount": each.amount} for each in body.tenders
    ]


def _taxes(body: SaleCompleted) -> list[dict[str, Any]]:
    return [
        {
            "name": tax.name,
            "basis_points": tax.basis_points,
            "net": tax.net,
            "tax": tax.tax,
            "gross": tax.gross,
        }
        for tax in body.taxes
    ]


def _in_order(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    """Give a row's values in the order of its table's columns."""
    return tuple(map(row.__getitem__, table.columns.keys()))


def _insert(conn: Connection, statement: Insert, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(statement, rows)
