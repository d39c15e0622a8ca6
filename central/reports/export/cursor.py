"""Where an export ended: `epoch.place.hash`, and a few places before it.

The hash runs over everything booked up to a place, so that an HQ that was put back to a backup
and booked on differently never passes for the one that was exported. The places before it, ever
farther back, let such an HQ say up to where both still agree.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from agent.core.faults import InputFault, StateFault
from central.ledger.epoch import current_epoch
from central.ledger.report_tables import BOOK_HEADS, BOOKED, STREAM

DISTANCES = (0, 100, 1_000, 10_000, 100_000, 1_000_000)
"""How far before its end a cursor remembers the hash."""
CHARACTERS_MAX = 500


class ExportGone(StateFault):
    """The cursor is of an HQ that had booked something else."""

    name = "export-cursor-gone"
    title = "The export cannot go on from this cursor"


class Cursor(NamedTuple):
    """Where an export ended."""

    epoch: str
    points: tuple[tuple[int, str], ...]
    """Place and running hash, the newest first."""

    def __str__(self) -> str:
        """Write it as it is given with --after."""
        return ".".join([self.epoch, *(f"{place}.{hash_}" for place, hash_ in self.points)])


def read_cursor(text: str) -> Cursor | None:
    """Read a cursor; the empty text is the beginning.

    Raises:
        InputFault: it is none.

    >>> str(read_cursor("1-ab.7.0123"))
    '1-ab.7.0123'
    """
    if not text.strip():
        return None
    epoch, *rest = text.strip().split(".")
    places, hashes = rest[::2], rest[1::2]
    good = len(text) <= CHARACTERS_MAX and bool(rest) and len(places) == len(hashes)
    if not good or not all(place.isascii() and place.isdigit() for place in places):
        raise InputFault(
            f"{text[:80]!r} is no cursor of an export",
            remedy="use the cursor the last export ended with, or leave it out to begin anew",
        )
    return Cursor(epoch, tuple(zip(map(int, places), hashes, strict=True)))


def cursor_at(conn: Connection, place: int) -> Cursor:
    """Write down where an export ends; at place 0 it has not begun."""
    places = [place - distance for distance in DISTANCES if place > distance]
    points = ((each, _hash_at(conn, each)) for each in places)
    found = tuple((each, hash_) for each, hash_ in points if hash_ is not None)
    return Cursor(current_epoch(conn), found or ((0, ""),))


def place_of(conn: Connection, cursor: Cursor | None) -> int:
    """Tell behind which place to go on.

    Raises:
        ExportGone: HQ was put back to a backup since; it says up to where both agree.
    """
    if cursor is None:
        return 0
    place, hash_ = cursor.points[0]
    if _hash_at(conn, place) == hash_:
        return place
    raise _gone(conn, cursor)


def head(conn: Connection) -> int:
    """Tell the last place that was given."""
    query = select(BOOK_HEADS.c.place).where(BOOK_HEADS.c.stream == STREAM)
    return conn.execute(query).scalar_one_or_none() or 0


def _hash_at(conn: Connection, place: int) -> str | None:
    if place == 0:
        return ""
    query = select(BOOKED.c.running_hash).where(BOOKED.c.stream == STREAM, BOOKED.c.place == place)
    hash_: str | None = conn.execute(query).scalar_one_or_none()
    return hash_


def _gone(conn: Connection, cursor: Cursor) -> ExportGone:
    common = next((place for place, hash_ in cursor.points if _hash_at(conn, place) == hash_), 0)
    ended, booked = cursor.points[0][0], head(conn)
    if booked < ended:
        return _not_yet(conn, cursor, booked)
    said = (
        f"the cursor ends at place {ended} of epoch {cursor.epoch}; this HQ (epoch "
        f"{current_epoch(conn)}) was put back to a backup and has booked otherwise since: both "
        f"agree up to place {common}"
    )
    if not common:
        return ExportGone(said, remedy="begin anew: export without --after into empty tables")
    return ExportGone(
        said,
        remedy=f"delete the rows with a place above {common}, then go on with "
        f"--after {cursor_at(conn, common)}",
    )


def _not_yet(conn: Connection, cursor: Cursor, booked: int) -> ExportGone:
    """Say that what was exported may still be on its way back from the tills."""
    return ExportGone(
        f"the cursor ends at place {cursor.points[0][0]} of epoch {cursor.epoch}; this HQ (epoch "
        f"{current_epoch(conn)}) was put back to a backup and has booked up to place {booked} "
        "so far",
        remedy="wait until till-central status says that everything is in, then try again with the "
        "same cursor; if HQ stays below that place even then, begin anew into empty tables",
    )
