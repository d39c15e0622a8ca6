"""Customers from a CSV of another system: each row by itself, found again by its source id.

What a customer said at a till or on the web is stronger than a record: an import fills what is
empty and corrects what an earlier import said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, select, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Columns, Problem, Row, rows
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED, ImportReport, opened, report
from central.channels.person import REGION, NewId, new_party_id, taken_note
from central.channels.slices import Kept, keep_in_slices
from central.identity.attributes import (
    Strength,
    attributes_of,
    consent,
    consents_of,
    observe,
)
from central.identity.cards import card_change
from central.identity.parties import (
    Origin,
    canonical,
    ensure,
    find,
    hold_free,
    identifiers_of,
    is_known,
)
from central.ledger.customer_tables import PARTIES
from central.ledger.outbox import GLOBAL, Change, publish_many

COLUMNS = Columns(
    required=("source_id", "name"),
    optional=(
        "card",
        "phone",
        "email",
        "postcode",
        "country",
        "tier",
        "points",
        "consents",
    ),
)
SOURCE = "import"
SLICE = 50
POINTS_DIGITS_MAX = 12
_CONSENT = re.compile(r"([a-z_-]+)/([a-z_-]+)=(yes|no)")
_ATTRIBUTES = ("name", "postcode", "tier", "points", "phone", "email")


class _Told(msgspec.Struct, frozen=True):
    """What a row says of a customer, read before anything is looked up."""

    line: int
    source_id: str
    fields: dict[str, str | None]
    consents: tuple[ConsentGiven, ...]
    identifiers: tuple[Identifier, ...]
    unusable: tuple[str, ...]
    """Why an identifier could not be read."""


def import_customers(engine: Engine, path: Path, *, new_id: NewId = new_party_id) -> ImportReport:
    """Take customers from a file, and tell their cards to all tills.

    Args:
        engine: the ledger; see `slices` for how others get on beside a long file.
        path: a CSV with a header, see `COLUMNS`. `consents` holds answers like
            `marketing/email=yes profiling/any=no`; phones are read as dialled in `country`.
        new_id: makes the id of a person met for the first time.

    Returns:
        Counts of customers; each row that was left out, and each field that could not be used,
        with line and reason.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        LedgerBusy: the database was; what is said to be in stays, and the call may be repeated.
    """
    problems: list[Problem] = []
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    keep = partial(_keep_some, origin=Origin(SOURCE, at), new_id=new_id)
    with opened(path) as file:
        told = _usable(rows(str(path), file, COLUMNS, problems), problems)
        kept = keep_in_slices(engine, told, SLICE, keep)
    return report(path, kept.counts, problems + kept.problems)


def _usable(read: Iterable[Row], problems: list[Problem]) -> Iterator[_Told]:
    for row in read:
        try:
            yield _told(row)
        except InputFault as fault:
            problems.append(Problem(row.line, fault.detail, fault.remedy))


def _told(row: Row) -> _Told:
    """Read a row.

    Raises:
        InputFault: it cannot be used at all.
    """
    fields, consents = _checked(row), _consents(row)
    usable, unusable = _identifiers(row)
    source_id = row.fields["source_id"]
    return _Told(row.line, source_id, fields, consents, tuple(usable), tuple(unusable))


def _keep_some(conn: Connection, told: Sequence[_Told], origin: Origin, new_id: NewId) -> Kept:
    """Keep what some rows say, and publish the cards of those who changed."""
    kept = Kept(Counter(), [])
    changes: list[Change] = []
    for each in told:
        became, party_id, taken = _keep(conn, each, origin, new_id)
        if became != UNCHANGED:
            changes.append(card_change(conn, canonical(conn, party_id)))
        kept.counts.update(("rows", became))
        kept.problems.extend(_field(each.line, note) for note in (*each.unusable, *taken))
    publish_many(conn, GLOBAL, changes)
    return kept


def _keep(
    conn: Connection, told: _Told, origin: Origin, new_id: NewId
) -> tuple[str, str, list[str]]:
    """Find or make the party of a row and keep what the row says.

    Returns:
        What became of it, its id, and what was not linked to it.
    """
    party_id = _party(conn, told.source_id, told.identifiers) or new_id()
    before = _state(conn, party_id)
    ensure(conn, party_id, origin)
    _remember_source(conn, party_id, told.source_id)
    taken = [taken_note(each) for each in hold_free(conn, party_id, told.identifiers, origin)]
    observe(conn, party_id, told.fields, origin, Strength.RECORD)
    consent(conn, party_id, told.consents, origin)
    if before is None:
        return ADDED, party_id, taken
    return (UNCHANGED if before == _state(conn, party_id) else CHANGED), party_id, taken


def _party(conn: Connection, source_id: str, usable: Sequence[Identifier]) -> str | None:
    """Find who this row was before; else who has its identifiers and no other row."""
    known = select(PARTIES.c.party_id).where(PARTIES.c.source_id == source_id)
    party_id = conn.execute(known).scalars().first() or find(conn, usable)
    query = select(PARTIES.c.source_id).where(PARTIES.c.party_id == party_id)
    source = conn.execute(query).scalars().first()
    return party_id if source in (None, source_id) else None


def _remember_source(conn: Connection, party_id: str, source_id: str) -> None:
    of_party = PARTIES.c.party_id == party_id
    conn.execute(update(PARTIES).where(of_party).values(source_id=source_id))


def _state(conn: Connection, party_id: str) -> tuple[object, ...] | None:
    """Give all that an import can change of a party; None of one nobody has met."""
    if not is_known(conn, party_id):
        return None
    fields = {name: seen.value for name, seen in attributes_of(conn, party_id).items()}
    holds = [held.identifier for held in identifiers_of(conn, party_id)]
    return fields, consents_of(conn, party_id), holds


def _checked(row: Row) -> dict[str, str | None]:
    """Read the fields that are kept as they are.

    Raises:
        InputFault: the row has no source id or no name, or impossible points.
    """
    for name in COLUMNS.required:
        row.needed(name)
    points = row.text("points")
    if points is not None and not (
        points.isascii() and points.isdigit() and len(points) <= POINTS_DIGITS_MAX
    ):
        raise InputFault(f"points {points!r} are no number", remedy="write digits, like 250")
    return {name: row.text(name) for name in _ATTRIBUTES}


def _identifiers(row: Row) -> tuple[list[Identifier], list[str]]:
    """Normalise card, e-mail and phone; gives also what could not be read, and why."""
    usable: list[Identifier] = []
    unusable: list[str] = []
    for kind, text in (
        (IdentifierType.LOYALTY_CARD, row.text("card")),
        (IdentifierType.EMAIL, row.text("email")),
        (IdentifierType.PHONE, row.text("phone")),
    ):
        try:
            if text:
                usable.append(normalise(kind, text, row.text("country") or REGION))
        except InputFault as fault:
            unusable.append(f"{kind.value} left out: {fault.detail}")
    return usable, unusable


def _consents(row: Row) -> tuple[ConsentGiven, ...]:
    answers = []
    for text in (row.text("consents") or "").split():
        read = _CONSENT.fullmatch(text)
        if read is None:
            raise InputFault(
                f"consent {text!r} cannot be read", remedy="write it like marketing/email=yes"
            )
        answers.append(ConsentGiven(read[1], read[2], read[3] == "yes"))
    return tuple(answers)


def _field(line: int, reason: str) -> Problem:
    remedy = "correct it and import the file again; the rest of the row was taken"
    return Problem(line, reason, remedy, skipped=False)
