"""What a person's data may be used for, and on what ground: the purposes, as data.

A use that rests on consent needs a yes. One that rests on a legitimate interest goes on until the
person says no. What a contract or the law asks for is done in any case, and a no is written down.
A purpose nobody has described here needs a yes: what is not known must not be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

ANY = "any"
"""Of a contact: every contact point, and uses without any. Of a purpose: all of them; only a no."""


class Basis(StrEnum):
    """The lawful ground of a use (GDPR, Article 6(1))."""

    CONSENT = "consent"
    """(a)"""
    CONTRACT = "contract"
    """(b)"""
    LEGAL_OBLIGATION = "legal_obligation"
    """(c)"""
    LEGITIMATE_INTEREST = "legitimate_interest"
    """(f)"""


class Purpose(msgspec.Struct, frozen=True, omit_defaults=True):
    """One purpose."""

    purpose: str
    """As records name it: `marketing`."""
    basis: Basis = Basis.CONSENT
    part_of: str = ""
    """An objection to that purpose is one to this, too. A yes to it never is one to this."""
    text: str = ""
    """One plain sentence for the customer."""


MARKETING = Purpose("marketing", text="We tell you about offers and news.")
PROFILING = Purpose(
    "profiling",
    # GDPR, Article 21(2): who objects to direct marketing objects to the profiling behind it.
    part_of="marketing",
    text="We look at what you bought to suggest what may suit you.",
)
SHARING = Purpose("sharing", text="We pass your details on to partners you have been told of.")
SERVICE = Purpose(
    "service", Basis.CONTRACT, text="We write to you about your orders, repairs and returns."
)
RECOGNITION = Purpose(
    "recognition", Basis.CONTRACT, text="We know you again at the till as a member."
)
BOOKS = Purpose("books", Basis.LEGAL_OBLIGATION, text="We keep the books the law asks for.")
QUALITY = Purpose(
    "quality", Basis.LEGITIMATE_INTEREST, text="We ask you how satisfied you were with us."
)

PURPOSES: Mapping[str, Purpose] = MappingProxyType(
    {
        each.purpose: each
        for each in (MARKETING, PROFILING, SHARING, SERVICE, RECOGNITION, BOOKS, QUALITY)
    }
)
"""Those every shop has; the settings may add to them."""


def purpose_of(purpose: str, purposes: Mapping[str, Purpose] = PURPOSES) -> Purpose:
    """Describe a purpose; one that is not described needs a yes.

    >>> purpose_of("raffle").basis.value
    'consent'
    """
    return purposes.get(purpose) or Purpose(purpose)


def ancestry(purpose: str, purposes: Mapping[str, Purpose] = PURPOSES) -> tuple[str, ...]:
    """Name a purpose and what it is part of, the nearest first; a circle is gone round once.

    >>> ancestry("profiling")
    ('profiling', 'marketing')
    """
    line: list[str] = []
    while purpose and purpose not in line:
        line.append(purpose)
        purpose = purpose_of(purpose, purposes).part_of
    return tuple(line)
