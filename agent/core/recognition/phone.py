"""Phone numbers, compared in the form of E.164."""

from __future__ import annotations

import re

from agent.core.faults import InputFault
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.rules import RecognitionRules

PHONE_CHARACTERS_MAX = 40
LOCAL_DIGITS_MIN = 7
"""Fewer digits without a leading 0 or + are a PLU or an order, not a phone number."""

_SEPARATED = re.compile(r"[0-9][ ()/.-]+[0-9]", re.ASCII)
_LOOKS_LIKE = re.compile(r"(?:tel:)?[+0-9][-+0-9 ()./]*", re.ASCII | re.IGNORECASE)


def normalise(text: str, region: str) -> str:
    """Bring a phone number as dialled in a region into E.164.

    Only impossible numbers are refused: numbers that are possible but not assigned today
    (reserved ranges, brand-new ones) belong to real people sooner than a table knows.

    Args:
        text: as typed.
        region: ISO 3166-1 alpha-2, for numbers without a country code.

    Raises:
        InputFault: not a phone number, or an impossible one.

    >>> normalise("030 1234567", "DE")
    '+49301234567'
    """
    # Imported here because its tables take 150 ms to load, and most sales need no phone number.
    import phonenumbers

    try:
        number = phonenumbers.parse(text.strip(), region)
    except phonenumbers.NumberParseException as error:
        raise _wrong("this is not a phone number") from error
    if (
        len(text) > PHONE_CHARACTERS_MAX
        or number.extension
        or not phonenumbers.is_possible_number(number)
    ):
        raise _wrong("this is too long or too short for a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identifiers(text: str, rules: RecognitionRules) -> tuple[Identifier, ...]:
    """Read a typed text as a phone number, where it looks like one."""
    digits = sum(character.isdigit() for character in text)
    dialled = text.startswith(("0", "+", "tel:")) or digits >= LOCAL_DIGITS_MIN
    if not dialled or _LOOKS_LIKE.fullmatch(text) is None:
        return ()
    try:
        return (Identifier(IdentifierType.PHONE, normalise(text, rules.region)),)
    except InputFault:
        return ()


def keyed(text: str, rules: RecognitionRules) -> tuple[Identifier, ...]:
    """Read a text that was keyed into a scan field as a phone number, where no code looks so.

    A misread UPC begins with 0, too: digits alone are a phone number only behind + or `tel:`.

    >>> rules = RecognitionRules(region="DE")
    >>> [len(keyed(text, rules)) for text in ("030 1234567", "tel:0301234567", "0301234567")]
    [1, 1, 0]
    """
    is_separated = text.startswith("0") and _SEPARATED.search(text) is not None
    if is_separated or text.startswith(("+", "tel:")):
        return identifiers(text, rules)
    return ()


def _wrong(why: str) -> InputFault:
    # The number itself is personal and not said: faults are logged (P9).
    return InputFault(
        why,
        remedy="type it as it is dialled here, or with + and the country code",
    )
