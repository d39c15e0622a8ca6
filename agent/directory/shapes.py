"""Reading every row of a snapshot, where HQ writes other shapes than this version reads.

A row that cannot be read would raise at a look-up, and cost the till its whole directory. Here it
is refused by its key, as one of a page is, and holds up nothing (P6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from agent.core.history.model import Order
from agent.core.recognition import Item
from agent.directory import items, orders
from agent.directory.schema import Connection

_AT_ONCE = 1_000
_ITEMS = "SELECT id, item_id, body FROM items WHERE id > ?"


def check(conn: Connection) -> None:
    """Refuse what cannot be read; cards are sealed, and are read when they are opened."""
    for item_id, why in _unreadable(conn, _ITEMS, msgspec.json.Decoder(Item).decode):
        items.delete(conn, item_id)
        _refuse(conn, f"item:{item_id}", why)
    held = conn.execute("SELECT order_no, body FROM orders").fetchall()
    for order_no, body in held:
        if why := _why(msgspec.json.Decoder(Order).decode, body):
            orders.delete(conn, order_no)
            _refuse(conn, f"order:{order_no}", why)


def _unreadable(
    conn: Connection, query: str, decode: Callable[[bytes], object]
) -> Iterator[tuple[str, str]]:
    """Find rows that cannot be read, in portions: a million cards are not held in memory."""
    last = 0
    while rows := conn.execute(f"{query} ORDER BY id LIMIT {_AT_ONCE}", (last,)).fetchall():
        last = rows[-1][0]
        yield from ((name, why) for _, name, body in rows if (why := _why(decode, body)))


def _why(decode: Callable[[bytes], object], body: bytes) -> str:
    try:
        decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    return ""


def _refuse(conn: Connection, key: str, why: str) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO refused (key, scope, ver, reason) "
        "SELECT key, scope, ver, ? FROM versions WHERE key = ?",
        (why, key),
    )
