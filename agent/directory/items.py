"""Items in the directory: by GTIN, in-store reference, PLU or id, and by the words of their name.

Functions of a connection; whoever calls them owns the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from agent.core.exchange.replica import GTIN_DIGITS, item_keys
from agent.core.recognition import Item, ItemKey
from agent.directory.schema import Connection

SEARCH_MAX = 200

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Item).decode
_WORD = re.compile(r"\w+")
# Of two items under one key the one HQ changed last is meant; the id settles what is left.
_BY_KEY = """SELECT items.body FROM item_keys JOIN items USING (id)
    WHERE item_keys.kind = ? AND item_keys.key = ? ORDER BY items.ver DESC, items.item_id LIMIT 2"""


def find(conn: Connection, key: ItemKey) -> Item | None:
    """Find an item by the one key that is set.

    A reference is first a whole in-store reference, then a PLU without the code's prefix, where
    only one item has it.
    """
    if key.item_id is not None:
        return _first(conn.execute("SELECT body FROM items WHERE item_id = ?", (key.item_id,)))
    if key.gtin is not None:
        return _first(conn.execute(_BY_KEY, ("gtin", key.gtin.zfill(GTIN_DIGITS))))
    reference = key.reference or ""
    exact = _first(conn.execute(_BY_KEY, ("reference", reference)))
    return exact or _only(conn.execute(_BY_KEY, ("plu", reference.lstrip("0"))))


def search(conn: Connection, text: str, limit: int) -> list[Item]:
    """Find items whose GTIN or PLU begins with the text, then those with all its words.

    An empty text lists items by name. Words need not be complete, and accents do not matter.
    """
    limit = max(1, min(limit, SEARCH_MAX))
    text = text.strip()
    if not text:
        rows = conn.execute("SELECT body FROM items ORDER BY name, item_id LIMIT ?", (limit,))
        return [_decode(body) for (body,) in rows]
    found = dict.fromkeys(_by_digits(conn, text, limit))
    found.update(dict.fromkeys(_by_words(conn, text, limit)))
    bodies = (conn.execute("SELECT body FROM items WHERE id = ?", (row,)) for row in found)
    return [_decode(rows.fetchone()[0]) for rows in bodies][:limit]


def put(conn: Connection, item: Item, ver: int) -> None:
    """Keep an item with all its keys, replacing what was held of it."""
    delete(conn, item.item_id)
    row = conn.execute(
        "INSERT INTO items (item_id, ver, name, body) VALUES (?, ?, ?, ?) RETURNING id",
        (item.item_id, ver, item.name, _encode(item)),
    ).fetchone()[0]
    keys = [(kind, key, row) for kind, key in item_keys(item)]
    conn.executemany("INSERT INTO item_keys (kind, key, id) VALUES (?, ?, ?)", keys)
    conn.execute(
        "INSERT INTO item_words (rowid, name, department) VALUES (?, ?, ?)",
        (row, item.name, item.department or ""),
    )


def put_imported(conn: Connection, items: Iterable[Item]) -> int:
    """Keep items of a file, except those that HQ's feed has brought; count the kept ones."""
    kept = 0
    for item in items:
        held = conn.execute("SELECT ver FROM items WHERE item_id = ?", (item.item_id,)).fetchone()
        if held is None or held[0] == 0:
            put(conn, item, ver=0)
            kept += 1
    return kept


def delete(conn: Connection, item_id: str) -> None:
    """Forget an item, if it is held."""
    row = conn.execute("SELECT id FROM items WHERE item_id = ?", (item_id,)).fetchone()
    if row is not None:
        conn.execute("DELETE FROM item_keys WHERE id = ?", row)
        conn.execute("DELETE FROM item_words WHERE rowid = ?", row)
        conn.execute("DELETE FROM items WHERE id = ?", row)


def _first(rows: Iterable[tuple[bytes]]) -> Item | None:
    return next((_decode(body) for (body,) in rows), None)


def _only(rows: Iterable[tuple[bytes]]) -> Item | None:
    bodies = [body for (body,) in rows]
    return _decode(bodies[0]) if len(bodies) == 1 else None


def _by_digits(conn: Connection, text: str, limit: int) -> Iterable[int]:
    if not (text.isascii() and text.isdigit()):
        return
    for padding in ("", "0", "00", "000000"):
        first = padding + text
        rows = conn.execute(
            "SELECT id FROM item_keys WHERE kind IN ('gtin', 'plu', 'reference') "
            "AND key >= ? AND key < ? ORDER BY length(key), key LIMIT ?",
            (first, first + ":", limit),
        )
        yield from (row for (row,) in rows)


def _by_words(conn: Connection, text: str, limit: int) -> Iterable[int]:
    words = _WORD.findall(text)
    if not words:
        return
    wanted = " ".join(f'"{word}"*' for word in words)
    rows = conn.execute(
        "SELECT rowid FROM item_words WHERE item_words MATCH ? ORDER BY rank, rowid LIMIT ?",
        (wanted, limit),
    )
    yield from (row for (row,) in rows)
