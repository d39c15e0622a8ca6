"""What a Z report covers: everything its till wrote since it was closed before.

Where a journal was succeeded in the middle of a period, the period begins in the predecessor: with
what both sides agreed on, and with what the successor carried of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, or_, select, true

from central.ledger.customer_tables import Z_REPORTS
from central.ledger.report_tables import CARRIED, SUCCESSIONS

SEQ_MAX = 2**63 - 1


class Part(NamedTuple):
    """A stretch of one journal, both ends left out."""

    journal_id: str
    after: int
    before: int = SEQ_MAX
    successor: str = ""
    """Of a predecessor: who carried what it holds above `agreed`."""
    agreed: int = 0


def parts_of(conn: Connection, journal_id: str, seq: int) -> tuple[Part, ...]:
    """Tell which stretches of which journals a closing covers, the oldest first.

    Args:
        conn: any open connection.
        journal_id: where the closing was written.
        seq: its number there.
    """
    return tuple(reversed(list(_backwards(conn, Part(journal_id, 0, seq)))))


def within(table: Table, part: Part) -> ColumnElement[bool]:
    """Select the rows of a table, by its `journal_id` and `seq`, that lie in a stretch."""
    seq: ColumnElement[int] = table.c.seq
    stretch = and_(table.c.journal_id == part.journal_id, seq > part.after, seq < part.before)
    return and_(stretch, _shared(seq, part))


def next_closing(conn: Connection, journal_id: str, seq: int) -> tuple[str, int] | None:
    """Find the closing that covers an entry: in its journal, or in one that goes on from it."""
    seen: set[str] = set()
    after = seq
    while journal_id not in seen:
        seen.add(journal_id)
        query = select(func.min(Z_REPORTS.c.seq)).where(
            Z_REPORTS.c.journal_id == journal_id, Z_REPORTS.c.seq >= after
        )
        found = conn.execute(query).scalar_one()
        if found is not None:
            return journal_id, int(found)
        successor = select(SUCCESSIONS.c.journal_id).where(SUCCESSIONS.c.predecessor == journal_id)
        journal_id = conn.execute(successor.limit(1)).scalar_one_or_none() or journal_id
        after = 0
    return None


def _backwards(conn: Connection, part: Part) -> Iterator[Part]:
    seen: set[str] = set()
    while part.journal_id not in seen:
        seen.add(part.journal_id)
        after = _closing_in(conn, part)
        yield part._replace(after=after)
        begun = _succession(conn, part.journal_id)
        if after or begun is None:
            return
        part = Part(begun.predecessor, 0, SEQ_MAX, part.journal_id, begun.seq)


def _closing_in(conn: Connection, part: Part) -> int:
    query = select(func.max(Z_REPORTS.c.seq)).where(within(Z_REPORTS, part))
    return conn.execute(query).scalar_one() or 0


def _succession(conn: Connection, journal_id: str) -> Row[tuple[object, ...]] | None:
    query = select(SUCCESSIONS).where(SUCCESSIONS.c.journal_id == journal_id)
    return conn.execute(query).one_or_none()


def _shared(seq: ColumnElement[int], part: Part) -> ColumnElement[bool]:
    """Of a predecessor: what the successor knows of it, and nothing a copy of it wrote since."""
    if not part.successor:
        return true()
    carried = select(CARRIED.c.seq).where(
        CARRIED.c.journal_id == part.journal_id,
        CARRIED.c.via_journal == part.successor,
        CARRIED.c.at_carrier.is_(False),
    )
    return or_(seq <= part.agreed, seq.in_(carried))
