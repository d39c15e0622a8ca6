from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scales.codecs.weights import DIGITS_MAX, UNITS, decimal, grams

EXACT = {
    "g": Fraction(1),
    "kg": Fraction(1000),
    "lb": Fraction("453.59237"),
    "oz": Fraction("453.59237") / 16,
}


@given(
    st.integers(-(10**DIGITS_MAX), 10**DIGITS_MAX),
    st.integers(0, 6),
    st.sampled_from(sorted(UNITS)),
)
def test_conversion_is_exact_and_rounds_half_away_from_zero(units, places, unit):
    """A weight would be off by a gram after conversion."""
    exact = Fraction(units, 10**places) * EXACT[unit]
    whole = int(abs(exact) + Fraction(1, 2))
    assert (whole if exact >= 0 else -whole) == grams((units, places), unit)


@given(st.text(alphabet="0123456789.+- ", max_size=14))
def test_what_is_read_is_the_number_that_stands_there(text):
    """A slipped decimal point would be a price ten times too high."""
    read = decimal(text)
    if read is not None:
        units, places = read
        assert Fraction(text.replace(" ", "")) == Fraction(units, 10**places)


@pytest.mark.parametrize("text", ["", ".", "-", "1,5", "1e3", "٣", "1 2", "1" * (DIGITS_MAX + 1)])
def test_what_is_no_number(text):
    """Damage would be read as a number."""
    assert decimal(text) is None
