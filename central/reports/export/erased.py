"""An entry whose body was erased stays in the export with what HQ's own tables keep of it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select

from agent.core.entries.bodies import (
    CashMoved,
    DayTotals,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.sale.model import Line, ReturnOf, Stamp, TaxAmount, Tender
from central.ledger.customer_tables import (
    CASH_MOVEMENTS,
    SALE_LINES,
    SALE_TAXES,
    SALE_TENDERS,
    SALES,
    SALES_CANCELLED,
    Z_REPORTS,
)
from central.ledger.report_tables import CANCELLED, CARRIED, CLOSING, FLOAT, SALE

_NO_TIME = Stamp("", 0, "")


def kept(
    conn: Connection, kind: str, row: Row[Any]
) -> SaleCompleted | SaleCancelled | TillOpened | CashMoved | TillClosed:
    """Make the fact of a booked entry from the tables; what they do not keep is left empty."""
    if kind == SALE:
        return _sale(conn, row.ref)
    if kind == CANCELLED:
        return _cancelled(conn, row.ref)
    if kind == CLOSING:
        return _closing(conn, row)
    return _cash(conn, kind, row)


def _sale(conn: Connection, sale_id: str) -> SaleCompleted:
    held = _row(conn, SALES, sale_id=sale_id)
    lines = _rows(conn, SALE_LINES, sale_id, "line")
    tenders = _rows(conn, SALE_TENDERS, sale_id, "tender")
    taxes = _rows(conn, SALE_TAXES, sale_id, "name")
    taxes.sort(key=lambda tax: (-tax["basis_points"], tax["name"]))
    return SaleCompleted(
        **_of(held, ("sale_id", "receipt_no", "store", "till", "business_date", "currency")),
        **_of(held, ("total", "net", "change", "cash_rounding", "discount", "actor")),
        **_of(held, ("customer_ref", "external_receipt_no")),
        prices_include_tax=True,
        opened=_NO_TIME,
        completed=Stamp(held["completed_at"], 0, ""),
        lines=tuple(map(_line, lines)),
        tenders=tuple(Tender(**_of(each, ("tender", "kind", "amount"))) for each in tenders),
        taxes=tuple(TaxAmount(**_of(each, TaxAmount.__struct_fields__)) for each in taxes),
    )


def _line(held: dict[str, Any]) -> Line:
    names = ("line", "name", "quantity", "unit_price", "extension", "unit", "item_id", "gtin")
    returns = held["returns_sale"]
    return Line(
        **_of(held, names),
        **_of(held, ("discount", "reason", "voided")),
        taxes=(),
        returns=None if returns is None else ReturnOf(returns, held["returns_line"]),
    )


def _cancelled(conn: Connection, sale_id: str) -> SaleCancelled:
    held = _row(conn, SALES_CANCELLED, sale_id=sale_id)
    return SaleCancelled(**held, opened=_NO_TIME, cancelled=_NO_TIME, lines=())


def _cash(conn: Connection, kind: str, row: Row[Any]) -> TillOpened | CashMoved:
    held = _at(conn, CASH_MOVEMENTS, row)
    common = _of(held, ("store", "till", "business_date", "currency", "actor"))
    if kind == FLOAT:
        return TillOpened(**common, at=_NO_TIME, float_amount=held["amount"])
    return CashMoved(
        **common, cash_id=row.ref, at=_NO_TIME, amount=held["amount"], reason=held["reason"]
    )


def _closing(conn: Connection, row: Row[Any]) -> TillClosed:
    held = _at(conn, Z_REPORTS, row)
    names = ("store", "till", "business_date", "z_number", "currency", "counted_cash", "difference")
    return TillClosed(
        **_of(held, (*names, "actor")),
        opened=None,
        at=Stamp(held["closed_at"], 0, ""),
        totals=msgspec.json.decode(held["totals"], type=DayTotals),
    )


def _at(conn: Connection, table: Table, row: Row[Any]) -> dict[str, Any]:
    """Read what a booked entry left: where its bytes lie, else under the number it was born with.

    One that was carried stands under either: it depends on what another copy of its till wrote.
    """
    held, carried = table.c, CARRIED.c
    place = (row.from_journal, row.from_seq)
    here = select(table).where(held.journal_id == place[0], held.seq == place[1])
    found = conn.execute(here).mappings().one_or_none()
    if found is not None:
        return dict(found)
    born = select(carried.journal_id, carried.seq).where(
        carried.via_journal == place[0], carried.via_seq == place[1]
    )
    return _row(conn, table, **conn.execute(born).mappings().one())


def _row(conn: Connection, table: Table, **key: object) -> dict[str, Any]:
    where = [table.c[name] == value for name, value in key.items()]
    return dict(conn.execute(select(table).where(*where)).mappings().one())


def _rows(conn: Connection, table: Table, sale_id: str, order: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.sale_id == sale_id).order_by(table.c[order])
    return [dict(row) for row in conn.execute(query).mappings()]


def _of(held: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: held[name] for name in names}
