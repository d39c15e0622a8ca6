"""What HQ is to be sent of a journal, as it travels, and how much of it waits."""

from __future__ import annotations

import msgspec

from agent.core.exchange.wire import PRUNED, WireRecord
from agent.core.identifiers import JournalId
from agent.journal import chains
from agent.journal.connection import Connection
from agent.journal.faults import EntryPruned

WEIGHED_MAX = 2_000
"""Bodies that are weighed; a longer backlog is estimated from its first ones."""
_RECORD_OVERHEAD = 64


class Outgoing(msgspec.Struct, frozen=True):
    """Consecutive records, and the chain hash before them."""

    records: tuple[WireRecord, ...]
    prev_hash: bytes
    pruned: int
    """How many of them have lost their body here: HQ had said that its backups hold it."""


def outgoing(conn: Connection, journal_id: JournalId, base: int, limit: int) -> Outgoing:
    """Read up to `limit` records from `base` on.

    A body that was pruned goes as its commitment (`wire.PRUNED`): HQ, which had declared it safe
    and asks for it again, gets the chain without a hole, and lists what it has lost.

    Raises:
        NotFoundFault, JournalDamaged: the journal does not hold what was to be sent.
    """
    prev_hash = chains.hash_at(conn, journal_id, base - 1)
    if limit == 0:
        return Outgoing((), prev_hash, 0)
    try:
        records = chains.records(conn, journal_id, base, limit, proven=True)
        return Outgoing(tuple(records), prev_hash, 0)
    except EntryPruned:
        bare = _without_bodies(conn, journal_id, base, limit)
        return Outgoing(bare, prev_hash, len(bare))


def backlog_bytes(conn: Connection, journal_id: JournalId, acked: int, until: int) -> int:
    """Weigh the bodies between two positions; of a long backlog the rest is estimated."""
    count = until - acked
    if count <= 0:
        return 0
    row = conn.execute(
        "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM ("
        " SELECT b.bytes FROM body b, journal j WHERE j.id = ?"
        " AND b.place > (j.no << 40 | ?) AND b.place <= (j.no << 40 | ?) LIMIT ?)",
        (journal_id, acked, until, WEIGHED_MAX),
    ).fetchall()[0]
    weighed, size = int(row[0]), int(row[1])
    return (size * count // weighed if weighed else 0) + count * _RECORD_OVERHEAD


def _without_bodies(
    conn: Connection, journal_id: JournalId, base: int, limit: int
) -> tuple[WireRecord, ...]:
    """Give the records from `base` on that have no body any more, up to the first that has one."""
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, c.commitment, e.order_id"
        " FROM journal j JOIN pruned p ON p.journal = j.no JOIN chain c ON c.journal = j.no"
        " LEFT JOIN erase_order e ON e.place = (c.journal << 40 | c.seq)"
        " WHERE j.id = ? AND c.seq BETWEEN ? AND p.upto_seq ORDER BY c.seq LIMIT ?",
        (journal_id, base, limit),
    ).fetchall()
    return tuple(
        WireRecord(seq, kind, version, b"", b"", commitment, order_id or PRUNED)
        for seq, kind, version, commitment, order_id in rows
    )
