"""What a chain's own codes look like: the patterns of `[barcode] in_store`.

An in-store code is an EAN-13 (or UPC-A) of GS1's restricted circulation range. What its digits
mean is each chain's own business (GS1 General Specifications, 2.1.11 and 2.1.12), so it is a
setting: one letter per digit, for example `21IIIIIPPPPPC`; behind it `*10` or the like where the
amount counts tens, as in `25IIIIIIWWWWC*100` for a weight in hundreds of grams.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from agent.core.faults import InputFault

PATTERN_CHARACTERS = 13
AMOUNT_DIGITS_WITH_CHECK = (4, 5)
"""GS1 General Specifications, 7.9.3 and 7.9.4 define inner check digits for no other length."""

_SHAPE = re.compile(r"(?P<digits>(?P<prefix>\d+)[\dIPWNV]*C)(?:\*(?P<times>10{1,3}))?", re.ASCII)
_AMOUNTS = "PWN"
_RESTRICTED = re.compile(r"2|0[24]", re.ASCII)
_REMEDY = (
    "write 13 characters such as 21IIIIIPPPPPC: the leading digits, I for the item, then P for a "
    "price in minor units, W for a weight in grams or N for a number of pieces, V for an inner "
    "check digit, C at the end; then *10, *100 or *1000 where the amount counts so many at a time"
)


class BarcodeRules(msgspec.Struct, frozen=True):
    """What the reader needs to know of the store."""

    in_store: tuple[str, ...]
    """Patterns as in `[barcode] in_store`, the first that fits wins."""
    currency: str
    """ISO 4217: its minor unit is that of every price read."""


class InStorePattern(msgspec.Struct, frozen=True):
    """One parsed pattern: which places of a 13-digit code hold what."""

    text: str
    """As written in the settings."""
    prefix: str
    literals: tuple[tuple[int, str], ...]
    """Places of fixed digits, the prefix included, with the digit each must have."""
    item: slice
    price: slice | None = None
    weight: slice | None = None
    count: slice | None = None
    times: int = 1
    """How many minor units, grams or pieces one unit of the amount stands for."""
    check: int | None = None
    """Place of the inner check digit over the amount."""

    @property
    def amount(self) -> slice:
        """Give the places of the price, the weight or the count."""
        return self.price or self.weight or self.count or slice(0, 0)


@lru_cache(maxsize=256)
def parse_pattern(text: str) -> InStorePattern:
    """Read one pattern of `[barcode] in_store`.

    Raises:
        InputFault: not a pattern; the detail says what is wrong with it.

    >>> parse_pattern("21IIIIIPPPPPC").item
    slice(2, 7, None)
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or len(shape["digits"]) != PATTERN_CHARACTERS:
        raise _wrong(text, "must be 13 characters: digits, then I, P, W, N, V and a final C")
    if _RESTRICTED.match(text) is None:
        raise _wrong(text, "begins with numbers of real products, not with 2, 02 or 04")
    digits = shape["digits"]
    return _checked(
        InStorePattern(
            text=text,
            prefix=shape["prefix"],
            literals=tuple((i, c) for i, c in enumerate(digits) if c.isdigit()),
            item=_run(text, "I") or slice(0, 0),
            price=_run(text, "P"),
            weight=_run(text, "W"),
            count=_run(text, "N"),
            times=int(shape["times"] or 1),
            check=digits.find("V") if "V" in digits else None,
        )
    )


def _checked(pattern: InStorePattern) -> InStorePattern:
    if "I" not in pattern.text:
        raise _wrong(pattern.text, "has no I, so that no item could be found by it")
    amounts = sum(letter in pattern.text for letter in _AMOUNTS)
    if amounts > 1:
        raise _wrong(pattern.text, "has more than one of price, weight and number")
    if not amounts and pattern.times > 1:
        raise _wrong(pattern.text, f"multiplies by {pattern.times}, but has no amount")
    if pattern.check is not None:
        _check_place(pattern)
    return pattern


def _check_place(pattern: InStorePattern) -> None:
    if pattern.text.count("V") > 1:
        raise _wrong(pattern.text, "has more than one V")
    amount = sum(pattern.text.count(letter) for letter in _AMOUNTS)
    if amount not in AMOUNT_DIGITS_WITH_CHECK:
        raise _wrong(
            pattern.text, f"has a V over {amount} digits, but it is defined for 4 or 5 digits only"
        )


def _run(text: str, letter: str) -> slice | None:
    count = text.count(letter)
    if count == 0:
        return None
    start = text.index(letter)
    if text[start : start + count] != letter * count:
        raise _wrong(text, f"has {letter} in more than one place")
    return slice(start, start + count)


def _wrong(text: str, why: str) -> InputFault:
    return InputFault(f"the in-store pattern {text!r} {why}", remedy=_REMEDY, name="bad-pattern")
