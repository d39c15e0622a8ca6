"""What a sale was sealed by: its commitment, which stays when the text is pruned or erased."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import EntryCarried, SaleCompleted
from agent.core.entries.kinds import KINDS
from agent.core.identifiers import SaleId
from agent.journal.connection import Connection

_SALE = KINDS[SaleCompleted].kind
_read = msgspec.json.Decoder(EntryCarried).decode


def of_sale(conn: Connection, sale_id: SaleId) -> bytes | None:
    """Give the commitment of a completed sale of this agent: 32 bytes; None where there is none.

    Of a sale that was carried into a successor journal it is the original's, which HQ knows.
    """
    row = conn.execute(
        "SELECT c.kind, c.commitment, b.bytes FROM sale_index s"
        " JOIN chain c ON c.journal = s.journal AND c.seq = s.seq"
        " LEFT JOIN body b ON b.place = (s.journal << 40 | s.seq) WHERE s.sale_id = ?",
        (sale_id,),
    ).fetchone()
    if row is None:
        return None
    if row[0] == _SALE:
        return bytes(row[1])
    return None if row[2] is None else bytes.fromhex(_read(row[2]).commitment)
