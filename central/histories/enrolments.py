"""What an enrolment must say to be of somebody: a record in which nothing can be read is no person.

A till refuses such words before it keeps them; what arrives all the same was written by a damaged
or a foreign program. It waits in quarantine, and the sales around it are booked (P6). One word that
cannot be read among others that can costs nobody their enrolment: it stays as it was told.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.core.entries.bodies import PartyEnrolled
from agent.core.faults import InputFault
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType

NAME_CHARACTERS = 200
_NO_REGION = "ZZ"
"""A till writes phones as E.164: no region is needed to read them."""


def identifiers_of(body: PartyEnrolled) -> Iterator[Identifier]:
    """Give what can be compared; what cannot stays readable as an attribute, and blocks nothing."""
    for kind, text in _told(body):
        try:
            yield normalise(kind, text, _NO_REGION)
        except InputFault:
            continue


def require_somebody(body: PartyEnrolled) -> None:
    """Refuse a record that names nobody; its reason holds no word of it.

    Of one that is closed nothing can be said.

    Raises:
        InputFault: `customer-unreadable`, with the fields that make no sense.
    """
    if body.sealed is not None:
        return
    wrong = [*_unfit(body)]
    told = [kind.value for kind, _ in _told(body)]
    if told and not any(identifiers_of(body)):
        wrong += [f"the {kind.replace('_', ' ')} is none" for kind in told]
    if wrong:
        raise InputFault(
            f"this is no customer: {'; '.join(wrong)}",
            remedy="look at the till's program; enrol the customer again at their next visit, "
            "then void this entry",
            name="customer-unreadable",
        )


def _told(body: PartyEnrolled) -> list[tuple[IdentifierType, str]]:
    said = (
        (IdentifierType.LOYALTY_CARD, body.card),
        (IdentifierType.PHONE, body.phone),
        (IdentifierType.EMAIL, body.email),
    )
    return [(kind, text) for kind, text in said if text]


def _unfit(body: PartyEnrolled) -> Iterator[str]:
    party_id, name = body.party_id, body.name.strip()
    if not party_id.isprintable() or not party_id.strip():
        yield "its id is no id"
    if not name.isprintable() or len(name) > NAME_CHARACTERS or not any(map(str.isalnum, name)):
        yield "the name is none"
    if any(not answer.purpose.strip() or not answer.contact.strip() for answer in body.consents):
        yield "an answer says not to what"
