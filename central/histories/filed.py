"""Which entries came as a file: told of those that are late, and in the export."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from central.ledger.archive_tables import ARCHIVE_IMPORTS, PART

IMPORTED = "imported"
_HELD = ARCHIVE_IMPORTS.c
_FILED = select(_HELD.before_seq, _HELD.after_seq).where(
    _HELD.journal_id == bindparam("of_journal"),
    _HELD.outcome == PART,
    _HELD.before_seq < bindparam("last_seq"),
    _HELD.after_seq >= bindparam("first_seq"),
)


def filed_of(conn: Connection, journal_id: str, first: int, last: int) -> tuple[range, ...]:
    """Give the numbers from `first` to `last` of a journal that came as a file."""
    within = {"of_journal": journal_id, "first_seq": first, "last_seq": last}
    return tuple(range(before + 1, after + 1) for before, after in conn.execute(_FILED, within))


def came_by(why: str, seq: int, filed: tuple[range, ...]) -> str:
    """Tell how an entry came; what is said of the whole slice goes first.

    >>> came_by("", 3, (range(1, 4),)), came_by("", 4, (range(1, 4),))
    ('imported', '')
    """
    return why or (IMPORTED if any(seq in numbers for numbers in filed) else "")
