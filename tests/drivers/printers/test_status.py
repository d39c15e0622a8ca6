from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.contracts.devices import PrintOutcome
from drivers.printers.codecs.condition import judge
from drivers.printers.codecs.status import (
    AnswerReader,
    Kind,
    Query,
    asb_sensors,
    has_error,
    question,
    sensors,
)

FINE = 0x12

# Answers as captured from the fixed bits of the reference, spaced by answer.
STREAM = bytes.fromhex(
    "12160014 00 00 0f10 00 12 00 00726011 13 80 37 22 61 12 62 63 6400 37 80 5f 23"
)
KINDS = [
    (Kind.REAL_TIME, "12"),
    (Kind.REAL_TIME, "16"),
    (Kind.FENCE, "00"),
    (Kind.ASB, "1400000f"),
    (Kind.REAL_TIME, "12"),  # sent at once, in the midst of the status that follows
    (Kind.ASB, "10000000"),
    (Kind.REAL_TIME, "72"),
    (Kind.FENCE, "60"),
    (Kind.OTHER, "80"),  # XON and XOFF before it are left out
    (Kind.REAL_TIME, "12"),  # in the midst of the id that follows
    (Kind.ID, "37226162636400"),
    (Kind.OTHER, "37"),
    (Kind.OTHER, "80"),
    (Kind.OTHER, "5f"),  # no name was asked for
    (Kind.STAR, "23"),
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
    assert sorted_out([STREAM]) == sorted_out(chunks)


@given(st.binary(max_size=64), st.booleans())
def test_any_bytes_are_taken(noise, named):
    """Nonsense on the line would end the conversation with a bug instead of a result."""
    whole, bytewise = AnswerReader(), AnswerReader()
    whole.expects_names = bytewise.expects_names = named
    expected = whole.feed(noise)
    assert expected == [each for byte in noise for each in bytewise.feed(bytes((byte,)))]


def test_names():
    """The technician would not see what the printer calls itself."""
    reader = AnswerReader()
    reader.expects_names = True
    said = reader.feed(b"\x5fEPSON\x00\x5fTM-T20II\x00\x12\x5f" + b"x" * 80 + b"\x00")
    assert [Kind.NAME, Kind.NAME, Kind.REAL_TIME, Kind.OTHER, Kind.FENCE] == [
        each.kind for each in said
    ]
    assert [b"EPSON", b"TM-T20II"] == [each.data for each in said[:2]]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({}, PrintOutcome.SUCCESS),
        ({"paper": 0x1E}, PrintOutcome.SUCCESS),
        ({"cause": 0x16, "paper": 0x72}, PrintOutcome.COVER_OPEN),
        ({"paper": 0x72}, PrintOutcome.PAPER_EMPTY),
        ({"cause": 0x32}, PrintOutcome.PAPER_EMPTY),
        ({"cause": 0x52, "printer": 0x1A, "error": 0x12}, PrintOutcome.ERROR),
        ({"printer": 0x1A}, PrintOutcome.OFFLINE),
        ({"cause": 0x1A}, PrintOutcome.OFFLINE),
    ],
)
def test_conditions(answers, outcome):
    """A receipt would be sent to a printer that cannot print it, or held from one that can."""
    found = judge(sensors(**{"printer": FINE, "cause": FINE, "paper": FINE, **answers}))
    assert outcome == found.outcome
    assert bool(answers) == bool(found.detail)
    assert found.drawer_high is False


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("1000000f", PrintOutcome.SUCCESS),
        ("1000030f", PrintOutcome.SUCCESS),
        ("3800000f", PrintOutcome.COVER_OPEN),
        ("18000c0f", PrintOutcome.PAPER_EMPTY),
        ("1808000f", PrintOutcome.ERROR),
        ("1800000f", PrintOutcome.OFFLINE),
        ("5000000f", PrintOutcome.OFFLINE),
    ],
)
def test_automatic_status(status, outcome):
    """What the printer tells by itself would mean something else than what it answers."""
    assert outcome == judge(asb_sensors(bytes.fromhex(status))).outcome


def test_the_drawer_switch():
    """An open drawer would be told as shut, or the other way round."""
    asked = judge(sensors(printer=0x16, cause=FINE, paper=FINE))
    told = judge(asb_sensors(bytes.fromhex("1400000f")))
    assert asked == told
    assert told.drawer_high


@pytest.mark.parametrize(
    ("cause", "says"),
    [(0x1A, "cutter"), (0x32, "cannot be cleared"), (0x52, "hot"), (0x12, "cover")],
)
def test_errors_say_what_to_do(cause, says):
    """The cashier would see an error without knowing what to press."""
    assert says in judge(sensors(printer=FINE, cause=0x52, paper=FINE, error=cause)).detail
    assert has_error(0x52)
    assert not has_error(FINE)


def test_questions():
    """The printer would be asked something else."""
    assert ["100401", "100402", "100403", "100404"] == [question(each).hex() for each in Query]
