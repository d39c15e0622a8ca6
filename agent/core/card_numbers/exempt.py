"""Numbers that are something else, by a proof of their own: never taken for a card's.

One number in ten passes the Luhn test by accident, and the ranges of card issuers cover half of all
beginnings. What carries its own check is therefore settled first: article numbers of GS1, accounts
(IBAN), ids and keys made by programs, and telephone numbers with their country code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.core.barcode import check_digit
from agent.core.card_numbers.digits import Group

_GTIN_DIGITS = frozenset({8, 12, 13, 14})
_CASE_DIGITS = 14
_EMBOSSED = (4, 6, 4)
"""How cards of 14 digits are embossed; nobody writes an article number so."""
_E164_DIGITS_MAX = 15
_GS1_KEY = re.compile(r"\((?:00|8017|8018)\)([0-9]{18})(?![0-9])")
"""SSCC and GSRN behind their application identifier (GS1 General Specifications, 3.2)."""
# As printed under a symbol: 4 006381 333931, 0 36000 29145 2, 1 54 00141 28876 3.
_PRINTED_GTIN = re.compile(
    r"(?<![0-9])(?:[0-9] [0-9]{6} [0-9]{6}|[0-9] [0-9]{5} [0-9]{5} [0-9]"
    r"|[0-9] [0-9]{2} [0-9]{5} [0-9]{5} [0-9])(?![0-9])"
)
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])", re.IGNORECASE
)
_HASH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{32,}(?![0-9A-Za-z])")
"""Keys, hashes and ids of programs, in hexadecimal of 128 bits and more."""
_IBAN = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}"
    r"(?:[0-9A-Z]{11,30}|(?:[ \u00a0-][0-9A-Z]{4}){2,7}(?:[ \u00a0-][0-9A-Z]{1,3})?)"
    r"(?![0-9A-Za-z])"
)
_IBAN_CHARACTERS_MIN = 15
_IBAN_MODULUS = 97


def is_gtin(digits: str) -> bool:
    """Tell whether digits are a whole GTIN with its check digit (GS1 Gen. Spec., 3.3.2, 7.9.1).

    >>> is_gtin("4006381333931"), is_gtin("4006381333932"), is_gtin("123")
    (True, False, False)
    """
    return len(digits) in _GTIN_DIGITS and check_digit(digits[:-1]) == int(digits[-1])


def is_case(groups: list[Group]) -> bool:
    """Tell whether fourteen digits are a GTIN-14: by its check digit, unless embossed as a card."""
    digits = "".join(group.digits for group in groups)
    embossed = tuple(len(group.digits) for group in groups) == _EMBOSSED
    return len(digits) == _CASE_DIGITS and not embossed and is_gtin(digits)


def is_phone(text: str, groups: list[Group]) -> bool:
    """Tell whether groups are a telephone number with its country code (ITU-T E.164, 6.2.1)."""
    digits = sum(len(group.digits) for group in groups)
    return before(text, groups[0]) == "+" and digits <= _E164_DIGITS_MAX


def before(text: str, group: Group) -> str:
    """Give the character before a group; nothing at the beginning of the text."""
    return text[max(group.start - 1, 0) : group.start]


def blanked(text: str) -> str:
    """Overwrite the numbers of other kinds, so that no position changes.

    >>> blanked("refund to DE89 3704 0044 0532 0130 00")
    'refund to xxxxxxxxxxxxxxxxxxxxxxxxxxx'
    """
    for start, end in list(_spans(text)):
        text = text[:start] + "x" * (end - start) + text[end:]
    return text


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for kind in (_UUID, _HASH):
        for match in kind.finditer(text):
            yield match.span()
    for match in _PRINTED_GTIN.finditer(text):
        if is_gtin(match[0].replace(" ", "")):
            yield match.span()
    for match in _GS1_KEY.finditer(text):
        if check_digit(match[1][:-1]) == int(match[1][-1]):
            yield match.span()
    for match in _IBAN.finditer(text):
        yield from _account(match)


def _account(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Find the account at the beginning of what looks like one; more groups may have followed."""
    for end in _ends_of_groups(match[0]):
        compact = re.sub(r"[ \u00a0-]", "", match[0][:end])
        if len(compact) >= _IBAN_CHARACTERS_MIN and _passes_mod_97(compact):
            yield match.start(), match.start() + end
            return


def _ends_of_groups(text: str) -> Iterator[int]:
    yield from (blank.start() for blank in re.finditer(r"[ \u00a0-]", text))
    yield len(text)


def _passes_mod_97(account: str) -> bool:
    """ISO 13616-1, 6.1, by ISO/IEC 7064, MOD 97-10."""
    turned = account[4:] + account[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % _IBAN_MODULUS == 1
