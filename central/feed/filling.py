"""A scope's sealed changes into the file of a snapshot, by the functions the tills use for a page.

Each key comes once, except for those that changed while the file was being made: of these the row
before is taken out first. Big tables are filled in the order of their keys, so that the file is
small and its pages are full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from agent.core.exchange.people_rows import beginnings, key_of, written
from agent.core.exchange.replica import (
    FILTER_SCOPE,
    PUT,
    TOMBSTONES,
    Refused,
    item_keys,
    item_of,
    order_of,
    person_of,
    piece_of,
    place_of,
)
from agent.core.exchange.wire import FeedItem
from central.ledger.replica_files import Connection

_encode = msgspec.json.Encoder().encode
_STAGES = (
    "CREATE TEMP TABLE staged (key TEXT PRIMARY KEY, ver INTEGER, op TEXT) WITHOUT ROWID",
    "CREATE TEMP TABLE loose (token BLOB, person INTEGER)",
)
_SETTLED = (
    """INSERT INTO versions (key, scope, ver, op)
       SELECT key, :scope, ver, op FROM staged ORDER BY key""",
    """INSERT OR IGNORE INTO found_by (token, person)
       SELECT token, person FROM loose ORDER BY token, person""",
    """INSERT INTO generations (scope, generation)
       SELECT DISTINCT :filter_scope, generation FROM filter
       EXCEPT SELECT scope, generation FROM generations""",
    """INSERT INTO scopes (scope, cursor, seen) SELECT :scope, :cursor, coalesce(max(ver), -1)
       FROM (SELECT ver FROM staged UNION ALL SELECT ver FROM notices
             UNION ALL SELECT ver FROM people UNION ALL SELECT ver FROM gone)""",
    "DROP TABLE temp.staged",
    "DROP TABLE temp.loose",
)
_REPLACED = {
    "item": (
        "DELETE FROM item_words WHERE rowid IN (SELECT id FROM items WHERE item_id = ?)",
        "DELETE FROM item_keys WHERE id IN (SELECT id FROM items WHERE item_id = ?)",
        "DELETE FROM items WHERE item_id = ?",
    ),
    "party": (
        "DELETE FROM loose WHERE person IN (SELECT id FROM people WHERE party = ?)",
        "DELETE FROM people WHERE party = ?",
        "DELETE FROM gone WHERE party = ?",
    ),
    "order": ("DELETE FROM orders WHERE order_no = ?",),
    "rule": ("DELETE FROM rules WHERE name = ?",),
    "filter": ("DELETE FROM filter WHERE printf('%d-%d', place >> 24, place & 16777215) = ?",),
}
_FORGOTTEN = (
    "DELETE FROM staged WHERE key = ?",
    "DELETE FROM notices WHERE key = ?",
    "DELETE FROM refused WHERE key = ?",
)

_COUNTED = """SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM notices)
    + (SELECT count(*) FROM people) + (SELECT count(*) FROM gone)"""

T = TypeVar("T")


class Filling:
    """Fills one file, in the caller's transaction."""

    def __init__(self, conn: Connection, scope: str) -> None:
        """Begin; `conn` is of `new_replica`."""
        self._conn, self._scope = conn, scope
        self._people = self._items = 0
        self._seals: dict[int, int] = {}
        self.rows = 0
        """Keys in it."""
        for statement in _STAGES:
            conn.execute(statement)

    def add(self, changes: Sequence[FeedItem], *, again: bool) -> None:
        """Take changes in.

        Args:
            changes: in their order; a key once.
            again: their keys may be in the file with an older change.
        """
        put: dict[str, list[tuple[str, FeedItem]]] = {kind: [] for kind in _REPLACED}
        for change in changes:
            kind, _, name = change.key.partition(":")
            if again:
                self._take_out(kind, name, change.key)
            if kind not in put or not name or change.op not in {PUT, *TOMBSTONES}:
                self._notice(change)
            elif change.op == PUT:
                put[kind].append((name, change))
            elif kind == "party":
                self._gone(name, change)
            else:
                self._stage([change])
        self._add_people(put["party"])
        self._add_items(put["item"])
        self._add_orders(put["order"])
        self._add_rules(put["rule"])
        self._add_pieces(put["filter"])

    def settle(self, cursor: str) -> None:
        """Write what was gathered, and where the feed goes on."""
        values = {"scope": self._scope, "cursor": cursor, "filter_scope": FILTER_SCOPE}
        self.rows = self._conn.execute(_COUNTED).fetchone()[0]
        for statement in _SETTLED:
            self._conn.execute(statement, values)

    def _add_people(self, put: list[tuple[str, FeedItem]]) -> None:
        people, loose = [], []
        for name, change in put:
            person = self._read(change, person_of)
            if person is not None:
                self._people += 1
                held, slots = person.card, written(person.card.slots)
                row = (self._people, key_of(name), self._seal(person.generation), held.ver)
                people.append((*row, person.told, slots, held.name, held.rest))
                loose += [(token, self._people) for token in beginnings(slots)]
        insert = """INSERT INTO people (id, party, local, seal, ver, told, slots, name, rest)
            VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)"""
        self._conn.executemany(insert, people)
        self._conn.executemany("INSERT INTO loose (token, person) VALUES (?, ?)", loose)

    def _seal(self, generation: int) -> int:
        """Give the number of a generation of the scope's key."""
        if generation not in self._seals:
            self._seals[generation] = number = len(self._seals) + 1
            insert = "INSERT INTO generations (id, scope, generation) VALUES (?, ?, ?)"
            self._conn.execute(insert, (number, self._scope, generation))
        return self._seals[generation]

    def _gone(self, name: str, change: FeedItem) -> None:
        self._conn.execute(
            "INSERT INTO gone (party, scope, ver, op) VALUES (?, ?, ?, ?)",
            (key_of(name), self._scope, change.ver, change.op),
        )

    def _add_items(self, put: list[tuple[str, FeedItem]]) -> None:
        for name, change in put:
            item = self._read(change, partial(item_of, name))
            if item is None:
                continue
            self._items += 1
            number = self._items
            self._conn.execute(
                "INSERT INTO items (id, item_id, ver, name, body) VALUES (?, ?, ?, ?, ?)",
                (number, item.item_id, change.ver, item.name, _encode(item)),
            )
            self._conn.executemany(
                "INSERT INTO item_keys (kind, key, id) VALUES (?, ?, ?)",
                [(kind, key, number) for kind, key in item_keys(item)],
            )
            self._conn.execute(
                "INSERT INTO item_words (rowid, name, department) VALUES (?, ?, ?)",
                (number, item.name, item.department or ""),
            )
            self._stage([change])

    def _add_orders(self, put: list[tuple[str, FeedItem]]) -> None:
        for name, change in put:
            order = self._read(change, partial(order_of, name))
            if order is not None:
                self._conn.execute(
                    "INSERT INTO orders (order_no, party_id, placed_at, body) VALUES (?, ?, ?, ?)",
                    (order.order_no, order.party_id, order.placed_at, _encode(order)),
                )
                self._stage([change])

    def _add_rules(self, put: list[tuple[str, FeedItem]]) -> None:
        rows = [(name, bytes(change.body)) for name, change in put]
        self._conn.executemany("INSERT INTO rules (name, body) VALUES (?, ?)", rows)
        self._stage([change for _, change in put])

    def _add_pieces(self, put: list[tuple[str, FeedItem]]) -> None:
        for name, change in put:
            piece = self._read(change, partial(piece_of, name))
            if piece is not None:
                self._conn.execute(
                    "INSERT INTO filter (place, generation, bits) VALUES (?, ?, ?)",
                    (place_of(name), piece.generation, piece.bits),
                )
                self._stage([change])

    def _read(self, change: FeedItem, read: Callable[[FeedItem], T]) -> T | None:
        try:
            return read(change)
        except (Refused, msgspec.MsgspecError) as problem:
            self._conn.execute(
                "INSERT OR REPLACE INTO refused (key, scope, ver, reason) VALUES (?, ?, ?, ?)",
                (change.key, self._scope, change.ver, str(problem)),
            )
            return None

    def _stage(self, changes: Sequence[FeedItem]) -> None:
        rows = [(change.key, change.ver, change.op) for change in changes]
        self._conn.executemany("INSERT INTO staged (key, ver, op) VALUES (?, ?, ?)", rows)

    def _notice(self, change: FeedItem) -> None:
        """Keep what is no row of a directory: HQ's orders, and what a later till may know."""
        self._conn.execute(
            "INSERT INTO notices (fseq, key, ver, op, body) VALUES (?, ?, ?, ?, ?)",
            (change.fseq, change.key, change.ver, change.op, bytes(change.body)),
        )

    def _take_out(self, kind: str, name: str, key: str) -> None:
        held = key_of(name) if kind == "party" else name
        for statement in _REPLACED.get(kind, ()):
            self._conn.execute(statement, (held,))
        for statement in _FORGOTTEN:
            self._conn.execute(statement, (key,))
