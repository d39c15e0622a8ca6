"""A customer's row says what it was given, in few bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.exchange.people_rows import (
    BEGINNING_BYTES,
    beginnings,
    closed,
    id_of,
    key_of,
    slot_of,
    slots_of,
    written,
)
from agent.core.privacy import Layer, Slot

TOKENS = st.binary(min_size=8, max_size=8)
SLOTS = st.lists(
    st.builds(Slot, TOKENS, st.sampled_from(Layer), st.sampled_from([b"", b"k" * 16, b"f" * 24]))
)


@given(st.uuids().map(str) | st.text())
def test_an_id_comes_out_as_it_went_in(party_id):
    """A customer would be another one, or nobody."""
    assert party_id == id_of(key_of(party_id))


@pytest.mark.parametrize(
    ("party_id", "size"),
    [
        ("0192f3c4-0000-7000-8000-000000000001", 16),
        ("0192F3C4-0000-7000-8000-000000000001", 36),
        ("0192f3c400007000800000000000000001", 34),
        ("0192f3c4-0000-7000-8000-00000000000\n", 36),
        ("sixteen letters.", 16),
    ],
)
def test_only_what_is_written_as_ids_are_is_shortened(party_id, size):
    """Two ids that differ in their letters' case would be one customer."""
    key = key_of(party_id)
    assert (party_id, size) == (id_of(key), len(key))
    assert isinstance(key, bytes) == (party_id == "0192f3c4-0000-7000-8000-000000000001")


@given(SLOTS)
def test_slots_come_out_as_they_went_in(slots):
    """A card would not open by what was presented, or by too little."""
    assert slots == slots_of(written(slots))


def test_a_slot_is_found_by_its_whole_token():
    """Whoever has another's token in its beginning would be taken for them."""
    one, other = Slot(b"aaaaaaaa", Layer.WHOLE, b"k" * 16), Slot(b"aaaabbbb")
    held = written((one, other))
    assert (one, other, None) == tuple(slot_of(held, t) for t in (one.token, other.token, b"a" * 4))
    assert {b"aaaa"} == beginnings(held)
    assert BEGINNING_BYTES == len(b"aaaa")
    assert 25 == len(written((one,)))


def test_closed_slots_say_whose_they_are_and_open_nothing():
    """A customer who has moved away would be enrolled a second time, or read by the till."""
    held = closed(written((Slot(b"aaaaaaaa", Layer.WHOLE, b"k" * 16), Slot(b"bbbbbbbb"))))
    assert [Slot(b"aaaaaaaa"), Slot(b"bbbbbbbb")] == slots_of(held)
    assert b"k" not in held
