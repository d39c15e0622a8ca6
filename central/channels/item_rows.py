"""The catalogue from a CSV: items, their codes, and prices with effective dates.

Several rows may tell of one item, one price each. An item's row replaces its name, unit, taxes and
codes; a price replaces the one that begins on the same day, and the other prices stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.core.barcode import check_digit
from agent.core.faults import InputFault
from agent.core.identifiers import ItemId
from agent.core.quantities import minor_from_text
from agent.core.recognition.items import Item, Price
from central.channels.csv_rows import (
    ADDED,
    CHANGED,
    UNCHANGED,
    Columns,
    ImportReport,
    Problem,
    Row,
    report,
    rows,
)
from central.ledger.customer_tables import ITEM_KEYS, ITEMS
from central.ledger.outbox import GLOBAL, Change, publish_many

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
"""Where the file has no column of that name."""
PRICE_MAX = 10**12
_GTIN_LENGTHS = (8, 12, 13, 14)
_json = msgspec.json.Encoder(order="deterministic")


def import_items(conn: Connection, path: Path) -> ImportReport:
    """Take items and prices from a file, and tell them to all tills.

    Args:
        conn: of `writing`.
        path: a CSV with a header, see `COLUMNS`. `gtin` and `tax` may hold several values with
            blanks between them; prices are written like 1.99; dates like 2026-12-01.

    Returns:
        Counts of items, and each row that was left out with its line and reason.

    Raises:
        InputFault: the file cannot be read at all.
    """
    problems: list[Problem] = []
    told: dict[str, list[_Told]] = {}
    for row in rows(path, COLUMNS, problems):
        try:
            item = _item(row)
            told.setdefault(item.item_id, []).append(_Told(row.line, item))
        except InputFault as fault:
            problems.append(Problem(row.line, fault.detail, fault.remedy))
    return report(path, _keep_all(conn, told.values(), problems), problems)


class _Told(NamedTuple):
    """One row's word on an item."""

    line: int
    item: Item


def _keep_all(
    conn: Connection, told: Iterable[list[_Told]], problems: list[Problem]
) -> Counter[str]:
    """Keep each item whose codes are free, and publish those that changed."""
    counts: Counter[str] = Counter()
    changes: list[Change] = []
    for rows_of_item in told:
        try:
            became, item = _keep(conn, [each.item for each in rows_of_item])
        except InputFault as fault:
            lines = [each.line for each in rows_of_item]
            problems += [Problem(line, fault.detail, fault.remedy) for line in lines]
            continue
        counts.update({"rows": len(rows_of_item), became: 1})
        if became != UNCHANGED:
            changes.append(Change(f"item:{item.item_id}", "put", _json.encode(item)))
    publish_many(conn, GLOBAL, changes)
    return counts


def _keep(conn: Connection, told: list[Item]) -> tuple[str, Item]:
    """Join the rows of one item with what is held; gives what became of it.

    Raises:
        InputFault: another item has one of its codes.
    """
    query = select(ITEMS.c.body).where(ITEMS.c.item_id == told[0].item_id)
    held = conn.execute(query).scalar_one_or_none()
    item = _joined(msgspec.json.decode(held, type=Item) if held else told[0], told)
    body = _json.encode(item)
    if body == held:
        return UNCHANGED, item
    _claim(conn, item)
    row = {"name": item.name, "department": item.department, "body": body}
    new = upsert(ITEMS).values(item_id=item.item_id, **row)
    conn.execute(new.on_conflict_do_update(index_elements=["item_id"], set_=row))
    return (CHANGED if held else ADDED), item


def _joined(held: Item, told: list[Item]) -> Item:
    prices = {price.valid_from or "": price for item in (held, *told) for price in item.prices}
    gtins = dict.fromkeys(gtin for item in told for gtin in item.gtins)
    return msgspec.structs.replace(
        told[-1],
        gtins=tuple(gtins),
        prices=tuple(prices[begin] for begin in sorted(prices)),
    )


def _claim(conn: Connection, item: Item) -> None:
    """Take the item's codes, and let go of those it has no more."""
    keys = [f"gtin:{gtin}" for gtin in item.gtins]
    keys += [f"reference:{item.reference}"] if item.reference else []
    others = select(ITEM_KEYS).where(ITEM_KEYS.c.key.in_(keys), ITEM_KEYS.c.item_id != item.item_id)
    for taken in conn.execute(others):
        raise InputFault(
            f"{taken.key.replace(':', ' ')} already belongs to item {taken.item_id!r}",
            remedy="a code names one item: correct one of the two",
        )
    conn.execute(delete(ITEM_KEYS).where(ITEM_KEYS.c.item_id == item.item_id))
    if keys:
        conn.execute(insert(ITEM_KEYS), [{"key": key, "item_id": item.item_id} for key in keys])


def _item(row: Row) -> Item:
    """Read one row.

    Raises:
        InputFault: which field is wrong, and how to write it.
    """
    return Item(
        item_id=ItemId(_needed(row, "item_id")),
        name=_needed(row, "name"),
        taxes=tuple(_needed(row, "tax").split()),
        gtins=tuple(_gtin(text) for text in (row.text("gtin") or "").split()),
        reference=_reference(row),
        unit=_unit(row),
        prices=(_price(row),),
        department=row.text("department"),
    )


def _needed(row: Row, name: str) -> str:
    text = row.text(name)
    if text is None:
        raise InputFault(f"{name} is empty", remedy=f"fill in {name}")
    return text


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


def _price(row: Row) -> Price:
    amount = minor_from_text(_needed(row, "price"), row.text("currency") or CURRENCY)
    if not 0 <= amount < PRICE_MAX:
        raise InputFault(f"price {row.text('price')} cannot be", remedy="write it like 1.99")
    begin, end = _day(row, "valid_from"), _day(row, "valid_until")
    if begin and end and end < begin:
        raise InputFault(f"the price ends on {end}, before {begin}", remedy="swap the two dates")
    return Price(amount, begin, end)


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
