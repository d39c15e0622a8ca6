"""The least a drain can cost: its rows into HQ's two tables, and nothing else.

No till, no network, no signature, no hash, no position: rows that lie ready, in transactions of as
many as a batch brings, each durable. What a drain is slower than that is what it does besides.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from agent.core.entries import encode
from agent.core.exchange.wire import BATCH_RECORDS_MAX
from benchmarks.commit import TEMPLATE
from central.ledger.bulk import insert_rows
from central.ledger.engine import open_engine, writing
from central.ledger.migrate import migrate
from central.ledger.tables import BODIES, CHAIN

_AT = "2026-05-04T10:00:00.000Z"


def rate(folder: Path, database: str, records: int) -> float:
    """Insert so many sales; sales per second.

    Args:
        folder: where an SQLite file is made.
        database: URL of an empty PostgreSQL database; empty for SQLite.
        records: how many.
    """
    engine = open_engine(database or folder / "floor.sqlite")
    migrate(engine)
    batches = list(_batches(records))
    began = perf_counter()
    for chain, bodies in batches:
        with writing(engine, turn=False) as conn:
            insert_rows(conn, CHAIN, chain)
            insert_rows(conn, BODIES, bodies)
    took_s = perf_counter() - began
    engine.dispose()
    return records / took_s


_Rows = list[tuple[object, ...]]


def _batches(records: int) -> Iterator[tuple[_Rows, _Rows]]:
    journal_id, salt, hash_ = (
        secrets.token_hex(16),
        secrets.token_bytes(16),
        secrets.token_bytes(32),
    )
    body = encode(TEMPLATE)
    for first in range(1, records + 1, BATCH_RECORDS_MAX):
        seqs = range(first, min(first + BATCH_RECORDS_MAX, records + 1))
        yield (
            [(journal_id, seq, 1, 1, hash_, hash_, _AT) for seq in seqs],
            [(journal_id, seq, salt, body) for seq in seqs],
        )
