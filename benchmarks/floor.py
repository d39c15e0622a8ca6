"""The floor under a complete sale: its rows as bare inserts, hashed the same, and nothing else.

What a sale's commit costs cannot fall below this on the machine at hand: the same five rows into
the same tables, without a guard, a check, a look-up, a thread or an event loop.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from time import perf_counter

import msgspec

from agent.core.entries.bodies import SaleCompleted
from agent.core.identifiers import PrintId, TillId
from agent.journal.database import Database, open_writing
from agent.journal.migrations import migrate

_CHAIN = "INSERT INTO chain VALUES (?, ?, 1, 1, ?, ?, ?, 0, 0)"
_BODY = "INSERT INTO body (place, salt, bytes) VALUES (?, ?, ?)"
_INDEX = "INSERT INTO sale_index VALUES (?, ?, ?)"
_PRINT = (
    "INSERT INTO print_job VALUES (?, ?, ?, 'receipt', 'receipt', ?, 'queued', '', ?, 0, ?, ?,"
    " NULL, 0, '')"
)
_EVENT = "INSERT INTO event VALUES (?, ?, 'sale', ?, ?)"
_SEQ_BITS = 40
_LINKED = bytes(32)
"""What a link of the chain hashes besides two hashes."""
_ENCODER = msgspec.json.Encoder()


class Sold(msgspec.Struct, frozen=True):
    """What the rows of a sale are made of."""

    till: TillId
    salt: bytes
    print_id: PrintId
    body: SaleCompleted


class Floor:
    """A journal's tables without their guards."""

    def __init__(self, folder: Path) -> None:
        """Make an empty file."""
        path = folder / "floor.db"
        migrating = open_writing(path)
        migrate(migrating)
        triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        for (name,) in migrating.execute(triggers).fetchall():
            migrating.execute(f"DROP TRIGGER {name}")
        migrating.close()
        self._conn: Database = open_writing(path)
        self._execute = self._conn.cursor().execute
        self._hashes: dict[TillId, bytes] = {}
        self._seqs: dict[TillId, int] = {}
        self._turn = 0

    def close(self) -> None:
        """Let go of the file."""
        self._conn.close()

    def timed(self, sales: list[Sold]) -> float:
        """Commit sales as one group; gives the seconds it took."""
        began = perf_counter()
        self._execute("BEGIN IMMEDIATE")
        for sale in sales:
            self._insert(sale)
        self._execute("COMMIT")
        taken = perf_counter() - began
        self._execute("DELETE FROM print_job")  # It is printed, as in the journal beside.
        return taken

    def _insert(self, sold: Sold) -> None:
        execute, body, till = self._execute, sold.body, sold.till
        number = int(till.rpartition("-")[2])
        seq = self._seqs[till] = self._seqs.get(till, 0) + 1
        self._turn = turn = self._turn + 1
        content = _ENCODER.encode(body)
        committed = sha256(sold.salt + content).digest()
        hashed = sha256(self._hashes.get(till, _LINKED) + committed).digest()
        self._hashes[till] = hashed + _LINKED
        at = body.completed.wall
        data = {"sale_id": body.sale_id, "receipt_no": body.receipt_no, "total": body.total}
        execute(_CHAIN, (number, seq, committed, hashed, seq))
        execute(_BODY, (number << _SEQ_BITS | seq, sold.salt, content))
        execute(_INDEX, (body.sale_id, number, seq))
        execute(_PRINT, (turn, sold.print_id, till, body.sale_id, body.sale_id, at, at))
        execute(_EVENT, (turn, till, at, _ENCODER.encode(data)))
