"""What HQ does not have yet, computed from the journal itself: tail − acked, never flagged."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import TillId
from agent.journal import Connection, chains, cursors, endings, lineage
from agent.journal.outgoing import backlog_bytes


class LaneBacklog(msgspec.Struct, frozen=True):
    """One journal and how far HQ has it."""

    till: TillId
    lane: str
    entries: int
    """That HQ is to get from this journal itself; of one that has ended, the rest is carried."""
    unsent: int
    journal_id: str = ""
    safe: int = 0
    """Up to here HQ has signed that its backups hold it."""
    unsent_bytes: int = 0
    """About."""
    successor: str = ""
    """The journal that goes on from this one; empty of an open one."""


def backlog(conn: Connection) -> list[LaneBacklog]:
    """Count, for each journal, the entries HQ has not acknowledged."""
    return [_of(conn, head) for head in chains.heads(conn)]


def _of(conn: Connection, head: chains.Head) -> LaneBacklog:
    due = endings.due_seq(conn, head.journal_id)
    found = cursors.acked(conn, head.journal_id)
    acked = min(cursors.held_seq(conn, head.journal_id), due)
    return LaneBacklog(
        head.till,
        head.lane,
        due,
        due - acked,
        head.journal_id,
        safe=0 if found is None else min(found.safe_seq, acked),
        unsent_bytes=backlog_bytes(conn, head.journal_id, acked, due),
        successor=lineage.successor(conn, head.journal_id) or "",
    )
