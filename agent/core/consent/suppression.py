"""Not writing to somebody who is erased: all that is left of them is a contact point's keyed token.

GDPR, Article 21(3): an objection must be obeyed although nobody knows any more whose it was. If the
contact point turns up again, with whomever, its token is found and the objection stands until that
person says yes: the token is no obstacle to being a customer again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.core.consent.checking import check
from agent.core.consent.naming import NOES
from agent.core.consent.purposes import MARKETING, PURPOSES, Purpose
from agent.core.consent.record import Asked, Mark, State


class ContactPoint(msgspec.Struct, frozen=True, order=True):
    """One address or number."""

    contact: str
    """`email`, `sms` …"""
    point: str
    """The id records name it by."""


def to_suppress(
    marks: Iterable[Mark],
    points: Iterable[ContactPoint],
    *,
    today: str,
    purposes: Mapping[str, Purpose] = PURPOSES,
) -> tuple[ContactPoint, ...]:
    """Say of which contact points a token is kept when the person is erased.

    Args:
        marks: of the person, as they stand now.
        points: all there are.
        today: the day.
        purposes: what is known of purposes.

    Returns:
        Those with a no to marketing. Who never said no is simply forgotten.

    Raises:
        InputFault: `bad-day`.
    """
    noes, held = {state.value for state in NOES}, tuple(marks)
    return tuple(
        each
        for each in sorted(set(points))
        if check(
            held,
            Asked(MARKETING.purpose, each.contact, each.point),
            today=today,
            purposes=purposes,
        ).state
        in noes
    )


def suppression_mark(token_id: str, found: ContactPoint) -> Mark:
    """Give the mark of a token that was found again: an objection of somebody who is gone.

    Args:
        token_id: under which the token is kept; names nobody.
        found: the contact point as it is known now.
    """
    return Mark(
        record_id=f"suppressed:{token_id}",
        purpose=MARKETING.purpose,
        state=State.OBJECTED,
        contact=found.contact,
        point=found.point,
        inherited=True,
    )
