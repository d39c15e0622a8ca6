"""Letting go of bodies that HQ holds for good: the chain stays, the text leaves.

Only what HQ has declared *safe* may go, because an HQ that is restored from its oldest backup
would ask for anything above; and of that only what is older than the shop keeps for returns. Age
is counted in closings of the till, never by a clock (P11).
"""

from __future__ import annotations

from agent.core.entries.bodies import SaleAttributed, TillClosed
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS, SALES, SIDE
from agent.core.faults import Fault, NotFoundFault, StateFault
from agent.core.identifiers import JournalId, TillId
from agent.journal import sales
from agent.journal.connection import Connection
from agent.journal.lineage import Member, lineage
from agent.journal.tails import SEQ_BITS, SEQ_MAX

LIMIT = 500
"""Bodies per transaction: a sale that comes in between waits no longer than for another sale."""
_CLOSING = KINDS[TillClosed].kind
_TIE = KINDS[SaleAttributed].kind


def pruned_seq(conn: Connection, journal_id: JournalId) -> int:
    """Tell up to which entry bodies were pruned; 0 while none was.

    Raises:
        NotFoundFault: `no-such-journal`.
    """
    return _marks(conn, journal_id)[1]


def prune(conn: Connection, journal_id: JournalId, upto_seq: int, limit: int = LIMIT) -> int:
    """Let go of some bodies, oldest first; call it again while it gives `limit`.

    Args:
        conn: within the writer's transaction.
        journal_id: an open or a sealed journal.
        upto_seq: the last entry that may go: at most what HQ has declared safe.
        limit: how many entries at most.

    Returns:
        How many entries the mark moved on by.

    Raises:
        StateFault: `not-safe`: HQ has not declared so much safe; `day-open`: it belongs to a day
            that was not closed yet. Nothing was pruned.
        NotFoundFault: `no-such-journal`.
    """
    number, mark, tail, safe, closed = _marks(conn, journal_id)
    if upto_seq > closed:
        raise StateFault(
            f"entry {upto_seq} of journal {journal_id} belongs to a day that was not closed yet",
            remedy="nothing was pruned; close the till first",
            name="day-open",
        )
    if upto_seq > min(safe, tail):
        raise StateFault(
            f"of journal {journal_id} HQ has declared entry {min(safe, tail)} safe, not {upto_seq}",
            remedy="nothing was pruned; backups at HQ (`till-central backup`) move what is safe",
            name="not-safe",
        )
    upto = min(upto_seq, mark + limit)
    if upto <= mark:
        return 0
    conn.execute(
        "INSERT INTO pruned (journal, upto_seq, upto_hash)"
        " SELECT journal, seq, hash FROM chain WHERE journal = ? AND seq = ?"
        " ON CONFLICT (journal) DO UPDATE SET upto_seq = excluded.upto_seq,"
        " upto_hash = excluded.upto_hash",
        (number, upto),
    )
    conn.execute(
        "DELETE FROM body WHERE place > ? AND place <= ?",
        (number << SEQ_BITS | mark, number << SEQ_BITS | upto),
    )
    return upto - mark


def retention_floor(conn: Connection, journal_id: JournalId, keep_days: int) -> int:
    """Tell which entry is the last one older than so many business days.

    A business day ends with the till's closing (`till.closed`); those of successor journals count
    for their predecessors. A `side` journal is as old as the sales it speaks of.

    Args:
        conn: any connection.
        journal_id: an open or a sealed journal.
        keep_days: closings that must have followed; 0 gives the last closing itself.

    Returns:
        A seq; 0 where nothing is so old.

    Raises:
        NotFoundFault: `no-such-journal`.
    """
    row = conn.execute("SELECT no, till, lane FROM journal WHERE id = ?", (journal_id,)).fetchone()
    if row is None:
        raise _unknown(journal_id)
    number, till, lane = row
    if lane == SIDE:
        return _side_floor(conn, number, till, keep_days)
    floors = _floors(conn, till, keep_days)
    return floors.get(number, 0)


def _floors(conn: Connection, till: TillId, keep_days: int) -> dict[int, int]:
    """Give of every `sales` journal of a till's line the last entry that is old enough."""
    floors: dict[int, int] = {}
    after = 0
    for member in lineage(conn, till, SALES):
        floors[member.number] = _floor(conn, member, keep_days - after)
        after += _closings(conn, member)
    return floors


def _floor(conn: Connection, member: Member, closings: int) -> int:
    """Find the last entry that at least so many closings of its own journal follow."""
    if closings <= 0 and not _is_open(conn, member):
        return member.tail_seq
    row = conn.execute(
        "SELECT seq FROM chain WHERE journal = ? AND kind = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
        (member.number, _CLOSING, max(0, closings)),
    ).fetchone()
    return 0 if row is None else int(row[0])


def _is_open(conn: Connection, member: Member) -> bool:
    row = conn.execute("SELECT sealed FROM journal WHERE no = ?", (member.number,)).fetchone()
    return row is not None and row[0] == 0


def _closings(conn: Connection, member: Member) -> int:
    row = conn.execute("SELECT z_number FROM head WHERE no = ?", (member.number,)).fetchone()
    return 0 if row is None else int(row[0])


def _side_floor(conn: Connection, number: int, till: TillId, keep_days: int) -> int:
    """Find the newest attribution of a sale that is old enough: all before it is older still."""
    floors, below = _floors(conn, till, keep_days), SEQ_MAX
    while page := _ties(conn, number, below):
        for seq, kind, version, text in page:
            if _is_old(conn, floors, kind, version, text):
                return seq
        below = page[-1][0]
    return 0


def _ties(conn: Connection, number: int, below: int) -> list[tuple[int, int, int, bytes]]:
    return conn.execute(
        "SELECT c.seq, c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.kind = ? AND c.seq < ? ORDER BY c.seq DESC LIMIT ?",
        (number, _TIE, below, LIMIT),
    ).fetchall()


def _is_old(conn: Connection, floors: dict[int, int], kind: int, version: int, text: bytes) -> bool:
    try:
        body = decode(kind, version, text)
    except Fault:
        return False
    if not isinstance(body, SaleAttributed):
        return False
    place = sales.place(conn, body.sale_id)
    return place is not None and place[1] <= floors.get(place[0], 0)


def _marks(conn: Connection, journal_id: JournalId) -> tuple[int, int, int, int, int]:
    """Read a journal's number, its mark, its end, what is safe of it, and what is of closed days.

    What an open `sales` journal holds since its last closing is still added up.
    """
    row = conn.execute(
        "SELECT h.no, coalesce(p.upto_seq, 0), h.tail_seq, coalesce(a.safe_seq, 0),"
        " iif(h.lane = ? AND h.sealed = 0, h.closed_seq, h.tail_seq) FROM head h"
        " LEFT JOIN pruned p ON p.journal = h.no LEFT JOIN acked a ON a.journal = h.no"
        " WHERE h.id = ?",
        (SALES, journal_id),
    ).fetchone()
    if row is None:
        raise _unknown(journal_id)
    return row[0], row[1], row[2], row[3], row[4]


def _unknown(journal_id: JournalId) -> NotFoundFault:
    return NotFoundFault(
        f"journal {journal_id} is not on this agent",
        remedy="`till-agent journal verify` lists those that are",
        name="no-such-journal",
    )
