"""Check digits of numbers that GS1 issues, and of the amount inside an in-store code.

GS1 General Specifications, section 7.9.1 (modulo 10) and 7.9.2 to 7.9.4 (price and weight).
"""

from __future__ import annotations

from agent.core.barcode.unreadable import Unreadable

_HEAVY = 3
_MODULUS = 10
_PAIR_MODULUS = 1021
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_SET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""GS1 General Specifications, figure 7.11-1, in its order."""


def check_digit(digits: str) -> int:
    """Compute the modulo-10 check digit of a number that has none yet.

    Weights alternate from the right, beginning with 3, whatever the length of the number: GTIN,
    SSCC, GLN, GSRN and all others share this one rule (GS1 General Specifications, 7.9.1).

    Args:
        digits: the number without its check digit, ASCII digits only.

    >>> check_digit("400638133393"), check_digit("590123412345")
    (1, 7)
    """
    heavy = sum(int(digit) for digit in digits[-1::-2])
    light = sum(int(digit) for digit in digits[-2::-2])
    return -(heavy * _HEAVY + light) % _MODULUS


def amount_check_digit(digits: str) -> int:
    """Compute the inner check digit of a price or weight of four or five digits.

    It is not a plain weighted sum: each position has a table of weighted products (GS1 General
    Specifications, 7.9.2 to 7.9.4).

    >>> amount_check_digit("2875"), amount_check_digit("14685")
    (9, 6)
    """
    from biip.checksums import gs1_price_weight_check_digit

    return int(gs1_price_weight_check_digit(digits))


def check_pair(text: str) -> str:
    """Compute the two check characters of a global model number (GS1 Gen. Spec., 7.9.5).

    Each character's place in GS1's set of 82 is multiplied by a prime, the last one's by 2, the
    one before by 3 and so on; the sum modulo 1021 is written as two characters of 32.

    >>> check_pair("1987654Ad4X4bL5ttr2310c")
    '2K'
    """
    pairs = zip(reversed(text), _PRIMES, strict=False)
    total = sum(_SET_82.index(character) * prime for character, prime in pairs) % _PAIR_MODULUS
    return _SET_32[total >> 5] + _SET_32[total & 31]


def is_digits(text: str) -> bool:
    """Tell whether a text is made of ASCII digits; `str.isdigit` alone accepts `²` as well.

    >>> is_digits("0123"), is_digits("12²"), is_digits("")
    (True, False, False)
    """
    return text.isascii() and text.isdigit()


def verified(number: str) -> str:
    """Give a number back whose last digit is its check digit.

    Raises:
        Unreadable: `wrong-check-digit`, with the digit expected and the one found.
    """
    expected, got = check_digit(number[:-1]), int(number[-1])
    if expected != got:
        raise Unreadable(
            "wrong-check-digit",
            f"the last digit of {number} does not fit: expected {expected}, got {got}; "
            "the code was misread or misprinted",
        )
    return number
