"""The filter of known identifiers: never misses one, and seldom errs."""

from __future__ import annotations

import hmac
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.privacy.bloom import (
    CAPACITY,
    HASHES,
    PIECE_BITS,
    PIECE_BYTES,
    PIECES_MAX,
    build,
    errs_ppm,
    filter_element,
    is_full,
    is_in,
    piece_of,
    pieces_for,
    put_in,
)
from tests.core.privacy.secrets import bytes_of, keys

ELEMENTS = st.lists(st.binary(min_size=32, max_size=32), max_size=30)


def elements(count, seed=1):
    rng = random.Random(seed)
    return [rng.randbytes(32) for _ in range(count)]


def knows(pieces, element):
    return is_in(element, pieces[piece_of(element, len(pieces))])


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_everybody_known_is_known(pieces):
    """Somebody with a card would be enrolled a second time."""
    known = elements(2000)
    made = build(known, pieces)
    assert pieces == len(made)
    assert all(knows(made, one) for one in known)


def test_strangers_are_seldom_taken_for_known():
    """A new customer would be sent away to look for a card they never had."""
    made = build(elements(CAPACITY), 1)
    wrong = sum(knows(made, one) for one in elements(10_000, seed=2))
    assert wrong <= 130  # 0.78 % of 10,000 are 78, with a standard deviation of 9
    assert 6500 < errs_ppm(made[0]) < 9000
    assert 0 == errs_ppm(bytes(PIECE_BYTES))


def test_the_scheme_is_fixed():
    """Tills of another version would look at other bits than HQ set."""
    scope_keys = keys("global")
    one = filter_element(scope_keys, b"s" * 32)
    assert hmac.digest(scope_keys.filter, b"s" * 32, "sha256") == one
    words = [int.from_bytes(one[at : at + 4], "big") for at in range(0, 32, 4)]
    assert words[0] * 1000 // 2**32 == piece_of(one, 1000)
    bits = bytearray(PIECE_BYTES)
    for word in words[1:]:
        place = word * PIECE_BITS // 2**32
        bits[place // 8] |= 1 << place % 8
    made = bytearray(PIECE_BYTES)
    put_in(one, made)
    assert bits == made
    assert HASHES == len(words) - 1


@given(ELEMENTS, ELEMENTS)
def test_the_order_does_not_matter_and_twice_is_once(first, second):
    """Two filters of the same customers would differ, and say who came last."""
    one = build([*first, *second], 3)
    assert one == build([*second, *first, *first], 3)
    later = build(first, 3)
    for each in second:
        put_in(each, later[piece_of(each, 3)])
    assert one == later


def test_the_size_is_what_the_rate_needs():
    """A filter would err more often than promised, or fill the disk."""
    assert 1 == pieces_for(0)
    assert 7_800_000 < pieces_for(5_000_000) * PIECE_BYTES < 8_000_000
    assert PIECES_MAX == pieces_for(10**12)
    made = pieces_for(1_000_000)
    assert not is_full(1_000_000, made)
    assert is_full(1_300_000, made)
    assert not is_full(10**12, PIECES_MAX)


def test_another_key_makes_other_bits():
    """Two generations of a filter could be compared by who steals both."""
    stretched = bytes_of("ada")
    all_keys = (keys("global"), keys("global", 2), keys("region:1"))
    assert 3 == len({filter_element(each, stretched) for each in all_keys})
