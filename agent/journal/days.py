"""The till's day: what was recorded since it was last closed, and the number of the next Z.

A day may lie in two journals: one that was sealed in the middle of it, and its successor.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.core.entries.bodies import Body, EntryCarried, TillClosed
from agent.core.entries.canonical import decode
from agent.core.entries.carried import inner
from agent.core.entries.kinds import KINDS, SALES
from agent.core.identifiers import JournalId, TillId
from agent.journal import chains
from agent.journal.connection import Connection
from agent.journal.lineage import Member, lineage
from agent.journal.tails import SEQ_MAX

_Place = tuple[JournalId, int]


def since_opened(conn: Connection, till: TillId) -> list[Body]:
    """Read the `sales` facts after the till's last `till.closed`, in order."""
    members: list[Member] = []
    for member in lineage(conn, till, SALES):
        members.append(member)
        if member.closed_seq:
            break
    if len(members) == 1 and members[0].succeeds is None:
        return [body for _, body in chains.facts_of(conn, members[0].number, members[0].closed_seq)]
    return _joined(conn, members) if members else []


def z_number(conn: Connection, till: TillId) -> int:
    """Give the number of the till's next Z report, contiguous from 1; taken by appending it."""
    row = conn.execute(
        "SELECT z_number + 1 FROM head WHERE till = ? AND lane = ? AND sealed = 0",
        (till, SALES),
    ).fetchone()
    return 1 if row is None else int(row[0])


def _joined(conn: Connection, members: list[Member]) -> list[Body]:
    """Read the day over several journals, an entry that was carried once.

    A journal carries nothing but what its predecessor holds, written or carried: what the oldest
    one held before it was closed belongs to an earlier day, wherever it turns up again.
    """
    oldest, *later = reversed(members)
    found = _carried(conn, oldest, oldest.closed_seq)
    day: list[Body] = []
    for member in (oldest, *later):
        for place, body in _facts(conn, member, member.closed_seq, SEQ_MAX):
            written_before = place[0] == oldest.journal_id and place[1] <= oldest.closed_seq
            if body is not None and not written_before and place not in found:
                found.add(place)
                day.append(body)
    closings = [at for at, body in enumerate(day) if isinstance(body, TillClosed)]
    return day[closings[-1] + 1 :] if closings else day


def _carried(conn: Connection, member: Member, upto: int) -> set[_Place]:
    """Tell which entries of other journals a journal has carried up to a seq."""
    rows = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq <= ? AND c.kind = ?",
        (member.number, upto, KINDS[EntryCarried].kind),
    ).fetchall()
    bodies = (decode(*row) for row in rows)
    return {(body.journal, body.seq) for body in bodies if isinstance(body, EntryCarried)}


def _facts(
    conn: Connection, member: Member, after: int, upto: int
) -> Iterator[tuple[_Place, Body | None]]:
    """Read a journal's facts, each under the place it was first written at."""
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? AND c.seq <= ? ORDER BY c.seq",
        (member.number, after, upto),
    ).fetchall()
    for seq, kind, version, text in rows:
        body = decode(kind, version, text)
        if isinstance(body, EntryCarried):
            yield (body.journal, body.seq), inner(body)
        else:
            yield (member.journal_id, seq), body
