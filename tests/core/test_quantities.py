"""Money and quantities: the one rounding rule, and splitting without losing a cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.quantities import (
    allot,
    decimal_text,
    divide_half_away,
    exponent,
    extend,
    minor_from_text,
    share,
)

amounts = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("CHF", 2)]
)
def test_the_minor_unit_is_that_of_iso_4217(currency, digits):
    """A hundred yen would be printed as one."""
    assert digits == exponent(currency)


@given(amounts, st.integers(1, 10**6))
def test_division_rounds_half_away_from_zero(numerator, denominator):
    """A line would come out a cent off what the cashier works out with a pencil."""
    exact = Decimal(numerator) / Decimal(denominator)
    expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert expected == divide_half_away(numerator, denominator)
    assert expected == divide_half_away(-numerator, -denominator)


def test_division_by_nothing_is_an_error():
    """A wrong weight would silently be charged as something."""
    with pytest.raises(ZeroDivisionError):
        divide_half_away(1, 0)


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [(299, 345, 103), (1, 500, 1), (1, 499, 0), (299, -345, -103), (-1, 500, -1), (0, 1000, 0)],
)
def test_an_extension_rounds_half_away(price, quantity, expected):
    """Selling and taking back the same weight would not cancel out."""
    assert expected == extend(price, quantity)


def test_a_rate_is_taken_in_basis_points():
    """Nineteen percent would be taken as nineteen hundred."""
    assert (190, 5) == (share(1000, 1900), share(50, 1000))


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_parts_add_up_and_are_less_than_a_unit_off(amount, weights):
    """A shared discount would lose a cent, or one line carry several of others."""
    parts = allot(amount, weights)
    assert amount == sum(parts)
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - amount * weight) < whole


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any), st.data())
def test_a_part_never_outgrows_its_weight(weights, data):
    """A discount below the price of all goods would make one of them cost less than nothing."""
    amount = data.draw(st.integers(0, sum(weights)))
    assert all(
        0 <= part <= weight for part, weight in zip(allot(amount, weights), weights, strict=True)
    )


@given(amounts, st.lists(st.integers(-(10**6), 10**6), max_size=9).filter(lambda w: sum(w) != 0))
def test_weights_of_both_signs_add_up_too(amount, weights):
    """An exchange of goods would lose a cent."""
    assert amount == sum(allot(amount, weights))


def test_the_remainder_goes_to_the_largest():
    """The same receipt would be split differently by till and HQ."""
    assert (25, 51, 25) == allot(101, [1, 2, 1])
    assert (34, 33, 33) == allot(100, [5, 5, 5])
    assert (-34, -33, -33) == allot(-100, [5, 5, 5])


def test_splitting_over_nobody_gives_nobody_anything():
    """An empty basket would be an error."""
    assert () == allot(100, [])
    with pytest.raises(ZeroDivisionError):
        allot(100, [0, 0])


@given(st.integers(1 - 10**14, 10**14 - 1), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_reads_back_as_it_was_written(amount, currency):
    """An export read in again would change the money."""
    assert amount == minor_from_text(decimal_text(amount, exponent(currency)), currency)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 1200), ("12,5", 1250), (" 12.50 ", 1250), ("-0,05", -5), (".5", 50), ("7.", 700)],
)
def test_amounts_are_read_as_people_write_them(text, expected):
    """A comma would make a price of nothing."""
    assert expected == minor_from_text(text, "EUR")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--5",
        "1.234,56",
        "12.345",
        "1e3",
        "\u00b2",
        "\u0661",
        "NaN",
        "0x10",
        "5 €",
        "9" * 5000,
    ],
)
def test_what_is_no_amount_is_refused_with_an_example(text):
    """A slip of the hand would become a price."""
    with pytest.raises(InputFault) as fault:
        minor_from_text(text, "EUR")
    assert "12.50" in fault.value.remedy


def test_a_currency_without_minor_units_takes_no_decimals():
    """Half a yen would be charged."""
    with pytest.raises(InputFault):
        minor_from_text("1.5", "JPY")
    assert 15 == minor_from_text("15", "JPY")
