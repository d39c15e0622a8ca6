"""A weight as a scale writes it, to grams: integers all the way, one rounding at the end.

Grams, kilograms, pounds and ounces are related by whole numbers (one avoirdupois pound is
0.45359237 kg exactly, by the international yard and pound agreement of 1959), so that nothing is
lost before the result is rounded half away from zero, as everywhere in this program.
"""

from __future__ import annotations

from agent.core.quantities import Thousandths, divide_half_away

DIGITS_MAX = 9
"""Digits of a weight: a truck scale has seven; more is damage."""

_PER_UNIT = {
    "g": (1, 1),
    "kg": (1000, 1),
    "lb": (45_359_237, 100_000),
    "oz": (45_359_237, 1_600_000),
}
"""Unit → grams per unit, as a fraction."""
UNITS = frozenset(_PER_UNIT)


def grams(number: tuple[int, int], unit: str) -> Thousandths:
    """Convert a number as `decimal` gives it.

    Raises:
        KeyError: the unit is not one of `UNITS`.

    >>> grams((1250, 3), "kg"), grams((-5, 3), "kg"), grams((200, 2), "lb"), grams((8, 0), "oz")
    (1250, -5, 907, 227)
    """
    units, places = number
    numerator, denominator = _PER_UNIT[unit]
    return Thousandths(divide_half_away(units * numerator, denominator * 10**places))


def decimal(text: str) -> tuple[int, int] | None:
    """Read a decimal number as an integer and its number of decimal places.

    Blanks around it and a sign before it are allowed, nothing else; None where it is no number,
    or too long to be a weight.

    >>> decimal("  12.345"), decimal("- 0.5"), decimal("100000."), decimal("1.2.3"), decimal("--")
    ((12345, 3), (-5, 1), (100000, 0), None, None)
    """
    body = text.strip(" ")
    sign = -1 if body.startswith("-") else 1
    whole, _, fraction = body.removeprefix("-" if sign < 0 else "+").lstrip(" ").partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit()) or len(digits) > DIGITS_MAX:
        return None
    return sign * int(digits), len(fraction)
