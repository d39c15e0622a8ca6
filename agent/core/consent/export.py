"""A person's own data as one JSON document with a schema version; the readable page is made of it.

Amounts are integers in minor units of the currency beside them, times UTC (ISO 8601), days
`2026-11-22`. A later version adds fields and sections, and changes the meaning of none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from agent.core.consent.notice import Controller, Use
from agent.core.consent.retention import DataClass, Rule
from agent.core.consent.rights import Kind
from agent.core.consent.sections import SECTIONS, Section
from agent.core.faults import InputFault
from agent.core.identifiers import PartyId

SCHEMA = "till-agent/person"
VERSION = 1
_ENCODER = msgspec.json.Encoder(order="deterministic")

Value = str | int | bool | None
"""Of one field; whatever is more than one value is rows of a section of its own."""
Row = dict[str, Value]
_Rules = Mapping[DataClass, Rule]


class Table(msgspec.Struct, frozen=True):
    """One section as it is handed over."""

    section: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    """Every row has every column; what is not known is null."""
    kept: str = ""
    """For how long, and why, after the person has asked for erasure."""


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What must be said beside the data (GDPR, Article 15(1) and (2)); of portability only who."""

    controller: Controller
    uses: tuple[Use, ...] = ()
    """Purposes with their ground, data, recipients and retention: (a), (b), (c), (d)."""
    rights: tuple[str, ...] = ()
    """(e)"""
    authority: str = ""
    """Where to complain: (f)."""
    sources: tuple[str, ...] = ()
    """Where data came from that the person did not give: (g)."""
    automated: str = ""
    """Whether anything is decided by a program alone, and by which logic: (h)."""


class PersonExport(msgspec.Struct, frozen=True):
    """The document."""

    kind: Kind
    """`access` or `portability`."""
    request_id: str
    made_at: str
    party_id: PartyId
    """The id the person has today."""
    party_ids: tuple[PartyId, ...]
    """And every one that was ever theirs."""
    about: About
    tables: tuple[Table, ...]
    schema: str = SCHEMA
    version: int = VERSION


def export(
    kind: Kind,
    rows: Mapping[str, Iterable[Mapping[str, Value]]],
    *,
    request_id: str,
    made_at: str,
    party_id: PartyId,
    party_ids: Iterable[PartyId],
    about: About,
    rules: _Rules,
) -> PersonExport:
    """Put a document together.

    Args:
        kind: `access`, or `portability`.
        rows: section → rows, in the order they are to be read; sections with nothing may be left
            out, and stand there empty: that nothing is held is an answer, too.
        request_id: which request it answers.
        made_at: UTC.
        party_id: the canonical id.
        party_ids: every id of the person.
        about: what stands beside the data.
        rules: what becomes of each class of data when the person asks to go.

    Returns:
        The document; of `portability` only the sections the person gave or did themselves.

    Raises:
        InputFault: `no-export`: another kind of request; `section-unknown`; `field-unknown`: a
            field that is not to leave the shop.
    """
    if kind not in (Kind.ACCESS, Kind.PORTABILITY):
        raise InputFault(
            f"a request to {kind.value} is not answered by an export",
            remedy="ask for access or portability",
            name="no-export",
        )
    if unknown := sorted(set(rows) - set(SECTIONS)):
        raise _unknown("section", f"no section is called {unknown[0]!r}")
    shown = [each for each in SECTIONS.values() if each.portable or kind is Kind.ACCESS]
    return PersonExport(
        kind=kind,
        request_id=request_id,
        made_at=made_at,
        party_id=party_id,
        party_ids=tuple(sorted({party_id, *party_ids})),
        about=about if kind is Kind.ACCESS else About(about.controller),
        tables=tuple(_table(each, rows.get(each.name, ()), rules) for each in shown),
    )


def export_bytes(document: PersonExport) -> bytes:
    """Write the document as deterministic JSON: the same data give the same bytes."""
    return _ENCODER.encode(document)


def export_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the document."""
    return msgspec.json.schema(PersonExport)


def _table(section: Section, rows: Iterable[Mapping[str, Value]], rules: _Rules) -> Table:
    return Table(
        section=section.name,
        text=section.text,
        columns=section.fields,
        rows=tuple(_row(section, row) for row in rows),
        kept=_kept(rules.get(section.data_class)),
    )


def _row(section: Section, row: Mapping[str, Value]) -> Row:
    if unknown := sorted(set(row) - set(section.fields)):
        raise _unknown("field", f"the section {section.name} has no field {unknown[0]!r}")
    return {field: row.get(field) for field in section.fields}


def _kept(rule: Rule | None) -> str:
    if rule is None or not rule.reason:
        return ""
    return f"{rule.reason} ({rule.law})"


def _unknown(what: str, detail: str) -> InputFault:
    return InputFault(
        f"{detail}, so nothing was handed out",
        remedy="add it to the table of sections, if a person may see it, or leave it away",
        name=f"{what}-unknown",
    )
