"""What HQ does not have yet, computed from the journal itself: tail − acked, never flagged."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import TillId
from agent.journal import Connection, chains, cursors


class LaneBacklog(msgspec.Struct, frozen=True):
    """One journal and how far HQ has it."""

    till: TillId
    lane: str
    entries: int
    unsent: int


def backlog(conn: Connection) -> list[LaneBacklog]:
    """Count, for each journal, the entries HQ has not acknowledged."""
    return [
        LaneBacklog(head.till, head.lane, head.tail_seq, head.tail_seq - acked)
        for head in chains.heads(conn)
        for acked in [_acked(conn, head)]
    ]


def _acked(conn: Connection, head: chains.Head) -> int:
    found = cursors.acked(conn, head.journal_id)
    return 0 if found is None else min(found.seq, head.tail_seq)
