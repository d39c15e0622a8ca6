"""The catalogue from a CSV: items, their codes, and prices with effective dates.

Several rows may tell of one item, one price each. An item's row replaces its name, unit, taxes and
codes; a price replaces the one that begins on the same day, and the other prices stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, insert, select

from agent.core.faults import InputFault
from agent.core.recognition.catalogue import Told, codes_of, joined, read_catalogue, taken
from agent.core.recognition.items import Item
from agent.core.rows import Problem
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED, ImportReport, opened, report
from central.ledger.customer_tables import ITEM_KEYS, ITEMS
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")


def import_items(conn: Connection, path: Path) -> ImportReport:
    """Take items and prices from a file, and tell them to all tills.

    Args:
        conn: of `writing`.
        path: a CSV with a header, see `core.recognition.catalogue`.

    Returns:
        Counts of items, and each row that was left out with its line and reason.

    Raises:
        InputFault: the file cannot be read at all.
    """
    problems: list[Problem] = []
    with opened(path) as file:
        told = read_catalogue(str(path), file, problems)
    return report(path, _keep_all(conn, told, problems), problems)


def _keep_all(conn: Connection, told: Iterable[Told], problems: list[Problem]) -> Counter[str]:
    """Keep each item whose codes are free, and publish those that changed."""
    counts: Counter[str] = Counter()
    changes: list[Change] = []
    for each in told:
        try:
            became, item = _keep(conn, each.items)
        except InputFault as fault:
            problems += [Problem(line, fault.detail, fault.remedy) for line in each.lines]
            continue
        counts.update({"rows": len(each.lines), became: 1})
        if became != UNCHANGED:
            changes.append(Change(f"item:{item.item_id}", "put", _json.encode(item)))
    publish_many(conn, GLOBAL, changes)
    return counts


def _keep(conn: Connection, told: tuple[Item, ...]) -> tuple[str, Item]:
    """Join the rows of one item with what is held; gives what became of it.

    Raises:
        InputFault: another item has one of its codes.
    """
    query = select(ITEMS.c.body).where(ITEMS.c.item_id == told[0].item_id)
    held = conn.execute(query).scalar_one_or_none()
    item = joined(told, msgspec.json.decode(held, type=Item) if held else None)
    body = _json.encode(item)
    if body == held:
        return UNCHANGED, item
    _claim(conn, item)
    row = {"name": item.name, "department": item.department, "body": body}
    new = upsert(ITEMS).values(item_id=item.item_id, **row)
    conn.execute(new.on_conflict_do_update(index_elements=["item_id"], set_=row))
    return (CHANGED if held else ADDED), item


def _claim(conn: Connection, item: Item) -> None:
    """Take the item's codes, and let go of those it has no more."""
    keys = codes_of(item)
    others = select(ITEM_KEYS).where(ITEM_KEYS.c.key.in_(keys), ITEM_KEYS.c.item_id != item.item_id)
    for other in conn.execute(others):
        raise taken(other.key, other.item_id)
    conn.execute(delete(ITEM_KEYS).where(ITEM_KEYS.c.item_id == item.item_id))
    if keys:
        conn.execute(insert(ITEM_KEYS), [{"key": key, "item_id": item.item_id} for key in keys])
