"""The catalogue as a CSV: one row is an item with one price; several rows may tell of one item.

The same file is read by HQ, and by an agent that has no HQ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from agent.core.barcode import check_digit
from agent.core.faults import InputFault
from agent.core.identifiers import ItemId
from agent.core.quantities import minor_from_text
from agent.core.recognition.items import Item, Price
from agent.core.rows import Columns, Problem, Row, rows

COLUMNS = Columns(
    required=("item_id", "name", "tax", "price"),
    optional=(
        "gtin",
        "reference",
        "unit",
        "department",
        "currency",
        "valid_from",
        "valid_until",
    ),
)
UNITS = ("each", "kg")
CURRENCY = "EUR"
"""Of a price, where neither the row nor the caller says another."""
PRICE_MAX = 10**12
_GTIN_LENGTHS = (8, 12, 13, 14)


class Told(msgspec.Struct, frozen=True):
    """All that a file says of one item."""

    lines: tuple[int, ...]
    items: tuple[Item, ...]
    """One per line, each with one price."""


def read_catalogue(
    name: str, lines: Iterable[str], problems: list[Problem], *, currency: str | None = None
) -> list[Told]:
    """Read a catalogue; a row that cannot be used goes to `problems`.

    `gtin` and `tax` may hold several values with blanks between them; prices are written like
    1.99, dates like 2026-12-01.

    Args:
        name: the file's name, for messages.
        lines: the file's lines with their ends, see `core.rows`.
        problems: gets each row left out, with its line and reason.
        currency: the only one whose prices are taken; None takes any a row names.

    Raises:
        InputFault: a header that lacks a required column.
    """
    told: dict[ItemId, list[tuple[int, Item]]] = {}
    for row in rows(name, lines, COLUMNS, problems):
        try:
            item = item_of(row, currency)
            told.setdefault(item.item_id, []).append((row.line, item))
        except InputFault as fault:
            problems.append(Problem(row.line, fault.detail, fault.remedy))
    return [
        Told(tuple(line for line, _ in each), tuple(item for _, item in each))
        for each in told.values()
    ]


def joined(told: Sequence[Item], held: Item | None = None) -> Item:
    """Make one item of what is held and all that a file says of it.

    The last row's name, unit and taxes hold, and the codes of all rows; a price replaces the one
    that begins on the same day, and the other prices stay.
    """
    known = () if held is None else held.prices
    prices = [*known, *(price for item in told for price in item.prices)]
    by_begin = {price.valid_from or "": price for price in prices}
    gtins = dict.fromkeys(gtin for item in told for gtin in item.gtins)
    return msgspec.structs.replace(
        told[-1],
        gtins=tuple(gtins),
        prices=tuple(by_begin[begin] for begin in sorted(by_begin)),
    )


def codes_of(item: Item) -> list[str]:
    """List what names this item and no other: `gtin:…` and `reference:…`."""
    reference = [f"reference:{item.reference}"] if item.reference else []
    return [f"gtin:{gtin}" for gtin in item.gtins] + reference


def taken(code: str, item_id: str) -> InputFault:
    """Say that a code already names another item."""
    return InputFault(
        f"{code.replace(':', ' ')} already belongs to item {item_id!r}",
        remedy="a code names one item: correct one of the two",
    )


def item_of(row: Row, currency: str | None = None) -> Item:
    """Read one row; `currency` as in `read_catalogue`.

    Raises:
        InputFault: which field is wrong, and how to write it.
    """
    return Item(
        item_id=ItemId(row.needed("item_id")),
        name=row.needed("name"),
        taxes=tuple(row.needed("tax").split()),
        gtins=tuple(_gtin(text) for text in (row.text("gtin") or "").split()),
        reference=_reference(row),
        unit=_unit(row),
        prices=(_price(row, currency),),
        department=row.text("department"),
    )


def _gtin(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) in _GTIN_LENGTHS):
        raise InputFault(f"{text!r} is no GTIN", remedy="a GTIN has 8, 12, 13 or 14 digits")
    right = check_digit(text[:-1])
    if int(text[-1]) != right:
        raise InputFault(
            f"GTIN {text} has a wrong check digit: {text[-1]} instead of {right}",
            remedy="compare it with what is printed on the product",
            name="wrong-check-digit",
        )
    return text.zfill(14)


def _reference(row: Row) -> str | None:
    text = row.text("reference")
    if text is not None and not (text.isascii() and text.isdigit()):
        raise InputFault(f"reference {text!r} is no number", remedy="write digits, like 2100017")
    return text


def _unit(row: Row) -> str:
    unit = (row.text("unit") or UNITS[0]).lower()
    if unit not in UNITS:
        raise InputFault(f"unit {unit!r} is not known", remedy=f"write {' or '.join(UNITS)}")
    return unit


def _price(row: Row, only: str | None) -> Price:
    amount = minor_from_text(row.needed("price"), _currency(row, only))
    if not 0 <= amount < PRICE_MAX:
        raise InputFault(f"price {row.text('price')} cannot be", remedy="write it like 1.99")
    begin, end = _day(row, "valid_from"), _day(row, "valid_until")
    if begin and end and end < begin:
        raise InputFault(f"the price ends on {end}, before {begin}", remedy="swap the two dates")
    return Price(amount, begin, end)


def _currency(row: Row, only: str | None) -> str:
    currency = row.text("currency") or only or CURRENCY
    if only is not None and currency != only:
        raise InputFault(
            f"the price is in {currency}, and this shop sells in {only}",
            remedy=f"give the price in {only}, or leave the row out",
        )
    return currency


def _day(row: Row, name: str) -> str | None:
    text = row.text(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise InputFault(
            f"{name} {text!r} is no date", remedy="write it like 2026-12-01"
        ) from error
