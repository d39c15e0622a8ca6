"""The exported tables: transactions, their lines, tenders and taxes. The one list of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import NamedTuple

from agent.core.entries.bodies import (
    CashMoved,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.quantities import decimal_text
from agent.core.sale.totals import CASH
from central.reports.export.columns import (
    DECIMAL,
    Column,
    Exported,
    Row,
    every_table,
    flag,
    integer,
    money,
    text,
)
from central.reports.export.facts import Fact, Sold, lines_of

_QUANTITY_DIGITS = 3


class Tendered(NamedTuple):
    """Money put on the counter, or the change given back of it."""

    tender: int
    kind: str
    role: str
    amount: int


def transactions_of(fact: Fact) -> Iterator[Row]:
    """Give the entry itself."""
    yield Row(fact)


def lines_in(fact: Fact) -> Iterator[Row]:
    """Give the lines of a sale, voided ones included."""
    if isinstance(fact.body, SaleCompleted):
        yield from (Row(fact, sold) for sold in lines_of(fact.body))


def tenders_in(fact: Fact) -> Iterator[Row]:
    """Give what was paid with, and the change as a row of its own."""
    if not isinstance(fact.body, SaleCompleted):
        return
    for each in fact.body.tenders:
        yield Row(fact, Tendered(each.tender, each.kind, "tender", each.amount))
    if fact.body.change:
        yield Row(fact, Tendered(0, CASH, "change", -fact.body.change))


def taxes_in(fact: Fact) -> Iterator[Row]:
    """Give the tax of each rate."""
    if isinstance(fact.body, SaleCompleted):
        yield from (Row(fact, tax) for tax in fact.body.taxes)


def _of_sale(name: str) -> Callable[[Row], int]:
    """Give an amount of a sale; anything else sells nothing."""

    def amount(row: Row) -> int:
        body = row.fact.body
        return int(getattr(body, name)) if isinstance(body, SaleCompleted) else 0

    return amount


def _tax(row: Row) -> int:
    body = row.fact.body
    return sum(each.tax for each in body.taxes) if isinstance(body, SaleCompleted) else 0


def _discount(row: Row) -> int:
    """Line and receipt discounts together; what a return gives back of one counts against it."""
    body = row.fact.body
    if not isinstance(body, SaleCompleted):
        return 0
    return body.discount + sum(line.discount for line in body.lines if not line.voided)


def _cash(row: Row) -> int:
    body = row.fact.body
    if isinstance(body, TillOpened):
        return body.float_amount
    return body.amount if isinstance(body, CashMoved) else 0


def _given_up(row: Row) -> int | None:
    body = row.fact.body
    return body.total if isinstance(body, SaleCancelled) else None


def _counted(row: Row) -> int | None:
    body = row.fact.body
    return body.counted_cash if isinstance(body, TillClosed) else None


def _difference(row: Row) -> int | None:
    body = row.fact.body
    return body.difference if isinstance(body, TillClosed) else None


def _z_number(row: Row) -> int | None:
    body = row.fact.body
    return body.z_number if isinstance(body, TillClosed) else None


def _reason(row: Row) -> str | None:
    body = row.fact.body
    if isinstance(body, SaleCompleted):
        return body.discount_reason
    return body.reason if isinstance(body, SaleCancelled | CashMoved) else None


def _at(row: Row) -> str:
    body = row.fact.body
    if isinstance(body, SaleCompleted):
        return body.completed.wall
    return body.cancelled.wall if isinstance(body, SaleCancelled) else body.at.wall


def _external(row: Row) -> str | None:
    return getattr(row.fact.body, "external_receipt_no", None)


def _rates(row: Row) -> str:
    sold: Sold = row.item
    return " ".join(f"{rate.name}:{rate.basis_points}" for rate in sold.line.taxes)


def _booked_at(row: Row) -> str:
    return row.fact.booked_at


def _line_discount(row: Row) -> int:
    return 0 if row.item.line.voided else int(row.item.line.discount)


def _list_price(row: Row) -> int | None:
    price: int | None = row.item.line.list_price
    return price


def _voided(row: Row) -> bool:
    return bool(row.item.line.voided)


def _tender(row: Row) -> int:
    return int(row.item.tender)


def _basis_points(row: Row) -> int:
    return int(row.item.basis_points)


def _returns(row: Row) -> tuple[str | None, int | None]:
    returns = row.item.line.returns
    return (None, None) if returns is None else (returns.sale_id, returns.line)


TRANSACTIONS = (
    *every_table(),
    text(
        "type",
        "sale (returns are negative lines in it), cancelled (a basket given up), float, paid-in, "
        "paid-out, closing (a Z report)",
        lambda row: row.fact.type,
    ),
    text("external_receipt_no", "Number of the till software that recorded it", _external),
    *money("total", "What is paid, tax included, before cash rounding", _of_sale("total")),
    *money("net", "`total` without tax", _of_sale("net")),
    *money("tax", "Tax in `total`; total = net + tax", _tax),
    *money("discount", "Line and receipt discounts; already off `total`", _discount),
    *money("change", "Cash handed back", _of_sale("change")),
    *money(
        "cash_rounding",
        "Added to `total` where it was settled in cash; tenders - change = total + cash_rounding",
        _of_sale("cash_rounding"),
    ),
    *money("cash", "Float, pay-in (positive) or pay-out (negative) of the drawer", _cash),
    *money("given_up", "Total of a cancelled basket; nothing was sold", _given_up),
    *money("counted_cash", "Of a closing: the cash counted", _counted),
    *money("difference", "Of a closing: counted less expected cash", _difference),
    integer("z_number", "Of a closing: its number in its journal", _z_number),
    text("cashier", "Who did it, as signed on", lambda row: row.fact.body.actor),
    text("reason", "Of the receipt discount, the cancellation or the cash movement", _reason),
    text("at", "The till's clock, UTC, ISO 8601; shown, never ordered by", _at),
    text(
        "booked_at", "HQ's clock when the entry got its place, UTC", lambda row: row.fact.booked_at
    ),
    flag(
        "erased",
        "Its body was erased by an order: what HQ's own tables keep is exported",
        lambda row: row.fact.erased,
    ),
)

LINES = (
    *every_table(),
    integer("line", "Number of the line in its sale, from 1", lambda row: row.item.line.line),
    text("item_id", "The chain's key of the item", lambda row: row.item.line.item_id),
    text("gtin", "GTIN, where it was sold by one", lambda row: row.item.line.gtin),
    text("name", "As on the receipt", lambda row: row.item.line.name),
    text("unit", "Unit of `quantity`", lambda row: row.item.line.unit),
    Column(
        "quantity",
        DECIMAL,
        "Negative on a return",
        lambda row: decimal_text(row.item.line.quantity, _QUANTITY_DIGITS),
    ),
    integer("quantity_thousandths", "`quantity` x 1000", lambda row: row.item.line.quantity),
    *money("unit_price", "Price of one unit", lambda row: row.item.line.unit_price),
    *money(
        "list_price",
        "The catalogue's, where it was overridden",
        lambda row: row.item.line.list_price,
    ),
    *money(
        "extension",
        "unit_price x quantity less `discount`, as sealed; of a voided line, too",
        lambda row: row.item.line.extension,
    ),
    *money(
        "discount",
        "Off this line",
        _line_discount,
    ),
    *money(
        "receipt_discount",
        "Its share of the discount off the whole receipt",
        lambda row: row.item.receipt_discount,
    ),
    *money("net", "Without tax, all discounts off; 0 of a voided line", lambda row: row.item.net),
    *money("tax", "Its share of the receipt's tax; 0 of a voided line", lambda row: row.item.tax),
    *money(
        "gross",
        "net + tax; the lines of a sale add up to its total",
        lambda row: row.item.net + row.item.tax,
    ),
    text("rates", "Its tax rates as name:basis points, a space between several", _rates),
    text(
        "reason",
        "Why a price was overridden, a discount given, a line voided or returned without receipt",
        lambda row: row.item.line.reason,
    ),
    text(
        "cashier",
        "Who sold the line, or did what `reason` says",
        lambda row: row.item.line.actor or row.fact.body.actor,
    ),
    flag("voided", "Taken back before payment: it stays and counts nothing", _voided),
    text("returns_sale", "Of a return: the sale it gives back", lambda row: _returns(row)[0]),
    integer("returns_line", "Of a return: the line of that sale", lambda row: _returns(row)[1]),
    text("lot", "Lot, where the symbol had one", lambda row: row.item.line.lot),
    text("expiry", "Expiry date, where the symbol had one", lambda row: row.item.line.expiry),
    text("serial", "Serial number, where the symbol had one", lambda row: row.item.line.serial),
)

TENDERS = (
    *every_table(),
    integer("tender", "Number of the tender in its sale, from 1; 0: change", _tender),
    text("kind", "cash, card, voucher …", lambda row: row.item.kind),
    text("role", "tender, or change: the cash handed back, negative", lambda row: row.item.role),
    *money(
        "amount",
        "Negative on a refund; the rows of a sale add up to total + cash_rounding",
        lambda row: row.item.amount,
    ),
    text("cashier", "Who took it, as signed on", lambda row: row.fact.body.actor),
)

TAXES = (
    *every_table(),
    text("name", "Name of the rate", lambda row: row.item.name),
    integer("basis_points", "The rate in hundredths of a percent: 1900 is 19 %", _basis_points),
    *money("net", "What the rate is taken of", lambda row: row.item.net),
    *money("tax", "The tax, rounded once per receipt and rate", lambda row: row.item.tax),
    *money("gross", "net + tax", lambda row: row.item.gross),
)

EXPORTED = MappingProxyType(
    {
        table.name: table
        for table in (
            Exported(
                "transactions",
                "One row per entry that counts: sales, cancelled baskets, cash, closings",
                ("journal", "seq", "type"),
                TRANSACTIONS,
                transactions_of,
            ),
            Exported(
                "lines",
                "One row per line of a sale; a return is a line with a negative quantity",
                ("sale_id", "line"),
                LINES,
                lines_in,
            ),
            Exported(
                "tenders",
                "One row per tender of a sale, and one for its change",
                ("sale_id", "tender"),
                TENDERS,
                tenders_in,
            ),
            Exported(
                "taxes",
                "One row per tax rate of a sale",
                ("sale_id", "name", "basis_points"),
                TAXES,
                taxes_in,
            ),
        )
    }
)
"""By name, in the order they are listed."""
