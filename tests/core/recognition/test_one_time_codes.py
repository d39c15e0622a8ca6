"""One-time codes against the RFC's own vectors, and what the clocks may do to them."""

from __future__ import annotations

import random

import pytest

from agent.core.recognition.one_time_codes import (
    DIAGNOSED_SECONDS,
    SKEW_SECONDS,
    TotpKey,
    code_at,
    counter_of,
    seconds_off,
)

DIGITS = b"1234567890" * 7
KEYS = {
    "sha1": TotpKey(DIGITS[:20]),
    "sha256": TotpKey(DIGITS[:32], algorithm="sha256"),
    "sha512": TotpKey(DIGITS[:64], algorithm="sha512"),
}
KEY = KEYS["sha1"]


@pytest.mark.parametrize(
    ("time", "sha1", "sha256", "sha512"),
    [
        (59, "94287082", "46119246", "90693936"),
        (1111111109, "07081804", "68084774", "25091201"),
        (1111111111, "14050471", "67062674", "99943326"),
        (1234567890, "89005924", "91819424", "93441116"),
        (2000000000, "69279037", "90698825", "38618901"),
        (20000000000, "65353130", "77737706", "47863826"),
    ],
)
def test_the_vectors_of_rfc_6238(time, sha1, sha256, sha512):
    """No wallet's code would ever be right (RFC 6238, appendix B)."""
    expected = {"sha1": sha1, "sha256": sha256, "sha512": sha512}
    assert expected == {name: code_at(key, time // 30) for name, key in KEYS.items()}


def test_the_vectors_of_rfc_4226():
    """Codes of six digits would be wrong (RFC 4226, appendix D)."""
    key = TotpKey(DIGITS[:20], digits=6)
    codes = ["755224", "287082", "359152", "969429", "338314"]
    codes += ["254676", "287922", "162583", "399871", "520489"]
    assert codes == [code_at(key, counter) for counter in range(10)]


@pytest.mark.parametrize("period", [10, 15, 30, 60])
def test_every_code_within_the_skew_is_near_enough(period):
    """A customer whose phone is a minute off would be turned away."""
    draw = random.Random(period)
    key = TotpKey(draw.randbytes(20), period=period)
    for _ in range(300):
        now = draw.randrange(1_700_000_000, 2_000_000_000)
        phone = now + draw.randint(-SKEW_SECONDS, SKEW_SECONDS)
        counter = counter_of(key, code_at(key, phone // period), now)
        assert counter == phone // period
        assert abs(seconds_off(key, counter, now)) <= SKEW_SECONDS


def test_how_far_the_clocks_are_apart_is_told_to_the_second():
    """Somebody would put right a clock that is right, or a code of long ago would be fresh."""
    begin = 1_800_000_000
    counter = begin // 30
    seconds = [begin - 1, begin, begin + 29, begin + 30, begin + 90, begin - 61]
    assert [-1, 0, 0, 1, 61, -61] == [seconds_off(KEY, counter, now) for now in seconds]


def test_a_code_of_an_hour_ago_is_known_for_one():
    """A till on winter time would call every customer's pass forged."""
    now = 1_800_000_000
    counter = counter_of(KEY, code_at(KEY, (now - 3600) // 30), now)
    assert counter == (now - 3600) // 30
    furthest = DIAGNOSED_SECONDS // 30
    for period in (now // 30 - furthest, now // 30 + furthest):
        assert counter_of(KEY, code_at(KEY, period), now) == period
    assert counter_of(KEY, code_at(KEY, now // 30 - furthest - 1), now) is None
    assert counter_of(KEY, "00000000", now) is None
    assert counter_of(KEY, code_at(KEY, now // 30)[:6], now) is None


def test_the_beginning_of_time_has_no_period_before_it():
    """A till whose clock starts in 1970 would fail instead of answering."""
    assert counter_of(KEY, code_at(KEY, 1), 31) == 1
    assert counter_of(KEY, code_at(KEY, 0), 31) == 0
    assert counter_of(KEY, "00000000", 31) is None


@pytest.mark.parametrize(
    "fields",
    [{"secret": b"short"}, {"digits": 5}, {"digits": 9}, {"period": 9}, {"period": 61}],
)
def test_an_unsafe_key_is_refused_where_it_comes_in(fields):
    """A pass with a guessable code would count as proof."""
    with pytest.raises(ValueError, match=r"has|changes"):
        TotpKey(**{"secret": DIGITS[:20], **fields})
