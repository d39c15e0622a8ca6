"""The room on the journal's disk: how bad it is, for how many days it lasts, what must stop.

SQLite cannot even delete on a full disk, so a full disk must never be met unprepared. What others
could do without is refused first, what can wait next, and a sale last: before anybody has paid, and
while there is still room to finish those that are being paid. Days are business days that were
closed, counted in the journal: no clock takes part (P11).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

DAYS_LOW = 21
"""Warned at so many days: the warning must come two weeks ahead, and a week may sell double."""
DAYS_SEEN = 15
"""Closings a forecast looks back on: two whole weeks lie between them."""
SHARE_MAX = 8
"""A reserve takes at most an eighth of the file system, so that a small one can be sold on too."""
_LOW, _SHED, _SALES_ONLY = 8, 4, 2
"""Times the reserve, above it."""
_MARGIN = 16
"""The share of the reserve above which a whole basket is written without touching it."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    LOW = "low"
    """A person should make room; nothing is refused yet."""
    SHED = "shed"
    """What can be had again from HQ is not written any more."""
    SALES_ONLY = "sales-only"
    """Nothing is written that can wait."""
    FULL = "full"
    """No sale is begun; those with money on the counter are finished out of the reserve."""


class Work(StrEnum):
    """What writes to the disk, in the order in which it stops."""

    SNAPSHOTS = "snapshots"
    DELTAS = "deltas"
    """HQ's changes of customers, items and orders."""
    EVENTS = "events"
    """Events of days ago, kept for a page that was away."""
    BACKUPS = "backups"
    """Backups onto this same disk."""
    PICTURES = "pictures"
    """Documents and pictures that other programs hand in to be printed."""
    SIDE = "side"
    """New customers, and notes of who was recognised."""
    SALES = "sales"


_STOPPED = {
    Level.OK: 0,
    Level.LOW: 0,
    Level.SHED: list(Work).index(Work.PICTURES),
    Level.SALES_ONLY: list(Work).index(Work.SALES),
    Level.FULL: len(Work),
}
"""Level → how many kinds of work stop, from the first on."""


class Room(msgspec.Struct, frozen=True):
    """What was measured, in bytes."""

    free: int
    """On the file system, for this user."""
    reusable: int
    """In the journal's own file: pages that were freed and are written again, less those in its log
    that the file still has to grow by; so it can be negative."""
    reserve: int
    """Held by the reserve file."""
    wanted: int
    """What the reserve file should hold; 0: there is to be none, and nothing is refused."""

    @property
    def usable(self) -> int:
        """What may be written before the reserve is needed; negative once it was."""
        return self.free + self.reusable + self.reserve - self.wanted


class DaySize(msgspec.Struct, frozen=True):
    """What was measured when a business day was closed, in bytes."""

    used: int
    """By the journal: its file without the pages that can be written again."""
    usable: int
    """`Room.usable`."""


class Verdict(msgspec.Struct, frozen=True):
    """What follows from the room there is."""

    level: Level
    room: Room
    growth: int | None = None
    """Bytes per business day; None while no day was closed."""
    days: int | None = None
    """Business days until no sale can be begun; None where it cannot be told, or never."""

    @property
    def refused(self) -> tuple[Work, ...]:
        """Name what is not to be done."""
        return tuple(Work)[: _STOPPED[self.level]]

    def allows(self, work: Work) -> bool:
        """Tell whether a kind of work may be done."""
        return work not in self.refused


def reserve_size(asked: int, total: int) -> int:
    """Give how large the reserve is to be.

    Args:
        asked: bytes, by the settings.
        total: size of the file system in bytes.

    >>> reserve_size(64, 1000), reserve_size(64, 400)
    (64, 50)
    """
    return min(asked, total // SHARE_MAX)


def growth(seen: Sequence[DaySize], used: int, closed: int) -> int | None:
    """Give the bytes a business day takes: of the journal, or of the disk if others take more.

    Args:
        seen: what was measured at the last closings, in their order.
        used: by the journal now.
        closed: business days closed since the journal was begun, for a journal that was measured
            at no two closings yet.

    >>> growth([DaySize(100, 900), DaySize(130, 870), DaySize(160, 700)], 170, 9)
    100
    """
    window = seen[-DAYS_SEEN:]
    if len(window) > 1:
        first, last, days = window[0], window[-1], len(window) - 1
        return max(0, _upwards(max(last.used - first.used, first.usable - last.usable), days))
    return _upwards(used, closed) if closed else None


def judge(room: Room, per_day: int | None) -> Verdict:
    """Say how bad it is.

    Args:
        room: as measured now.
        per_day: `growth`.
    """
    left = room.usable - room.wanted // _MARGIN
    days = max(0, left) // per_day if per_day else None
    return Verdict(_level(room, left, days), room, per_day, days)


def _level(room: Room, left: int, days: int | None) -> Level:
    if left < 0:
        return Level.FULL
    for level, times in ((Level.SALES_ONLY, _SALES_ONLY), (Level.SHED, _SHED), (Level.LOW, _LOW)):
        if room.usable < times * room.wanted:
            return level
    return Level.LOW if days is not None and days <= DAYS_LOW else Level.OK


def _upwards(value: int, by: int) -> int:
    return -(-value // by)
