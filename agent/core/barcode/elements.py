"""GS1 element strings: application identifiers (AI) with their values.

The AIs and their formats come from `biip`, which carries GS1's own dictionary. The walk over the
text is ours: it needs no clock, and every refusal names the AI it is about. What a value must hold
beyond its format is in `components`, which AIs may stand together in `companions`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from agent.core.barcode.check_digits import is_digits
from agent.core.barcode.companions import check_exclusions
from agent.core.barcode.components import check_components
from agent.core.barcode.unreadable import Unreadable

if TYPE_CHECKING:
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

SEPARATOR = "\x1d"
"""FNC1 between elements as scanners send it (GS1 General Specifications, 7.8.6)."""
AI_CHARACTERS_MAX = 4
ELEMENTS_MAX = 64
"""GS1's own Barcode Syntax Engine reads no more from one message."""

# GS1 General Specifications, figure 7.8.5-2: these need no separator; AI and value together.
_PREDEFINED = {
    "00": 20,
    **dict.fromkeys(("01", "02", "03", "41"), 16),
    "04": 18,
    "20": 4,
    **dict.fromkeys((str(two) for two in range(11, 20)), 8),
    **dict.fromkeys((str(two) for two in range(31, 37)), 10),
}


class Element(msgspec.Struct, frozen=True):
    """One application identifier with its verified value."""

    ai: str
    value: str


def elements_of(text: str) -> tuple[Element, ...]:
    """Split a GS1 element string into its elements.

    Raises:
        Unreadable: `unknown-ai`, `malformed-ai`, `wrong-check-digit`, `bad-date`, `unknown-code`,
            `repeated-ai`, `contradicting-ai`, `too-many-ais`.

    >>> [(e.ai, e.value) for e in elements_of("010952012345678810A1" + SEPARATOR + "3002")]
    [('01', '09520123456788'), ('10', 'A1'), ('30', '02')]
    """
    found: list[Element] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == SEPARATOR:
            at += 1
            continue
        ai = _ai_of(text[at : at + AI_CHARACTERS_MAX])
        limit = min(end, at + _PREDEFINED.get(ai[:2], end))
        stop = text.find(SEPARATOR, at, limit)
        stop = limit if stop < 0 else stop
        found.append(element(ai, text[at + len(ai) : stop]))
        require_few(len(found))
        at = stop
    return together(found)


def require_few(count: int) -> None:
    """Refuse a symbol of more elements than any pack has, before much time goes into it.

    Raises:
        Unreadable: `too-many-ais`.
    """
    if count > ELEMENTS_MAX:
        raise Unreadable("too-many-ais", f"the symbol has more than {ELEMENTS_MAX} elements")


def element(ai: str, value: str) -> Element:
    """Verify one value against the format of its AI.

    Raises:
        Unreadable: `unknown-ai`, `malformed-ai`, `wrong-check-digit`, `bad-date`, `unknown-code`.
    """
    if not value or _format(ai).fullmatch(ai + value) is None:
        raise Unreadable(
            "malformed-ai", f"{value!r} does not fit AI {ai}, whose format is {_entry(ai).format}"
        )
    check_components(ai, value)
    return Element(ai, value)


def together(elements: Sequence[Element]) -> tuple[Element, ...]:
    """Give the elements of one symbol without exact repetitions, in their order.

    Raises:
        Unreadable: `repeated-ai`, one AI with two different values; `contradicting-ai`.
    """
    values: dict[str, str] = {}
    for one in elements:
        if values.setdefault(one.ai, one.value) != one.value:
            raise Unreadable(
                "repeated-ai", f"AI {one.ai} says both {values[one.ai]!r} and {one.value!r}"
            )
    check_exclusions(values)
    return tuple(Element(ai, value) for ai, value in values.items())


def is_ai(text: str) -> bool:
    """Tell whether a text is exactly one application identifier.

    >>> is_ai("01"), is_ai("0"), is_ai("89")
    (True, False, False)
    """
    found = _lookup(text[:AI_CHARACTERS_MAX])
    return found is not None and found.ai == text


def looks_like_elements(text: str) -> bool:
    """Tell whether a text of unknown origin was probably meant as an element string.

    >>> looks_like_elements("0109520123456788"), looks_like_elements("4006381333931")
    (True, False)
    """
    begins = text[:2] in ("00", "01", "02") and len(text) > len("12345678901234")
    return SEPARATOR in text or (begins and is_digits(text[:16]))


def _ai_of(text: str) -> str:
    found = _lookup(text)
    if found is None:
        raise Unreadable("unknown-ai", f"{text!r} begins with no known AI")
    return found.ai


def _entry(ai: str) -> GS1ApplicationIdentifier:
    found = _lookup(ai)
    if found is None or found.ai != ai:
        raise Unreadable("unknown-ai", f"{ai!r} is not an application identifier")
    return found


@lru_cache(maxsize=1024)
def _lookup(beginning: str) -> GS1ApplicationIdentifier | None:
    # GS1's dictionary takes a tenth of a second to load, which checking settings need not wait for.
    from biip import ParseError
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

    # biip walks over all 541 entries each time; a shop meets a dozen of them.
    try:
        return GS1ApplicationIdentifier.extract(beginning)
    except ParseError:
        return None


@lru_cache(maxsize=1024)
def _format(ai: str) -> re.Pattern[str]:
    # ASCII, because \d alone also means the digits of every other script.
    return re.compile(_entry(ai).pattern, re.ASCII)
