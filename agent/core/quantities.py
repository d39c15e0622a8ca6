"""Money in minor units, quantities in thousandths, and the one rounding rule.

No float comes near any of it. A line extension rounds half away from zero, as a person with a
pencil does; where a total is split, the remainder goes to the largest parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType

from agent.core.faults import InputFault

Minor = NewType("Minor", int)
"""An amount in the currency's minor unit (ISO 4217): 1999 is 19.99 EUR."""
Thousandths = NewType("Thousandths", int)
"""A quantity in thousandths of its unit: 1000 is one piece, 345 is 0.345 kg."""
BasisPoints = NewType("BasisPoints", int)
"""A rate in hundredths of a percent: 1900 is 19 %."""

ONE = Thousandths(1000)
WHOLE = BasisPoints(10_000)

AMOUNT_DIGITS_MAX = 14
"""Digits before the decimal point of an amount that is read: minor units still fit 64 bits."""

# ISO 4217, table A.1: the currencies whose exponent is not 2.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def exponent(currency: str) -> int:
    """Tell how many decimal digits the minor unit of an ISO 4217 currency has.

    >>> exponent("EUR"), exponent("JPY"), exponent("KWD")
    (2, 0, 3)
    """
    return _EXPONENTS.get(currency, 2)


def divide_half_away(numerator: int, denominator: int) -> int:
    """Divide two integers, rounding half away from zero.

    Raises:
        ZeroDivisionError: the denominator is zero.

    >>> divide_half_away(5, 2), divide_half_away(-5, 2), divide_half_away(4, 3)
    (3, -3, 1)
    """
    negative = (numerator < 0) != (denominator < 0)
    magnitude = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return -magnitude if negative else magnitude


def extend(unit_price: Minor, quantity: Thousandths) -> Minor:
    """Multiply a unit price by a quantity: the line extension.

    >>> extend(Minor(249), Thousandths(1345))
    335
    """
    return Minor(divide_half_away(unit_price * quantity, ONE))


def share(amount: Minor, rate: BasisPoints) -> Minor:
    """Take a rate of an amount.

    >>> share(Minor(1050), BasisPoints(1000))
    105
    """
    return Minor(divide_half_away(amount * rate, WHOLE))


def allot(amount: Minor, weights: Sequence[int]) -> tuple[Minor, ...]:
    """Split an amount in proportion to weights; the parts add up to it exactly.

    Each part is rounded towards zero; what remains goes unit by unit to the parts with the
    largest weights, the first of equal ones first. So no part is a whole unit off its exact
    share, and a discount shared out over lines never turns one of them round.

    Raises:
        ZeroDivisionError: there are weights, but they add up to nothing.

    >>> allot(Minor(100), [1, 1, 1])
    (34, 33, 33)
    """
    if not weights:
        return ()
    whole = sum(weights)
    parts = [_towards_zero(amount * weight, whole) for weight in weights]
    remainder = amount - sum(parts)
    largest = sorted(range(len(weights)), key=lambda index: -abs(weights[index]))
    for index in largest[: abs(remainder)]:
        parts[index] += 1 if remainder > 0 else -1
    return tuple(Minor(part) for part in parts)


def _towards_zero(numerator: int, denominator: int) -> int:
    magnitude = abs(numerator) // abs(denominator)
    return -magnitude if (numerator < 0) != (denominator < 0) else magnitude


def decimal_text(amount: int, digits: int) -> str:
    """Write an integer of the smallest unit with a decimal point, for messages and exports.

    >>> decimal_text(-5, 2), decimal_text(1345, 3), decimal_text(7, 0)
    ('-0.05', '1.345', '7')
    """
    if digits == 0:
        return str(amount)
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"


def minor_from_text(text: str, currency: str) -> Minor:
    """Read an amount such as `12.50` or `12,5` into minor units.

    Raises:
        InputFault: not a plain decimal number, or more digits than the currency has.

    >>> minor_from_text("12,5", "EUR")
    1250
    """
    digits = exponent(currency)
    sign, body = (-1, text.strip()[1:]) if text.strip().startswith("-") else (1, text.strip())
    whole, _, fraction = body.replace(",", ".").partition(".")
    plain = (whole + fraction).isascii() and (whole + fraction).isdigit()
    if not plain or len(fraction) > digits or len(whole) > AMOUNT_DIGITS_MAX:
        raise InputFault(
            f"{text!r} is not an amount in {currency}",
            remedy=f"write digits and at most {digits} decimals, for example "
            f"{decimal_text(1250, digits)}",
        )
    return Minor(sign * (int(whole or "0") * 10**digits + int(fraction.ljust(digits, "0") or "0")))
