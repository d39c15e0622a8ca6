"""Card numbers made up for tests: of every issuer, of every length, never anybody's."""

from __future__ import annotations

from agent.core.barcode import check_digit
from agent.core.card_numbers.issuers import ISSUERS, passes_luhn


def with_luhn(digits):
    """Put the Luhn digit behind."""
    return next(digits + last for last in "0123456789" if passes_luhn(digits + last))


def with_gs1(digits):
    """Put GS1's check digit behind."""
    return f"{digits}{check_digit(digits)}"


def number(rng, beginning, length):
    """Make a number at random."""
    missing = length - 1 - len(beginning)
    return with_luhn(beginning + "".join(str(rng.randrange(10)) for _ in range(missing)))


def of_every_issuer(rng):
    """Make one number of each range and length."""
    for issuer in ISSUERS:
        for first, last in issuer.ranges:
            for length in sorted(issuer.lengths):
                for beginning in {first, last}:
                    yield number(rng, beginning, length)


def in_groups(digits, sizes, between=" "):
    """Write digits in groups; what is left over is the last one."""
    parts, rest = [], digits
    for size in sizes:
        parts, rest = [*parts, rest[:size]], rest[size:]
    return between.join(part for part in [*parts, rest] if part)
