"""Open and parked sales: as durable as sealed ones, but not chained, and gone once decided."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import SaleId, TillId
from agent.core.sale.model import Sale
from agent.journal.connection import Connection

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Sale)


def save(conn: Connection, sale: Sale) -> None:
    """Keep a basket as it stands now."""
    kept = conn.execute(
        "UPDATE basket SET till = ?, state = ?, sale = ? WHERE sale_id = ? RETURNING no",
        (sale.till, sale.state, _ENCODER.encode(sale), sale.sale_id),
    ).fetchall()
    if not kept:
        conn.execute(
            "INSERT INTO basket (till, state, sale, sale_id) VALUES (?, ?, ?, ?)",
            (sale.till, sale.state, _ENCODER.encode(sale), sale.sale_id),
        )


def delete(conn: Connection, sale_id: SaleId) -> None:
    """Drop a basket, because its sale was completed or cancelled in the same transaction."""
    conn.execute("DELETE FROM basket WHERE sale_id = ?", (sale_id,))


def get(conn: Connection, sale_id: SaleId) -> Sale | None:
    """Read one basket."""
    row = conn.execute("SELECT sale FROM basket WHERE sale_id = ?", (sale_id,)).fetchone()
    return None if row is None else _DECODER.decode(row[0])


def all_of(conn: Connection, till: TillId) -> list[Sale]:
    """Read all baskets of a till, open and parked, oldest first (UUIDv7 order)."""
    rows = conn.execute(
        "SELECT sale FROM basket WHERE till = ? ORDER BY sale_id", (till,)
    ).fetchall()
    return [_DECODER.decode(row[0]) for row in rows]
