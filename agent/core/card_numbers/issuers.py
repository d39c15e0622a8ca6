"""Who issues card numbers: the ranges of payment schemes, and the check digit all of them carry.

A payment card's number (PAN) begins with an issuer identification number (ISO/IEC 7812-1, 4.2) and
ends with a Luhn check digit (annex B). The ranges are those the schemes publish; a scheme that is
not a row here is not looked for, so a new one is one row.
"""

from __future__ import annotations

import msgspec

DIGITS_MIN, DIGITS_MAX = 14, 19
"""Shorter numbers are left alone: with 13 digits and fewer they are article numbers (GTIN-13)."""

_DOUBLED = "0246813579"


class Issuer(msgspec.Struct, frozen=True):
    """The numbers of one payment scheme."""

    scheme: str
    ranges: tuple[tuple[str, str], ...]
    """First and last beginning, both included and of the same number of digits."""
    lengths: frozenset[int]
    """Digits of a whole number, check digit included."""


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(int(_DOUBLED[int(digit)]) for digit in even)) % 10 == 0


def scheme_of(digits: str) -> str | None:
    """Name the payment scheme in whose range a number of this length lies; None where none does.

    The check digit is not looked at. Where the ranges of two schemes overlap, the one that is told
    is the first in the table: what counts is that there is one.

    >>> scheme_of("4111111111111111"), scheme_of("411111111111111"), scheme_of("9" * 16)
    ('Visa', None, None)
    """
    for issuer in ISSUERS:
        if len(digits) in issuer.lengths and _begins(digits, issuer.ranges):
            return issuer.scheme
    return None


def _begins(digits: str, ranges: tuple[tuple[str, str], ...]) -> bool:
    return any(first <= digits[: len(first)] <= last for first, last in ranges)


def _issuer(scheme: str, ranges: str, *lengths: int) -> Issuer:
    pairs = [each.split("-") for each in ranges.split()]
    return Issuer(scheme, tuple((pair[0], pair[-1]) for pair in pairs), frozenset(lengths))


ISSUERS = (
    _issuer("Visa", "4", 16, 18, 19),
    _issuer("Mastercard", "51-55 2221-2720", 16),
    _issuer("American Express", "34 37", 15),
    _issuer("Diners Club", "300-305 3095 36 38-39", *range(14, 20)),
    _issuer("JCB", "3528-3589", *range(16, 20)),
    _issuer("UnionPay", "62 81", *range(16, 20)),
    _issuer("Discover", "6011 644-649 65", *range(16, 20)),
    # Maestro's ranges are also those of the national debit cards that are, or were, issued with
    # it: Bancontact (17 digits), girocard, Switch, Laser, Verve, Elo, Hipercard, RuPay, Dankort.
    _issuer("Maestro", "50 56-58 60-69", *range(14, 20)),
    _issuer("Mir", "2200-2204", *range(16, 20)),
    _issuer("RuPay", "353 356 82", 16),
    _issuer("Hipercard", "384100 384140 384160", 16, 19),
    _issuer("UATP", "1", 15),
    _issuer("China T-Union", "31", 19),
    _issuer("Borica", "2205", 16),
    _issuer("GPN", "1946", 16, 18, 19),
    _issuer("Uzcard", "8600", 16),
    _issuer("Humo", "9860", 16),
    _issuer("Napas", "9704", 16, 19),
    _issuer("Troy", "9792", 16),
    _issuer("ArCa", "9051", 16),
    _issuer("Belkart", "9112", 16),
    _issuer("mada", "9682", 16),
)
