"""How to reach somebody, where it stands among other words: e-mail addresses, telephone numbers.

Whoever writes a name of goods or a reason into a sale writes into the books, which are kept for
years and can be erased by nobody. Found is what is surely a way to reach a person: digits that an
article, a date or a part may have are none without `+`, a leading 0, or the spaces they are
dialled with where a country has no leading 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.core.barcode import check_digit
from agent.core.recognition.means import IdentifierType

HIDDEN = "***"
DIGITS_MIN, DIGITS_MAX = 7, 15
"""Of a telephone number (ITU-T E.164, 6.1): shorter ones are services'."""
_GTIN_DIGITS = frozenset({8, 12, 13, 14})
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"']+@(?:[^\s@<>()\[\],;:\"'.]+\.)+[^\s@<>()\[\],;:\"'.]{2,}")
_DIALLED = re.compile(r"(?<![\w.,/+-])(?:\+|\()?[0-9](?:[ ()/.-]{0,3}[0-9]){6,20}(?!\w)", re.ASCII)
_DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}", re.ASCII)
_NO_TRUNK = frozenset({None, "", "1"})


class Mention(NamedTuple):
    """A way to reach somebody, in a text."""

    type: IdentifierType
    start: int
    end: int


def mentions(text: str, region: str) -> tuple[Mention, ...]:
    """Find e-mail addresses and telephone numbers in a text, in their order.

    Args:
        text: as somebody wrote it.
        region: ISO 3166-1 alpha-2, of numbers without a country code.

    >>> [each.type.value for each in mentions("for ada@example.com, 030 1234567", "DE")]
    ['email', 'phone']
    >>> mentions("size 38-40, until 01.11.2026, GTIN 4006381333931", "DE")
    ()
    """
    found = [Mention(IdentifierType.EMAIL, *each.span()) for each in _EMAIL.finditer(text)]
    return tuple(sorted([*found, *_phones(text, region)], key=lambda each: each.start))


def without_mentions(text: str, region: str) -> str:
    """Hide every e-mail address and telephone number in a text.

    >>> without_mentions("for ada@example.com, 030 1234567", "DE")
    'for ***, ***'
    """
    for each in reversed(mentions(text, region)):
        text = text[: each.start] + HIDDEN + text[each.end :]
    return text


def without_addresses(text: str) -> str:
    """Hide every e-mail address in a text, where digits may be those of anything.

    >>> without_addresses("PayPal ada@example.com 01715550199")
    'PayPal *** 01715550199'
    """
    return _EMAIL.sub(HIDDEN, text)


def _phones(text: str, region: str) -> Iterator[Mention]:
    for found in _DIALLED.finditer(text):
        if _is_dialled(found[0], region):
            yield Mention(IdentifierType.PHONE, *found.span())


def _is_dialled(written: str, region: str) -> bool:
    digits = "".join(sign for sign in written if sign.isdigit())
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX or _DATE.search(written):
        return False
    if written == digits and (digits[0] != "0" or _is_article(digits)):
        return False
    # Imported here because its tables take 150 ms to load, and most words hold no such digits.
    import phonenumbers

    if not written.startswith(("+", "0", "(0")):
        trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True)
        if trunk not in _NO_TRUNK:
            return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False


def _is_article(digits: str) -> bool:
    return len(digits) in _GTIN_DIGITS and check_digit(digits[:-1]) == int(digits[-1])
