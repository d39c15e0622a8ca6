"""The catalogue from a CSV: items, their codes, and prices with effective dates.

Several rows may tell of one item, one price each. An item's row replaces its name, unit, taxes and
codes; a price replaces the one that begins on the same day, and the other prices stay.

Some hundred items are kept at once, with a handful of statements for all of them: what is held of
them is read first, and everything is decided in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, or_, select

from agent.core.faults import InputFault
from agent.core.recognition.catalogue import Told, codes_of, joined, read_catalogue, taken
from agent.core.recognition.items import Item
from agent.core.rows import Problem
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED, ImportReport, opened, report
from central.channels.slices import Kept, keep_in_slices
from central.ledger.bulk import among
from central.ledger.customer_tables import ITEM_KEYS, ITEMS
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.upserts import upsert

SLICE = 250
_json = msgspec.json.Encoder(order="deterministic")
_NEW = upsert(ITEMS)
_PUT = _NEW.on_conflict_do_update(
    index_elements=["item_id"],
    set_={column: _NEW.excluded[column] for column in ("name", "department", "body")},
)


def import_items(engine: Engine, path: Path) -> ImportReport:
    """Take items and prices from a file, and tell them to all tills.

    Args:
        engine: the ledger; see `slices` for how others get on beside a long file.
        path: a CSV with a header, see `core.recognition.catalogue`.

    Returns:
        Counts of items, and each row that was left out with its line and reason.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        LedgerBusy: the database was; what is said to be in stays, and the call may be repeated.
    """
    problems: list[Problem] = []
    with opened(path) as file:
        told = read_catalogue(str(path), file, problems)
    kept = keep_in_slices(engine, told, SLICE, _keep)
    return report(path, kept.counts, problems + kept.problems)


def _keep(conn: Connection, told: Sequence[Told]) -> Kept:
    """Keep each item whose codes are free, and publish those that changed."""
    kept, some = Kept(Counter(), []), _Some(conn, told)
    for each in told:
        try:
            became = some.take(each.items)
        except InputFault as fault:
            kept.problems.extend(Problem(line, fault.detail, fault.remedy) for line in each.lines)
        else:
            kept.counts.update({"rows": len(each.lines), became: 1})
    some.write(conn)
    return kept


class _Some:
    """Some items and their codes: as they are held, then as they are to be."""

    def __init__(self, conn: Connection, told: Sequence[Told]) -> None:
        """Read what is held of the items, and who has the codes they are to have."""
        ids = [each.items[0].item_id for each in told]
        query = select(ITEMS.c.item_id, ITEMS.c.body).where(among(conn, ITEMS.c.item_id, ids))
        self._bodies: dict[str, bytes] = {row.item_id: row.body for row in conn.execute(query)}
        codes = [code for each in told for code in codes_of(joined(each.items))]
        theirs = among(conn, ITEM_KEYS.c.item_id, ids)
        named = select(ITEM_KEYS).where(or_(theirs, among(conn, ITEM_KEYS.c.key, codes)))
        self._owners: dict[str, str] = {}
        self._codes: defaultdict[str, list[str]] = defaultdict(list)
        for row in conn.execute(named):
            self._owners[row.key] = row.item_id
            self._codes[row.item_id].append(row.key)
        self._changed: list[tuple[Item, bytes]] = []

    def take(self, told: tuple[Item, ...]) -> str:
        """Join the rows of one item with what is held; gives what became of it.

        Raises:
            InputFault: another item has one of its codes.
        """
        held = self._bodies.get(told[0].item_id)
        item = joined(told, msgspec.json.decode(held, type=Item) if held else None)
        body = _json.encode(item)
        if body == held:
            return UNCHANGED
        self._claim(item)
        self._changed.append((item, body))
        return CHANGED if held else ADDED

    def _claim(self, item: Item) -> None:
        """Take the item's codes, and let go of those it has no more."""
        for code in codes_of(item):
            if self._owners.get(code, item.item_id) != item.item_id:
                raise taken(code, self._owners[code])
        for code in self._codes[item.item_id]:
            del self._owners[code]
        self._owners.update(dict.fromkeys(codes_of(item), item.item_id))

    def write(self, conn: Connection) -> None:
        """Keep what changed, and publish it."""
        if not self._changed:
            return
        ids = [item.item_id for item, _ in self._changed]
        conn.execute(delete(ITEM_KEYS).where(among(conn, ITEM_KEYS.c.item_id, ids)))
        keys = [
            {"key": code, "item_id": item.item_id}
            for item, _ in self._changed
            for code in codes_of(item)
        ]
        if keys:
            conn.execute(insert(ITEM_KEYS), keys)
        conn.execute(_PUT, [_row(item, body) for item, body in self._changed])
        changes = [Change(f"item:{item.item_id}", "put", body) for item, body in self._changed]
        publish_many(conn, GLOBAL, changes)


def _row(item: Item, body: bytes) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "name": item.name,
        "department": item.department,
        "body": body,
    }
