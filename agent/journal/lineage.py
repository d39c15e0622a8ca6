"""A till's lane over all the journals it went through: successors go on where others ended."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.core.exchange.wire import Predecessor
from agent.core.identifiers import JournalId, TillId
from agent.journal.connection import Connection


class Member(msgspec.Struct, frozen=True):
    """One journal of a line."""

    number: int
    journal_id: JournalId
    tail_seq: int
    closed_seq: int
    carries: bool = False
    """Whether entries of other journals may stand in it."""
    succeeds: Predecessor | None = None
    """What it goes on from; None of a till's first journal, or where that is not known."""


def lineage(conn: Connection, till: TillId, lane: str) -> Iterator[Member]:
    """Give the journals of a till's lane, the open one first, then what it succeeds, and so on.

    A predecessor that stands in another file ends the line.
    """
    row = conn.execute(
        "SELECT no FROM journal WHERE till = ? AND lane = ? AND sealed = 0", (till, lane)
    ).fetchone()
    seen: set[int] = set()
    while row is not None and row[0] not in seen:
        seen.add(row[0])
        member = _member(conn, row[0])
        yield member
        row = _before(conn, member)


def predecessor(conn: Connection, journal_id: JournalId) -> Predecessor | None:
    """Tell which journal a journal goes on from, where, and why; None of a till's first one."""
    row = conn.execute(
        "SELECT predecessor, seq, hash, reason FROM succession"
        " WHERE journal = (SELECT no FROM journal WHERE id = ?)",
        (journal_id,),
    ).fetchone()
    return None if row is None else Predecessor(row[0], row[1], row[2].hex(), row[3])


def successor(conn: Connection, journal_id: JournalId) -> JournalId | None:
    """Tell which journal of this file goes on from a journal that has ended; None while none does.

    A journal of another machine's file may name one that is still open here: that is a copy's.
    """
    row = conn.execute(
        "SELECT j.id FROM succession s JOIN journal j ON j.no = s.journal"
        " JOIN journal p ON p.id = s.predecessor AND p.sealed <> 0 WHERE s.predecessor = ?"
        " ORDER BY j.no DESC LIMIT 1",
        (journal_id,),
    ).fetchone()
    return None if row is None else JournalId(row[0])


def _member(conn: Connection, number: int) -> Member:
    row = conn.execute(
        "SELECT id, tail_seq, closed_seq, no IN (SELECT no FROM carrying) FROM head WHERE no = ?",
        (number,),
    ).fetchall()[0]
    return Member(number, row[0], row[1], row[2], bool(row[3]), predecessor(conn, row[0]))


def _before(conn: Connection, member: Member) -> tuple[int] | None:
    if member.succeeds is None:
        return None
    row = conn.execute(
        "SELECT no FROM journal WHERE id = ?", (member.succeeds.journal_id,)
    ).fetchone()
    return None if row is None else (int(row[0]),)
