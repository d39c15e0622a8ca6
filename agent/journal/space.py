"""The room on the journal's disk, as it is at this moment, and what may be written.

The disk is asked anew each time, for others write on it too; what the journal's own file could take
and how fast it grows is measured now and then by who looks after it (`measure`, `note_closing`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.core.space import DAYS_SEEN, DaySize, Room, Verdict, Work, growth, judge
from agent.journal import database
from agent.journal.connection import Connection
from agent.journal.faults import NoRoom
from agent.journal.reserve import Reserve

KEPT = 2 * DAYS_SEEN
"""Measurements kept."""
MEGABYTE = 1 << 20
LOG_BYTES = database.CHECKPOINT_PAGES * 4096
"""What the log grows to before it is written over from its beginning."""
_MAKE_ROOM = (
    "make room on this machine: `du -xh --max-depth=2 / | sort -h` shows what is large, "
    "`journalctl --vacuum-size=100M` drops old logs; or call your IT. It goes on by itself"
)


class Measured(msgspec.Struct, frozen=True):
    """What the journal's own file says."""

    used: int = 0
    """Bytes of it that hold something."""
    reusable: int = 0
    """Bytes that were freed and are written again, less those that wait to be written into it."""
    closed: int = 0
    """Business days closed, at the till that closed most."""
    growth: int | None = None
    """Bytes a business day takes."""


class Space:
    """What may be written beside one journal.

    Attributes:
        reserve: the file that holds room.
        measured: as the journal's file was last found.
    """

    def __init__(self, reserve: Reserve) -> None:
        self.reserve = reserve
        self.measured = Measured()

    def room(self) -> Room:
        """Measure the disk."""
        reserve = self.reserve
        return Room(reserve.free, self.measured.reusable, reserve.held, reserve.wanted)

    def verdict(self) -> Verdict:
        """Say how bad it is now."""
        return judge(self.room(), self.measured.growth)

    def require(self, work: Work, what: str) -> None:
        """Refuse what would fill the disk.

        Args:
            work: which kind it is.
            what: what is refused, as a sentence's end: "no sale is begun".

        Raises:
            NoRoom: `disk-full`.
        """
        if not self.reserve.wanted:
            return
        verdict = self.verdict()
        if not verdict.allows(work):
            raise NoRoom(f"{self.said(verdict)}: {what}", remedy=_MAKE_ROOM)

    def said(self, verdict: Verdict) -> str:
        """Say what room there is, in a person's words."""
        room, place = verdict.room, self.reserve.path.parent
        held = f"{room.reserve // MEGABYTE} of {room.wanted // MEGABYTE} MB in reserve"
        days = "" if verdict.days is None else f", for some {verdict.days} business days"
        left = max(0, room.usable) // MEGABYTE
        return f"the disk of {place} has {left} MB left for use, {held}{days}"

    def remedy(self) -> str:
        """Say what to do about too little room."""
        return _MAKE_ROOM


def measure(conn: Connection) -> Measured:
    """Measure the journal's own file."""
    page, pages, free = (
        int(conn.execute(f"PRAGMA {name}").fetchall()[0][0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    used, closed = (pages - free) * page, closed_days(conn)
    # What stands in the log alone still has to be written into the file, which grows by it.
    pending = max(0, pages * page - _size(_path(conn)))
    return Measured(used, free * page - pending, closed, growth(_seen(conn), used, closed))


def _path(conn: Connection) -> str:
    path: str = conn.execute("PRAGMA database_list").fetchall()[0][2]
    return path


def _log_to_come(conn: Connection) -> int:
    """Tell how much the log still grows before it is written over: no growth that goes on."""
    return max(0, LOG_BYTES - _size(f"{_path(conn)}-wal"))


def _size(path: str) -> int:
    file = Path(path)
    return file.stat().st_size if file.exists() else 0


def note_closing(conn: Connection, usable: int) -> Measured:
    """Measure once more if a business day was closed since the last time, and keep it.

    Args:
        conn: within the writer's transaction.
        usable: `Room.usable` of now.
    """
    found = measure(conn)
    last = conn.execute("SELECT closed FROM day_size ORDER BY no DESC LIMIT 1").fetchone()
    if found.closed and (last is None or last[0] != found.closed):
        conn.execute(
            "INSERT INTO day_size (closed, used, usable) VALUES (?, ?, ?)",
            (found.closed, found.used, usable - _log_to_come(conn)),
        )
        conn.execute("DELETE FROM day_size WHERE no <= (SELECT max(no) FROM day_size) - ?", (KEPT,))
    return measure(conn)


def closed_days(conn: Connection) -> int:
    """Count the business days closed, at the till that closed most, in all its journals."""
    row = conn.execute(
        "SELECT max(days) FROM (SELECT sum(z_number) AS days FROM head GROUP BY till)"
    ).fetchall()[0]
    return row[0] or 0


def _seen(conn: Connection) -> list[DaySize]:
    rows = conn.execute(
        "SELECT used, usable FROM day_size ORDER BY no DESC LIMIT ?", (DAYS_SEEN,)
    ).fetchall()
    return [DaySize(*row) for row in reversed(rows)]
