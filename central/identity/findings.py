"""Card numbers that were masked in what other software sent: what a person is to look at."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, func, select

from agent.core.card_numbers import Finding
from central.ledger.privacy_tables import CARD_NUMBERS_FOUND
from central.ledger.upserts import upsert

SHOWN_MAX = 500
_KEEP = upsert(CARD_NUMBERS_FOUND).on_conflict_do_nothing()
_NEWEST = select(CARD_NUMBERS_FOUND).order_by(
    CARD_NUMBERS_FOUND.c.at.desc(), CARD_NUMBERS_FOUND.c.source, CARD_NUMBERS_FOUND.c.line
)


class Found(msgspec.Struct, frozen=True):
    """One card number that was masked before anything was kept."""

    source: str
    """`sale/ID` or `channel/event`: whose software writes card numbers where none may be."""
    path: str
    """As in the document: `tenders[0].reference`."""
    form: str
    """`number`, or `track`: what a magnetic stripe says."""
    digits: int
    shown: str
    """Its last four."""
    scheme: str | None
    at: str
    """HQ's time."""


def note_found(conn: Connection, source: str, findings: Iterable[Finding], now: str) -> None:
    """Put on record what was masked; the same document again adds nothing."""
    rows = [
        msgspec.structs.asdict(finding) | {"source": source, "line": line, "at": now}
        for line, finding in enumerate(findings, 1)
    ]
    if rows:
        conn.execute(_KEEP, rows)


def found_newest(conn: Connection, limit: int = SHOWN_MAX) -> list[Found]:
    """List what was masked, the newest first."""
    names = Found.__struct_fields__
    rows = conn.execute(_NEWEST.limit(limit))
    return [Found(**{name: getattr(row, name) for name in names}) for row in rows]


def found_count(conn: Connection) -> int:
    """Count the card numbers that were masked."""
    return int(conn.execute(select(func.count()).select_from(CARD_NUMBERS_FOUND)).scalar_one())
