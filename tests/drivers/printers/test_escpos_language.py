from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.contracts.devices import PrintOutcome
from drivers.printers.codecs.escpos_language import TICKETS, EscPosLanguage
from drivers.printers.codecs.language import Answer, Fenced, Foreign, Named, Noise, Told


def test_the_fence_by_id():
    """The answer to an earlier job would confirm this one."""
    language = EscPosLanguage(by_id=True, ticket=TICKETS - 1)
    earlier, later = language.fence(), language.fence()
    assert bytes.fromhex("1d284806003030") + b"aaaa" == earlier
    assert bytes.fromhex("1d284806003030") + b"baaa" == later
    assert "GS ( H" == language.fence_name
    assert [Noise(b"")] == language.hear(b"\x37\x22aaaa\x00")
    assert [Noise(b"")] == language.hear(b"\x00")
    assert [Fenced()] == language.hear(b"\x37\x22baaa\x00")


@given(st.integers(0, TICKETS - 1))
def test_no_id_looks_like_a_real_time_answer(ticket):
    """A status that comes in the midst of an id would be taken for part of it."""
    language = EscPosLanguage(by_id=True, ticket=ticket)
    written = language.fence()[-4:]
    assert all(byte & 0x10 == 0 for byte in written)
    said = language.hear(b"\x37\x12\x22" + written[:2] + b"\x12" + written[2:] + b"\x12\x00")
    assert [Answer(b"\x12")] * 3 + [Fenced()] == said


def test_the_fence_by_count():
    """A raw job would be called printed because of a `GS r` of its own."""
    language = EscPosLanguage()
    assert (b"\x1dr\x01", "GS r") == (language.fence(), language.fence_name)
    assert [Fenced(), Noise(b"")] == language.hear(b"\x00\x0c")
    assert b"\x1dr\x01" * 3 == language.fence(b"\x1dr\x01..\x1dr\x31", raw=True)
    assert [Noise(b""), Noise(b""), Fenced()] == language.hear(b"\x00\x00\x00")
    assert b"\x1dr\x01" == language.fence(b"\x1dr\x01")


def test_what_is_told():
    """A change the printer tells by itself would be lost."""
    said = EscPosLanguage().hear(b"\x38\x00\x00\x0f\x80\x23\x5f")
    assert PrintOutcome.COVER_OPEN == said[0].condition.outcome
    assert [Told, Noise, Foreign, Noise] == [type(each) for each in said]
    assert b"" == EscPosLanguage().probe()


def test_names():
    """The technician would not see what the printer calls itself."""
    language = EscPosLanguage()
    assert (b"\x1dI\x42", b"\x1dI\x43") == language.names()
    assert [Named("EPSON"), Answer(b"\x12")] == language.hear(b"\x5fEPSON\x00\x12")


@pytest.mark.parametrize(("on", "expected"), [(True, "1d61ff"), (False, "1d6100")])
def test_automatic_status(on, expected):
    """The printer would stay silent about its state, or talk when nobody listens."""
    assert expected == EscPosLanguage().automatic(on=on).hex()


@given(st.lists(st.binary(max_size=20), max_size=10), st.booleans())
def test_any_conversation_is_taken(chunks, by_id):
    """A mad printer would end the conversation with a bug instead of a result."""
    language = EscPosLanguage(by_id=by_id)
    for chunk in chunks:
        language.fence(chunk, raw=True)
        language.hear(chunk)
        language.names()
