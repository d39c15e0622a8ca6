"""Customers from a CSV of another system: each row by itself, found again by its source id.

What a customer said at a till or on the web is stronger than a record: an import fills what is
empty and corrects what an earlier import said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Columns, Problem, Row, rows
from central.channels.csv_rows import ImportReport, opened, report
from central.channels.customer_keeping import Told, keep_some
from central.channels.person import REGION, NewId, new_party_id
from central.channels.slices import keep_in_slices
from central.identity.parties import Origin

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
    keep = partial(keep_some, origin=Origin(SOURCE, at), new_id=new_id)
    with opened(path) as file:
        told = _usable(rows(str(path), file, COLUMNS, problems), problems)
        kept = keep_in_slices(engine, told, SLICE, keep)
    return report(path, kept.counts, problems + kept.problems)


def _usable(read: Iterable[Row], problems: list[Problem]) -> Iterator[Told]:
    for row in read:
        try:
            yield _told(row)
        except InputFault as fault:
            problems.append(Problem(row.line, fault.detail, fault.remedy))


def _told(row: Row) -> Told:
    """Read a row.

    Raises:
        InputFault: it cannot be used at all.
    """
    fields, consents = _checked(row), _consents(row)
    usable, unusable = _identifiers(row)
    source_id = row.fields["source_id"]
    return Told(row.line, source_id, fields, consents, tuple(usable), tuple(unusable))


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
