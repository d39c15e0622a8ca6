"""Card numbers in a text: where they stand, and what of them may be shown (P9).

What decides, in this order:
1. track data is a card's, by its form (`tracks`);
2. what proves to be something else is none (`exempt`): a GTIN of 8, 12 or 13 digits, one of 14
   unless it is written 4-6-4, an IBAN, a UUID, a telephone number with `+`, an SSCC behind `(00)`;
3. of the rest, 14 to 19 digits that begin like a known issuer's, have a length of that issuer and
   end with their Luhn digit. Blanks, dashes and dots may divide them as cards are printed or read
   out; digits without anything between them must be a card's from the first to the last.

So no GTIN is ever taken for a card, whatever stands beside it. The price is known. Of cards with 14
digits (Diners Club) one in ten is a valid GTIN-14, and is found only where it is written 4-6-4. Of
cards written 8-8 one in five, and 6-13 one in ten, have a group that is a valid GTIN, and are not
found. As cards are embossed, and without blanks, all others are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from agent.core.card_numbers import exempt
from agent.core.card_numbers.digits import Group, chains, plain_digits
from agent.core.card_numbers.issuers import DIGITS_MAX, DIGITS_MIN, passes_luhn, scheme_of
from agent.core.card_numbers.tracks import tracks

SHOWN = 4
"""Digits of a card number that may be kept and shown (PCI DSS v4.0.1, 3.4.1 allows more)."""
TRACK, NUMBER = "track", "number"

_EMBOSSED = {(4, 6, 5), (4, 6, 4)}
"""American Express and Diners Club; all others are embossed in fours."""
_FOURS, _EIGHTS, _ISSUER_DIGITS, _REST_MIN = 4, 8, 6, 8
_SPELT_MAX = 3
_DIGITS_AT_LEAST = 12
"""Of any text with a card number in it: the shortest that track data can carry."""
_MASK = "*"
_BLANKS = r"[\s,;:/()|-]{0,3}"
# What is said of a card behind its number: month and year, and the code on its back.
_BEHIND = re.compile(
    rf"{_BLANKS}(?:(?:exp(?:iry|ires|\.|)|valid|thru|bis|g[uü]ltig){_BLANKS})*"
    rf"(?P<expiry>(?<![0-9])(?:0[1-9]|1[0-2]){_BLANKS}(?:20)?[2-9][0-9](?![0-9]))?"
    rf"(?:{_BLANKS}(?:cvv2?|cvc2?|csc|cid|code))?"
    rf"(?P<code>{_BLANKS}(?<![0-9])[0-9]{{3,4}}(?![0-9]))?",
    re.IGNORECASE,
)


class CardNumber(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card number in a text, without the number."""

    form: str
    """`track` or `number`."""
    start: int
    end: int
    """Behind its last character; what was written of expiry and code is part of it."""
    digits: int
    shown: str
    """Its last four."""
    scheme: str | None = None
    """As in `issuers.ISSUERS`; None where track data names no scheme."""


def card_numbers(text: str) -> tuple[CardNumber, ...]:
    """Find card numbers, in their order, none overlapping another.

    >>> card_numbers("card 4111-1111-1111-1111, GTIN 4006381333931")[0].scheme
    'Visa'
    """
    if sum(map(str.isdecimal, text)) < _DIGITS_AT_LEAST:
        return ()
    plain = plain_digits(text)
    found = [*_tracks(plain), *_numbers(plain)]
    return tuple(_joined(sorted(found, key=lambda card: (card.start, -card.end))))


def _tracks(text: str) -> Iterator[CardNumber]:
    for track in tracks(text):
        yield _card(TRACK, track.start, track.end, track.pan)


def _numbers(text: str) -> Iterator[CardNumber]:
    text = exempt.blanked(text)
    for chain in chains(text):
        for groups in _windows(chain):
            digits = "".join(group.digits for group in groups)
            start, end = groups[0].start, groups[-1].end
            if _is_card(text, groups, digits):
                yield _card(NUMBER, start, _end_of_secrets(text, end), digits)


def _card(form: str, start: int, end: int, digits: str) -> CardNumber:
    return CardNumber(form, start, end, len(digits), digits[-SHOWN:], scheme_of(digits))


def _windows(chain: list[Group]) -> Iterator[list[Group]]:
    """List the runs of groups that are written like a card number."""
    for first in range(len(chain)):
        total = 0
        for last in range(first, len(chain)):
            total += len(chain[last].digits)
            if total > DIGITS_MAX:
                break
            groups = chain[first : last + 1]
            if total >= DIGITS_MIN and _is_written_like_a_card(groups, len(chain)):
                yield groups


def _is_written_like_a_card(groups: list[Group], in_chain: int) -> bool:
    sizes = tuple(len(group.digits) for group in groups)
    *leading, last = sizes
    if not leading or sizes in _EMBOSSED:
        return True
    if leading == [_ISSUER_DIGITS]:
        return last >= _REST_MIN
    size = leading[0]
    if set(leading) != {size} or last > size:
        return False
    # Ones, twos and threes are amounts and telephone numbers unless they are all there is.
    return size in {_FOURS, _EIGHTS} or (size <= _SPELT_MAX and len(sizes) == in_chain)


def _is_card(text: str, groups: list[Group], digits: str) -> bool:
    masked = exempt.before(text, groups[0]) == _MASK
    of_articles = len(groups) > 1 and any(exempt.is_gtin(group.digits) for group in groups)
    return (
        not (masked or of_articles or exempt.is_case(groups) or exempt.is_phone(text, groups))
        and scheme_of(digits) is not None
        and passes_luhn(digits)
    )


def _end_of_secrets(text: str, end: int) -> int:
    """Look behind a card number for its expiry and its code, which must not be kept either."""
    behind = _BEHIND.match(text, end)
    said = behind and (behind["expiry"] or behind["code"])
    return behind.end() if behind and said else end


def _joined(found: list[CardNumber]) -> Iterator[CardNumber]:
    """Make one of those that overlap: what is hidden is all of them, what is shown the last."""
    open_: CardNumber | None = None
    for card in found:
        if open_ is None or card.start >= open_.end:
            if open_ is not None:
                yield open_
            open_ = card
        elif card.end > open_.end:
            open_ = msgspec.structs.replace(card, start=open_.start)
    if open_ is not None:
        yield open_
