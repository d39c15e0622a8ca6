"""Sales as rows: what reports add up, and what a return is compared with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.core.entries import decode
from agent.core.entries.bodies import SaleCancelled, SaleCompleted
from agent.core.faults import StateFault
from agent.core.sale.model import Line
from central.histories.entry import Entry
from central.histories.pending import one
from central.ledger.customer_tables import (
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
    SALES_CANCELLED,
)

_INSERT_SALE = upsert(SALES).on_conflict_do_nothing()
_INSERT_LINES, _INSERT_TENDERS, _INSERT_TAXES = map(insert, (SALE_LINES, SALE_TENDERS, SALE_TAXES))
_HELD = select(SALES.c.journal_id, SALES.c.seq).where(SALES.c.sale_id == bindparam("of_sale"))


def insert_sale(conn: Connection, entry: Entry, body: SaleCompleted) -> None:
    """Keep a completed sale with its lines, tenders and taxes.

    Raises:
        StateFault: another entry brought a sale under this id.
    """
    if not conn.execute(_INSERT_SALE, _sale(entry, body)).rowcount:
        raise _twice(conn, body.sale_id)
    of_sale = {"sale_id": body.sale_id}
    _insert(conn, _INSERT_LINES, [of_sale | _line(row) for row in body.lines])
    _insert(
        conn,
        _INSERT_TENDERS,
        [
            of_sale | {"tender": each.tender, "kind": each.kind, "amount": each.amount}
            for each in body.tenders
        ],
    )
    _insert(
        conn,
        _INSERT_TAXES,
        [
            of_sale
            | {
                "name": tax.name,
                "basis_points": tax.basis_points,
                "net": tax.net,
                "tax": tax.tax,
                "gross": tax.gross,
            }
            for tax in body.taxes
        ],
    )


def insert_cancelled(conn: Connection, body: SaleCancelled) -> None:
    """Keep that a basket was given up, by whom and why."""
    conn.execute(
        insert(SALES_CANCELLED).values(
            sale_id=body.sale_id,
            store=body.store,
            till=body.till,
            business_date=body.business_date,
            total=body.total,
            actor=body.actor,
            reason=body.reason,
        )
    )


def sale_body(conn: Connection, journal_id: str, seq: int) -> SaleCompleted | None:
    """Read a sale as it was sealed; None when its body was erased."""
    received = one(conn, journal_id, seq)
    if received.body is None:
        return None
    body = decode(received.kind, received.version, received.body)
    return body if isinstance(body, SaleCompleted) else None


def _twice(conn: Connection, sale_id: str) -> StateFault:
    held = conn.execute(_HELD, {"of_sale": sale_id}).one()
    return StateFault(
        f"sale {sale_id} is already held from entry {held.seq} of journal {held.journal_id}",
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


def _insert(conn: Connection, statement: Insert, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(statement, rows)
