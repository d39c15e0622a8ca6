from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.contracts.devices import PrintOutcome
from drivers.printers.codecs.language import Answer, Fenced, Foreign, Named, Noise, Told
from drivers.printers.codecs.star_status import (
    ASK,
    StarLanguage,
    StatusReader,
    counter,
    star_condition,
)

FINE = bytes.fromhex("23 06 00 00 00 00 00 00 00")
# Version 1 has no counter; a network puts a length and data behind; XON and XOFF in between.
STREAM = bytes.fromhex(
    "230600000000000000 11 0f0200000000 00 23860800000800 0200 0009 30323a420001 10 3b"
    "13 80 23062800 2306 ff 12"
)


def test_statuses_are_cut_at_their_ends():
    """Half of one status would be read as the next: cover open for paper out."""
    said = StatusReader().feed(STREAM)
    answers = [each.data.hex() for each in said if isinstance(each, Answer)]
    assert ["230600000000000000", "0f020000000000", "238608000008000200"] == answers
    assert Foreign("ESC/POS") == said[-1]


@given(st.lists(st.integers(0, len(STREAM)), max_size=6).map(sorted))
def test_cutting_the_stream_changes_nothing(cuts):
    """A slow line would change what a printer says."""
    reader = StatusReader()
    chunks = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
    assert StatusReader().feed(STREAM) == [each for part in chunks for each in reader.feed(part)]


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_taken(noise, named):
    """Nonsense on the line would end the conversation with a bug instead of a result."""
    whole, bytewise = StatusReader(), StatusReader()
    whole.expects_names = bytewise.expects_names = named
    expected = whole.feed(noise)
    assert expected == [each for byte in noise for each in bytewise.feed(bytes((byte,)))]


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_any_conversation_is_taken(chunks):
    """A mad printer would end the conversation with a bug instead of a result."""
    language = StarLanguage()
    for chunk in chunks:
        language.fence(chunk, raw=True)
        language.hear(chunk)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, PrintOutcome.SUCCESS),
        ({5: 0x04}, PrintOutcome.SUCCESS),
        ({2: 0x28}, PrintOutcome.COVER_OPEN),
        ({2: 0x08, 5: 0x08}, PrintOutcome.PAPER_EMPTY),
        ({3: 0x08}, PrintOutcome.ERROR),
        ({3: 0x20}, PrintOutcome.ERROR),
        ({3: 0x40}, PrintOutcome.ERROR),
        ({3: 0x04}, PrintOutcome.ERROR),
        ({4: 0x08}, PrintOutcome.ERROR),
        ({2: 0x08}, PrintOutcome.OFFLINE),
    ],
)
def test_conditions(changes, outcome):
    """A receipt would be sent to a printer that cannot print it, or held from one that can."""
    found = star_condition(bytes(changes.get(at, byte) for at, byte in enumerate(FINE)))
    assert (outcome, False) == (found.outcome, found.drawer_high)
    assert bool(changes) == bool(found.detail)
    assert star_condition(FINE[:2] + b"\x04" + FINE[3:]).drawer_high


def counted(number):
    return FINE[:7] + bytes(((number & 0x18) << 2 | (number & 0x07) << 1,)) + FINE[8:]


def fenced(language, status):
    return Fenced() in language.hear(status)


@given(st.integers(0, 31))
def test_the_counter(number):
    """A fence would be heard that was never sent."""
    assert number == counter(counted(number))
    language = StarLanguage()
    language.hear(counted(number))
    etbs = len(language.fence())
    assert not fenced(language, counted(number))
    assert not fenced(language, counted(0))  # switched off and on
    assert fenced(language, counted((number + etbs) % 32))
    assert not fenced(language, counted((number + etbs) % 32))


def test_a_printer_without_a_counter():
    """An old printer's jobs would stay uncertain for ever."""
    language = StarLanguage()
    old = bytes.fromhex("0f 02 00 00 00 00 00")
    assert not fenced(language, old)
    language.fence()
    assert not fenced(language, old)
    assert fenced(language, old[:2] + b"\x02" + old[3:])


def test_a_second_fence_while_the_first_is_out():
    """A printer roused from half a picture would never be ready again."""
    for number in (1, 2):
        language = StarLanguage()
        language.fence()
        language.fence()
        assert fenced(language, counted(number))


@given(st.integers(0, 31), st.integers(0, 40))
def test_raw_bytes_that_count_themselves(begin, own):
    """A raw job would be called printed because of an ETB of its own."""
    language = StarLanguage()
    language.hear(counted(begin))
    sent = language.fence(b"\x18" + b"\x17" * own, raw=True)
    assert sent.startswith(b"\x1b\x1eE\x00")
    if own <= 14:
        passed = {(start + step) % 32 for start in (begin, 0) for step in range(own + 1)}
        assert not any(fenced(language, counted(number)) for number in passed)
    assert fenced(language, counted(sent.count(b"\x17")))


def test_words():
    """The printer would be asked something else."""
    language = StarLanguage()
    inquiry = language.condition()
    assert ASK == next(inquiry)
    with pytest.raises(StopIteration) as done:
        inquiry.send(FINE)
    assert PrintOutcome.SUCCESS == done.value.value.outcome
    assert [b"\x1b\x1ea\x01", b"\x1b\x1ea\x00"] == [
        language.automatic(on=True),
        language.automatic(on=False),
    ]
    assert b"\x10\x04\x01" == language.probe()
    assert [Answer(FINE), Told(star_condition(FINE))] == language.hear(FINE)


def test_names():
    """The technician would not see what the printer calls itself."""
    language = StarLanguage()
    assert [Noise(b"\x1b")] == language.hear(b"\x1b")
    assert (b"\x1b#*\n\x00",) == language.names()
    assert [Named("TSP650II Ver2.0")] == language.hear(b"\x1b#*,TSP650II Ver2.0\n\x00")
    assert [Noise(b"\x1bx\n\x00")] == language.hear(b"\x1bx\n\x00")
    assert Noise(b"\x1b" + b"y" * 79) == language.hear(b"\x1b" + b"y" * 79)[0]
