"""Open and parked sales: as durable as sealed ones, but not chained, and gone once decided.

A basket whose sale is in a journal is no basket any more: it is found nowhere from the transaction
on that wrote the sale. Its row leaves with the next basket that is put down, so that completing a
sale, which somebody waits for, touches one page less.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import SaleId, TillId
from agent.core.sale.model import Sale
from agent.journal.connection import Connection

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Sale)
_ONE = (
    "SELECT sale FROM basket WHERE sale_id = ?1 AND sale_id NOT IN (SELECT sale_id FROM sale_index)"
)
_OF_TILL = (
    "SELECT sale FROM basket WHERE till = ?1 AND sale_id NOT IN (SELECT sale_id FROM sale_index)"
    " ORDER BY sale_id"
)


def save(conn: Connection, sale: Sale) -> None:
    """Keep a basket as it stands now."""
    kept = conn.execute(
        "UPDATE basket SET till = ?, state = ?, sale = ? WHERE sale_id = ? RETURNING no",
        (sale.till, sale.state, _ENCODER.encode(sale), sale.sale_id),
    ).fetchall()
    if not kept:
        drop_sold(conn)
        conn.execute(
            "INSERT INTO basket (till, state, sale, sale_id) VALUES (?, ?, ?, ?)",
            (sale.till, sale.state, _ENCODER.encode(sale), sale.sale_id),
        )


def delete(conn: Connection, sale_id: SaleId) -> None:
    """Drop a basket that was given up."""
    conn.execute("DELETE FROM basket WHERE sale_id = ?", (sale_id,))


def drop_sold(conn: Connection) -> None:
    """Let the rows of baskets go whose sales are in a journal."""
    conn.execute("DELETE FROM basket WHERE sale_id IN (SELECT sale_id FROM sale_index)")


def get(conn: Connection, sale_id: SaleId) -> Sale | None:
    """Read one basket."""
    row = conn.execute(_ONE, (sale_id,)).fetchone()
    return None if row is None else _DECODER.decode(row[0])


def all_of(conn: Connection, till: TillId) -> list[Sale]:
    """Read all baskets of a till, open and parked, oldest first (UUIDv7 order)."""
    rows = conn.execute(_OF_TILL, (till,)).fetchall()
    return [_DECODER.decode(row[0]) for row in rows]
