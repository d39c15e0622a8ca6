"""Customers from a CSV of another system: each row by itself, found again by its source id.

What a customer said at a till or on the web is stronger than a record: an import fills what is
empty and corrects what an earlier import said.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Columns, Problem, Row, rows
from central.channels.csv_rows import ADDED, CHANGED, UNCHANGED, ImportReport, opened, report
from central.channels.person import REGION, NewId, new_party_id, taken_note
from central.identity.attributes import (
    Strength,
    attributes_of,
    consent,
    consents_of,
    observe,
)
from central.identity.cards import publish_card
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
POINTS_DIGITS_MAX = 12
_CONSENT = re.compile(r"([a-z_-]+)/([a-z_-]+)=(yes|no)")
_ATTRIBUTES = ("name", "postcode", "tier", "points", "phone", "email")


def import_customers(conn: Connection, path: Path, *, new_id: NewId = new_party_id) -> ImportReport:
    """Take customers from a file, and tell their cards to all tills.

    Args:
        conn: of `writing`.
        path: a CSV with a header, see `COLUMNS`. `consents` holds answers like
            `marketing/email=yes profiling/any=no`; phones are read as dialled in `country`.
        new_id: makes the id of a person met for the first time.

    Returns:
        Counts of customers; each row that was left out, and each field that could not be used,
        with line and reason.

    Raises:
        InputFault: the file cannot be read at all.
    """
    problems: list[Problem] = []
    counts: Counter[str] = Counter()
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with opened(path) as file:
        for row in rows(str(path), file, COLUMNS, problems):
            try:
                with conn.begin_nested():
                    became = _keep(conn, row, Origin(SOURCE, at), new_id, problems)
                counts.update(("rows", became))
            except InputFault as fault:
                problems.append(Problem(row.line, fault.detail, fault.remedy))
    return report(path, counts, problems)


def _keep(
    conn: Connection, row: Row, origin: Origin, new_id: NewId, problems: list[Problem]
) -> str:
    """Find or make the party of a row and keep what the row says; gives what became of it."""
    fields, consents, source_id = _checked(row), _consents(row), row.fields["source_id"]
    usable, unusable = _identifiers(row)
    party_id = _party(conn, source_id, usable) or new_id()
    before = _state(conn, party_id)
    ensure(conn, party_id, origin)
    _remember_source(conn, party_id, source_id)
    taken = [taken_note(each) for each in hold_free(conn, party_id, usable, origin)]
    observe(conn, party_id, fields, origin, Strength.RECORD)
    consent(conn, party_id, consents, origin)
    problems += [_field(row, note) for note in (*unusable, *taken)]
    if before == _state(conn, party_id):
        return UNCHANGED
    publish_card(conn, canonical(conn, party_id))
    return CHANGED if before else ADDED


def _party(conn: Connection, source_id: str, usable: list[Identifier]) -> str | None:
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


def _field(row: Row, reason: str) -> Problem:
    remedy = "correct it and import the file again; the rest of the row was taken"
    return Problem(row.line, reason, remedy, skipped=False)
