from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.contracts.devices import PrintOutcome
from drivers.printers.codecs.status import (
    AnswerReader,
    Kind,
    Query,
    condition,
    error_detail,
    question,
)

FINE = 0x12

# Answers as captured from the fixed bits of the reference, spaced by answer.
STREAM = bytes.fromhex("12160014 00 00 0f10 00 12 00 00726011 13 80")
KINDS = [
    (Kind.REAL_TIME, "12"),
    (Kind.REAL_TIME, "16"),
    (Kind.FENCE, "00"),
    (Kind.ASB, "1400000f"),
    (Kind.REAL_TIME, "12"),  # sent at once, in the midst of the status that follows
    (Kind.ASB, "10000000"),
    (Kind.REAL_TIME, "72"),
    (Kind.FENCE, "60"),
    (Kind.OTHER, "11"),
    (Kind.OTHER, "13"),
    (Kind.OTHER, "80"),
]


def sorted_out(chunks):
    reader = AnswerReader()
    return [(each.kind, each.data.hex()) for chunk in chunks for each in reader.feed(chunk)]


def test_answers_are_told_apart():
    """The answer to one question would be taken for that to another: paper out for printed."""
    assert KINDS == sorted_out([STREAM])


@given(st.lists(st.integers(0, len(STREAM)), max_size=6).map(sorted))
def test_cutting_the_answers_changes_nothing(cuts):
    """A slow line would change what a printer says."""
    chunks = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
    assert KINDS == sorted_out(chunks)


@given(st.binary(max_size=64))
def test_any_bytes_are_taken(noise):
    """Nonsense on the line would end the conversation with a bug instead of a result."""
    assert sorted_out([noise]) == sorted_out([bytes((byte,)) for byte in noise])


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({}, PrintOutcome.SUCCESS),
        ({"paper": 0x1E}, PrintOutcome.SUCCESS),
        ({"cause": 0x16, "paper": 0x72}, PrintOutcome.COVER_OPEN),
        ({"paper": 0x72}, PrintOutcome.PAPER_EMPTY),
        ({"cause": 0x32}, PrintOutcome.PAPER_EMPTY),
        ({"cause": 0x52, "printer": 0x1A}, PrintOutcome.ERROR),
        ({"printer": 0x1A}, PrintOutcome.OFFLINE),
        ({"cause": 0x1A}, PrintOutcome.OFFLINE),
    ],
)
def test_conditions(answers, outcome):
    """A receipt would be sent to a printer that cannot print it, or held from one that can."""
    found = condition(**{"printer": FINE, "cause": FINE, "paper": FINE, **answers})
    assert outcome == found.outcome
    assert bool(answers) == bool(found.detail)


@pytest.mark.parametrize(
    ("cause", "says"),
    [(0x1A, "cutter"), (0x32, "cannot be cleared"), (0x52, "hot"), (0x16, "cover")],
)
def test_errors_say_what_to_do(cause, says):
    """The cashier would see an error without knowing what to press."""
    assert says in error_detail(cause)


def test_questions():
    """The printer would be asked something else."""
    assert ["100401", "100402", "100403", "100404"] == [question(each).hex() for each in Query]
