"""Check digits: the sum everybody else relies on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.barcode.check_digits import amount_check_digit, check_digit, is_digits, verified
from agent.core.barcode.unreadable import Unreadable

DIGITS = st.text("0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize(
    "number",
    [
        "4006381333931",  # differs when the weights 3 and 1 are swapped
        "5901234123457",  # does not: both ways give 7
        "96385074",
        "036000291452",
        "10614141000415",
        "00123456789012345675"[2:],  # SSCC
    ],
)
def test_published_numbers_verify(number):
    """GS1's own numbers would be refused at the till."""
    assert int(number[-1]) == check_digit(number[:-1])


def test_swapped_weights_would_be_noticed():
    """Weights in the wrong order would pass: 5901234123457 cannot tell, 4006381333931 can."""

    def swapped(digits: str) -> int:
        weighted = [int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits[::-1])]
        return -sum(weighted) % 10

    assert swapped("590123412345") == check_digit("590123412345")
    assert swapped("400638133393") != check_digit("400638133393")


@given(DIGITS, st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits, place, shift):
    """A single misread digit would sell another item."""
    whole = digits + str(check_digit(digits))
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + shift) % 10) + whole[place + 1 :]
    assert int(wrong[-1]) != check_digit(wrong[:-1])


def test_verified_names_both_digits():
    """The cashier would be told that something is wrong, but not what."""
    with pytest.raises(Unreadable) as caught:
        verified("4006381333932")
    assert caught.value.reason.name == "wrong-check-digit"
    assert "expected 1, got 2" in caught.value.reason.detail


@pytest.mark.parametrize(("amount", "digit"), [("2875", 9), ("14685", 6), ("00000", 0)])
def test_amount_check_digit_of_the_standard(amount, digit):
    """Labels of scales with an inner check digit would all be refused."""
    assert digit == amount_check_digit(amount)


@pytest.mark.parametrize("text", ["", "12²", "\uff11\uff12", "1 2", "-1"])
def test_only_ascii_digits_are_digits(text):
    """`int` or a pattern would meet a character it takes for a digit."""
    assert not is_digits(text)
