"""Orders of other channels in the directory.

Functions of a connection; whoever calls them owns the transaction.
"""

from __future__ import annotations

import msgspec

from agent.core.history.model import Order
from agent.directory.schema import Connection

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Order).decode


def find(conn: Connection, order_no: str) -> Order | None:
    """Give an order by its exact number."""
    row = conn.execute("SELECT body FROM orders WHERE order_no = ?", (order_no,)).fetchone()
    return None if row is None else _decode(row[0])


def of_party(conn: Connection, party_id: str) -> list[Order]:
    """Give a party's orders, the newest first."""
    rows = conn.execute(
        "SELECT body FROM orders WHERE party_id = ? ORDER BY placed_at DESC, order_no", (party_id,)
    )
    return [_decode(body) for (body,) in rows]


def of_scope(conn: Connection, scope: str) -> list[Order]:
    """Give the orders that came by one scope of the feed, by number."""
    rows = conn.execute(
        """SELECT orders.body FROM versions JOIN orders ON orders.order_no = substr(key, 7)
           WHERE key >= 'order:' AND key < 'order;' AND scope = ? ORDER BY key""",
        (scope,),
    )
    return [_decode(body) for (body,) in rows]


def put(conn: Connection, order: Order) -> None:
    """Keep an order as it stands now."""
    conn.execute(
        "INSERT OR REPLACE INTO orders (order_no, party_id, placed_at, body) VALUES (?, ?, ?, ?)",
        (order.order_no, order.party_id, order.placed_at, _encode(order)),
    )


def delete(conn: Connection, order_no: str) -> None:
    """Forget an order, if it is held."""
    conn.execute("DELETE FROM orders WHERE order_no = ?", (order_no,))


def erase_of(conn: Connection, party_id: str) -> None:
    """Forget all orders of an erased party."""
    conn.execute("DELETE FROM orders WHERE party_id = ?", (party_id,))
