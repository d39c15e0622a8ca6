"""A packed card comes out as it went in, byte for byte, or it says that it does not."""

from __future__ import annotations

import hashlib
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.exchange import packing
from agent.core.exchange.packing import CARD_BYTES_MAX, packed, unpacked

ID = "019a5555-1111-7000-8000-0123456789ab"
NEARLY = (
    ID.upper(),
    ID[1:],
    "2026-02-31T23:59:59.999Z",
    "2026-13-01T10:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T10:00:00Z",
    "0000-01-01T00:00:00.000Z",
    "7999-12-31T23:59:59.999Z",
    "8000-01-01T00:00:00.000Z",
    "\x01\x02",
)
WORDS = st.lists(st.sampled_from([ID, *NEARLY]) | st.text(max_size=5)).map("".join)


@given(WORDS, st.datetimes())
def test_any_text_comes_out_as_it_went_in(words, at):
    """A customer's card would name another sale, or another day."""
    time = at.isoformat(timespec="milliseconds") + "Z"
    said = msgspec.json.encode([words, time, ID])
    assert said == unpacked(packed(said))


def test_ids_and_times_take_the_room_of_what_they_say():
    """A customer with five sales would take a hundred bytes more at every till."""
    plain = packed(b'{"ver":1}')
    assert len(packed(b'{"ver":1}' + f'"{ID}"'.encode() * 9)) < len(plain) + 9 * 16 + 12
    times = b"".join(b'"2026-11-0%dT12:34:5%d.678Z"' % (n, n) for n in range(1, 10))
    assert len(packed(b'{"ver":1}' + times)) < len(plain) + 9 * 6 + 12


def test_what_was_packed_before_is_unpacked():
    """Whoever was enrolled at a till without HQ would be nobody after its update."""
    before = bytes.fromhex("ab465301d5e99892a8e0589a5e0a4c4f0ade90448e9a0c612699434d32ae0500")
    said = b'{"party_id":"","name":"Ada Augusta King","tier":"gold","points":7,"ver":3}'
    assert said == unpacked(before)


def test_what_lies_beside_is_marked_by_what_no_text_before_began_with():
    """A card packed before would be taken for one with its ids beside it, and lose them."""
    assert b"\x07" == packed(b"")[:1]
    with pytest.raises(zlib.error, match="invalid block type"):
        zlib.decompressobj(-15).decompress(b"\x07" * 9)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x07",
        packed(b"[]")[:-1],
        packed(f'"{ID}"'.encode())[:-1],
        packed(b"A" * (CARD_BYTES_MAX + 1)),
        b"\x07" + zlib.compress(b"[]", wbits=15),
    ],
    ids=["nothing", "mark", "cut", "id", "large", "foreign"],
)
def test_what_is_damaged_says_so(damaged):
    """What is no card would raise what nobody catches, or eat the till's memory."""
    with pytest.raises(msgspec.DecodeError):
        unpacked(damaged)


def test_the_dictionary_of_before_is_the_end_of_todays():
    """A word put behind it would make garbage of every card packed before."""
    former = packing._DICTIONARY[-1038:]
    assert "ae1ab63bb82e0baa" == hashlib.sha256(former).hexdigest()[:16]
