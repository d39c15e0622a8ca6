"""Loyalty cards: their codes, their check character, and customers' GS1 service numbers.

A new card number is the chain's prefix, nine characters of 45 random bits in Crockford's base 32
and one check character: nobody guesses another person's card, and a typing error is noticed
before anybody is asked. Cards of an older programme keep whatever number they have.
"""

from __future__ import annotations

import re

from agent.core.barcode import Reason, check_digit
from agent.core.faults import InputFault
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.rules import RecognitionRules

RANDOM_BITS = 45
RANDOM_BYTES = 6
BODY_CHARACTERS = 9
IMPORTED_CHARACTERS_MIN = 4
"""Shorter texts behind a card prefix are words somebody typed, not cards."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CONFUSED = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s-]+")
_TEXT = re.compile(r"[0-9A-Z]{1,64}", re.ASCII)
# GSRN of a service relation's recipient (GS1 General Specifications, 3.9.12): the customer.
_GSRN = re.compile(r"8018(\d{18})", re.ASCII)


def new_card_number(prefix: str, random: bytes) -> str:
    """Make a card number of random bytes: prefix, nine characters and a check character.

    Args:
        prefix: one of the chain's card prefixes.
        random: at least six bytes of a cryptographic generator; 45 bits of them are used.

    Raises:
        ValueError: fewer than six bytes.

    >>> new_card_number("LC", bytes(range(6)))
    'LC004106105R'
    """
    if len(random) < RANDOM_BYTES:
        raise ValueError(f"{len(random)} random bytes do not make a card number of 45 bits")
    number = int.from_bytes(random[:RANDOM_BYTES], "big") % (1 << RANDOM_BITS)
    places = range(RANDOM_BITS - 5, -1, -5)
    body = "".join(_ALPHABET[number >> place & 31] for place in places)
    return prefix + body + check_character(body)


def check_character(body: str) -> str:
    """Compute the check character of the nine characters behind the prefix.

    The hybrid system of ISO/IEC 7064 with modulus 32 (and 33): it notices every single wrong
    character and nearly every swap of two neighbours. The prefix is compared whole, so it takes
    no part.
    """
    modulus = len(_ALPHABET)
    product = modulus
    for character in body:
        total = (product + _ALPHABET.index(character)) % modulus or modulus
        product = 2 * total % (modulus + 1)
    return _ALPHABET[(1 - product) % modulus]


def normalise(text: str, _region: str) -> str:
    """Bring a card number as printed or typed into the form both sides compare.

    Raises:
        InputFault: nothing is left, or characters no card number has.

    >>> normalise("lc 0041-0610 5r", "DE")
    'LC004106105R'
    """
    value = _BETWEEN.sub("", text).upper()
    if _TEXT.fullmatch(value) is None:
        raise InputFault(
            "a card number has 1 to 64 letters and digits",
            remedy="type the letters and digits printed on the card, or scan it",
        )
    return value


def identifiers(text: str, rules: RecognitionRules) -> tuple[Identifier, ...]:
    """Read a text as a card of this chain, or as a customer's GSRN."""
    gsrn = _GSRN.fullmatch(text)
    if gsrn is not None and check_digit(gsrn[1][:-1]) == int(gsrn[1][-1]):
        return (Identifier(IdentifierType.LOYALTY_CARD, gsrn[1]),)
    split = _split(text, rules)
    if split is None:
        return ()
    return (Identifier(IdentifierType.LOYALTY_CARD, "".join(_unconfused(*split))),)


def is_random(number: str, rules: RecognitionRules) -> bool:
    """Tell whether a normalised number is one that `new_card_number` makes.

    Nine digits would look like it once in 28,000 cards, and older programmes count in digits: such
    a number is taken for one of theirs, which anybody can count on from.
    """
    split = _split(number, rules)
    if split is None or not _has_new_shape(split[1]):
        return False
    return _fits(split[1]) and not split[1][:-1].isdigit()


def reasons(text: str, rules: RecognitionRules) -> tuple[Reason, ...]:
    """Say what is wrong with a text that has the shape of a new card number."""
    split = _split(text, rules)
    if split is None or not _has_new_shape(split[1]):
        return ()
    if _fits(_unconfused(*split)[1]):
        return ()
    return (
        Reason(
            "wrong-check-character",
            "the last character of the card number does not fit the others: "
            "it was mistyped or misread",
        ),
    )


def _split(text: str, rules: RecognitionRules) -> tuple[str, str] | None:
    try:
        value = normalise(text, rules.region)
    except InputFault:
        return None
    for prefix in rules.card_prefixes:
        upper = _BETWEEN.sub("", prefix).upper()
        if value.startswith(upper) and len(value) - len(upper) >= IMPORTED_CHARACTERS_MIN:
            return upper, value[len(upper) :]
    return None


def _has_new_shape(body: str) -> bool:
    return len(body) == BODY_CHARACTERS + 1


def _fits(body: str) -> bool:
    known = all(character in _ALPHABET for character in body)
    return known and check_character(body[:-1]) == body[-1]


def _unconfused(prefix: str, body: str) -> tuple[str, str]:
    """Read O as 0 and I or L as 1, but only where that makes the check character right.

    An imported card of the same length may really have these letters.
    """
    clear = body.translate(_CONFUSED)
    return prefix, clear if _has_new_shape(body) and _fits(clear) else body
