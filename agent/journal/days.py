"""The till's day: what was recorded since it was last closed, and the number of the next Z.

A day may lie in two journals: one that was sealed in the middle of it, and its successor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agent.core.entries.bodies import Body, EntryCarried, TillClosed
from agent.core.entries.canonical import UnknownKind, UnreadableBody, decode
from agent.core.entries.carried import said
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
    if len(members) == 1 and not members[0].carries:
        return [body for _, body in chains.facts_of(conn, members[0].number, members[0].closed_seq)]
    return _joined(conn, till, members) if members else []


def z_number(conn: Connection, till: TillId) -> int:
    """Give the number of the till's next Z report, contiguous from 1; taken by appending it."""
    row = conn.execute(
        "SELECT z_number + 1 FROM head WHERE till = ? AND lane = ? AND sealed = 0",
        (till, SALES),
    ).fetchone()
    return 1 if row is None else int(row[0])


class _Before:
    """What was recorded before the oldest journal of a day was closed last: other days' business.

    Whatever carries such an entry, and however late, it belongs to its own day.
    """

    def __init__(self, conn: Connection, till: TillId, oldest: Member) -> None:
        rows = conn.execute(
            "SELECT no, id, tail_seq FROM head WHERE till = ? AND lane = ? AND no < ?",
            (till, SALES, oldest.number),
        ).fetchall()
        self._upto = {JournalId(row[1]): int(row[2]) for row in rows}
        self._upto[oldest.journal_id] = oldest.closed_seq
        self._carried = _carried(conn, oldest.number, oldest.closed_seq)
        for row in rows:
            self._carried |= _carried(conn, row[0], SEQ_MAX)

    def __contains__(self, place: _Place) -> bool:
        return place[1] <= self._upto.get(place[0], 0) or place in self._carried


def _joined(conn: Connection, till: TillId, members: list[Member]) -> list[Body]:
    """Read the day over several journals, an entry that was carried once."""
    oldest, *later = reversed(members)
    before, found = _Before(conn, till, oldest), set[_Place]()
    day: list[Body] = []
    for member in (oldest, *later):
        for place, body in _facts(conn, member):
            if body is not None and place not in found and place not in before:
                found.add(place)
                day.append(body)
    closings = [at for at, body in enumerate(day) if isinstance(body, TillClosed)]
    return day[closings[-1] + 1 :] if closings else day


def _carried(conn: Connection, number: int, upto: int) -> set[_Place]:
    """Tell which entries of other journals a journal has carried up to a seq."""
    rows = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ?1 AND c.seq <= ?2 AND c.kind = ?3"
        " AND c.journal IN (SELECT no FROM carrying)",
        (number, upto, KINDS[EntryCarried].kind),
    ).fetchall()
    bodies = (_body(*row) for row in rows)
    return {(body.journal, body.seq) for body in bodies if isinstance(body, EntryCarried)}


def _facts(conn: Connection, member: Member) -> Iterator[tuple[_Place, Body | None]]:
    """Read a journal's facts since it was closed, each under the place it was first written at."""
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? ORDER BY c.seq",
        (member.number, member.closed_seq),
    ).fetchall()
    for seq, kind, version, text in rows:
        body = _body(kind, version, text)
        if isinstance(body, EntryCarried):
            yield (body.journal, body.seq), said(body)
        else:
            yield (member.journal_id, seq), body


def _body(kind: int, version: int, text: bytes) -> Body | None:
    """Read an entry as it stands; None of one that cannot be read (`core.entries.carried.read`)."""
    with suppress(UnknownKind, UnreadableBody):
        return decode(kind, version, text)
    return None
