"""Rows of a CSV: every good one is read, every bad one is named with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.rows import Columns, Row, rows

COLUMNS = Columns(required=("id", "name"), optional=("colour",))


def read(text):
    problems = []
    return list(rows("x.csv", text.splitlines(keepends=True), COLUMNS, problems)), problems


def test_rows_carry_their_line_and_their_fields_without_blanks():
    """A trouble would be looked for in the wrong line."""
    found, problems = read("ID , Name\n1, Tea \n\n , \n2,Milk\n")
    assert found == [Row(2, {"id": "1", "name": "Tea"}), Row(5, {"id": "2", "name": "Milk"})]
    assert problems == []


def test_quoted_field_over_two_lines_is_no_text():
    """A lost quote would join two rows into one name."""
    found, problems = read('id,name\n1,"Tea\nand milk"\n2,Milk\n')
    assert [row.line for row in found] == [4]
    assert [(problem.line, problem.skipped) for problem in problems] == [(2, True)]
    assert "no text" in problems[0].reason


def test_semicolons_as_the_header_has_them():
    """A file saved by a spreadsheet in Germany could not be read."""
    assert read("id;name\n1;Tea, black\n")[0] == [Row(2, {"id": "1", "name": "Tea, black"})]


def test_field_too_long_and_field_too_many_cost_one_row():
    """One bad row would stop the file."""
    found, problems = read(f"id,name\n1,{'x' * 1001}\n2,a,b\n3,Tea\n")
    assert [row.fields["id"] for row in found] == ["3"]
    assert ["1001 characters", "3 fields"] == [
        problem.reason.removeprefix("name has ").partition(" where")[0] for problem in problems
    ]


def test_line_csv_cannot_read_costs_itself():
    """The CSV reader's own limit would end the import."""
    found, problems = read(f"id,name\n1,{'x' * 200_000}\n2,Tea\n")
    assert [row.line for row in found] == [3]
    assert problems[0].reason.startswith("no CSV")


def test_unknown_columns_are_told_once_and_passed_over():
    """A misspelt column would be ignored without a word."""
    found, problems = read("id,name,colur,xyz\n1,Tea,red,?\n")
    assert found[0].text("colour") is None
    assert [(problem.line, problem.skipped) for problem in problems] == [(1, False), (1, False)]
    assert problems[0].remedy == "did you mean colour?"
    assert problems[1].remedy == "known columns: id, name, colour"


@pytest.mark.parametrize(
    ("text", "name"), [("", "columns-missing"), ("id\n1\n", "columns-missing")]
)
def test_header_without_a_needed_column(text, name):
    """Nobody would know what the file must look like."""
    with pytest.raises(InputFault, match=r"x\.csv has no column") as caught:
        read(text)
    assert caught.value.name == name
    assert "id,name,colour" in caught.value.remedy


def test_column_that_is_there_twice_is_refused():
    """One of two prices would be taken by chance."""
    with pytest.raises(InputFault, match="more than one column name"):
        read("id,name,name\n1,a,b\n")


def test_needed_field():
    """An empty name would get as far as the receipt."""
    row = Row(2, {"id": "1", "name": ""})
    assert (row.needed("id"), row.text("name"), row.text("none")) == ("1", None, None)
    with pytest.raises(InputFault, match="name is empty"):
        row.needed("name")


@given(st.text(max_size=200))
def test_any_text_gives_rows_and_problems_and_never_breaks(text):
    """Garbage for a catalogue would end in a stack trace."""
    found, problems = read("id,name\n" + text)
    assert all(row.line > 1 for row in found)
    assert all(problem.line > 1 and problem.remedy for problem in problems)
