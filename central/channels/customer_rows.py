"""Customers from a CSV of another system: each row by itself, found again by its source id.

What a customer said at a till or on the web is stronger than a record: an import fills what is
empty and corrects what an earlier import said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.rows import Columns, Problem, Row
from central.channels.csv_rows import ImportReport
from central.channels.csv_source import CsvSource, Place, source_of
from central.channels.customer_keeping import Told, keep_some
from central.channels.import_runs import Run, Watch, utc_now
from central.channels.person import REGION, WORD_CHARACTERS, NewId, new_party_id
from central.channels.slices import Kept, keep_in_slices
from central.identity.parties import Origin

COLUMNS = Columns(
    required=("source_id", "name"),
    optional=(
        "card",
        "phone",
        "email",
        "birth_date",
        "street",
        "postcode",
        "city",
        "country",
        "tier",
        "points",
        "consents",
    ),
)
KIND = "customers"
SOURCE = "import"
SLICE = 200
POINTS_DIGITS_MAX = 12
_ISO_DATE_CHARACTERS = 10
_CONSENT = re.compile(r"([a-z_-]+)/([a-z_-]+)=(yes|no)")
_ATTRIBUTES = (
    *("name", "birth_date", "street", "postcode", "city"),
    *("tier", "points", "phone", "email"),
)


def import_customers(
    engine: Engine,
    path: Path,
    *,
    new_id: NewId = new_party_id,
    watch: Watch = lambda _progress: None,
) -> ImportReport:
    """Take customers from a file, and tell their cards to all tills; goes on where it was cut off.

    Args:
        engine: the ledger; see `slices` for how others get on beside a long file.
        path: a CSV with a header, see `COLUMNS`. `consents` holds answers like
            `marketing/email=yes profiling/any=no`; phones are read as dialled in `country`.
        new_id: makes the id of a person met for the first time.
        watch: is told how far it has come.

    Returns:
        Counts of customers, of earlier attempts too; each row that was left out, and each field
        that could not be used, with line and reason.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        ImportUnderWay: another program is importing the same file.
        LedgerBusy: the database was; what is said to be in stays, and the call may be repeated.
    """
    with source_of(path) as source:
        run = Run(engine, KIND, source, watch)
        customers = _Customers(source, run, Origin(SOURCE, utc_now()), new_id)
        keep_in_slices(engine, customers.told(), SLICE, customers.keep, customers.kept)
        return run.end()


class _Customers:
    """The customers of one file, from the row on where an earlier attempt came to."""

    def __init__(self, source: CsvSource, run: Run, origin: Origin, new_id: NewId) -> None:
        self._source, self._run = source, run
        self._origin, self._new_id = origin, new_id

    def told(self) -> Iterator[tuple[Told, Place]]:
        """Read the rows that can be used at all, each with its end."""
        for row, end in self._source.rows(COLUMNS, self._run.place):
            try:
                yield _told(row), end
            except InputFault as fault:
                problem = Problem(row.line, fault.detail, fault.remedy)
                self._source.problems.append(problem)

    def keep(self, conn: Connection, some: Sequence[tuple[Told, Place]]) -> Kept:
        """Keep some of them; what could not be used of them goes to the ledger, too."""
        kept = keep_some(conn, [told for told, _ in some], self._origin, self._new_id)
        self._run.keep(conn, some[-1][1], kept.counts, kept.problems)
        return Kept(kept.counts, [])

    def kept(self, some: Sequence[tuple[Told, Place]], kept: Kept) -> None:
        """Take note that they are in."""
        self._run.kept(some[-1][1], kept.counts)


def _told(row: Row) -> Told:
    """Read a row.

    Raises:
        InputFault: it cannot be used at all.
    """
    fields, consents = _checked(row), _consents(row)
    usable, unusable = _identifiers(row)
    if fields["birth_date"] and not _is_date(fields["birth_date"]):
        fields["birth_date"] = None
        unusable.append("birth_date left out: this is no date, write it like 1980-01-31")
    source_id = row.fields["source_id"]
    return Told(row.line, source_id, fields, consents, tuple(usable), tuple(unusable))


def _checked(row: Row) -> dict[str, str | None]:
    """Read the fields that are kept as they are.

    Raises:
        InputFault: the row has no source id or no name, a far too long text, or impossible points.
    """
    for name in COLUMNS.required:
        row.needed(name)
    for name in ("source_id", *_ATTRIBUTES):
        if len(row.text(name) or "") > WORD_CHARACTERS:
            raise InputFault(
                f"{name} has more than {WORD_CHARACTERS} characters",
                remedy="check that no columns ran into one another",
            )
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


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == _ISO_DATE_CHARACTERS


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
