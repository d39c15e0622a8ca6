"""What a person is handed: everything of them, nothing of others, in one stable shape."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent.export import (
    SCHEMA,
    VERSION,
    About,
    PersonExport,
    export,
    export_bytes,
    export_schema,
)
from agent.core.consent.notice import Controller, Use
from agent.core.consent.purposes import Basis
from agent.core.consent.retention import DataClass, rules_of
from agent.core.consent.rights import Kind
from agent.core.consent.sections import SECTIONS
from agent.core.faults import InputFault

ABOUT = About(
    Controller("Shop GmbH", "Hauptstr. 1, Berlin"),
    (Use("marketing", Basis.CONSENT, "Wir schreiben Ihnen."),),
    rights=("Art. 17",),
    authority="BlnBDI",
    automated="Nothing is decided by a program alone.",
)
ROWS = {
    "names": [{"field": "name", "value": "Ada Byron", "source": "till"}],
    "profile": [{"what": "segment", "value": "often", "why": "12 visits in 90 days"}],
    "sales": [{"receipt_no": "s1-t1-ab12-7", "total": 1999, "currency": "EUR"}],
}


def exported(kind=Kind.ACCESS, rows=ROWS):
    return export(
        kind,
        rows,
        request_id="q-1",
        made_at="2026-11-22T10:00:00.000Z",
        party_id="ada",
        party_ids=("ada-2", "ada"),
        about=ABOUT,
        rules=rules_of("DE"),
    )


def test_access_shows_every_section_also_the_empty_ones():
    """The person could not tell what is not held from what was left out."""
    made = exported()
    assert tuple(SECTIONS) == tuple(table.section for table in made.tables)
    assert (SCHEMA, VERSION, ("ada", "ada-2")) == (made.schema, made.version, made.party_ids)
    held = {table.section: len(table.rows) for table in made.tables if table.rows}
    assert {"names": 1, "profile": 1, "sales": 1} == held


def test_portability_hands_over_what_the_person_gave_and_no_conclusions():
    """Another shop would get our profile of the customer, or the customer not their data."""
    made = exported(Kind.PORTABILITY)
    names = {table.section for table in made.tables}
    assert {"names", "sales", "orders", "consents", "loyalty"} < names
    assert not names & {"profile", "service", "reads", "party_ids"}
    assert About(ABOUT.controller) == made.about


def test_every_row_has_every_column():
    """The readable page would shift its columns."""
    sales = next(table for table in exported().tables if table.section == "sales")
    (row,) = sales.rows
    assert sales.columns == tuple(row)
    assert (1999, None) == (row["total"], row["tax"])


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ({"tokens": [{}]}, "section-unknown"),
        ({"names": [{"operator": "a-1"}]}, "field-unknown"),
        ({"reads": [{"reader": "a-1"}]}, "field-unknown"),
    ],
)
def test_what_is_not_in_the_table_does_not_leave_the_shop(rows, name):
    """A token, a colleague's name or another person's id would slip out with a new column."""
    with pytest.raises(InputFault) as caught:
        exported(rows=rows)
    assert name == caught.value.name


def test_only_requests_to_see_are_answered_by_an_export():
    """A request to erase would be answered with a file."""
    with pytest.raises(InputFault) as caught:
        exported(Kind.ERASE)
    assert "no-export" == caught.value.name


def test_the_same_data_give_the_same_bytes_and_are_read_back():
    """Nobody could tell two exports apart by what they hold, or read them later."""
    again = exported(rows=dict(reversed(ROWS.items())))
    assert export_bytes(exported()) == export_bytes(again)
    assert exported() == msgspec.json.decode(export_bytes(again), type=PersonExport)


def test_the_document_says_how_long_each_class_is_kept():
    """The person would not learn what stays after an erasure."""
    kept = {table.section: table.kept for table in exported().tables}
    assert "AO § 147" in kept["invoices"]
    assert "" == kept["names"]
    alone = export(
        Kind.ACCESS,
        {},
        request_id="",
        made_at="",
        party_id="a",
        party_ids=(),
        about=ABOUT,
        rules={},
    )
    assert {""} == {table.kept for table in alone.tables}


def test_the_schema_describes_the_document():
    """Whoever reads the export by program would have nothing to read it by."""
    fields = export_schema()["$defs"]["PersonExport"]["properties"]
    assert set(msgspec.json.decode(export_bytes(exported()))) <= set(fields)


def test_every_class_that_can_be_shown_has_a_section():
    """A class of data would be held, and never shown to whom it is about."""
    shown = {section.data_class for section in SECTIONS.values()}
    inside = {DataClass.SALE, DataClass.SUPPRESSION}
    assert set(DataClass) == shown | inside
