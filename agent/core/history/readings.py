"""One happening from one fact: what the kinds of fact mean that are one by themselves.

A sale and what ties it to a party are one only together: see `happenings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from agent.core.consent.record import (
    ConsentRecord,
    Mark,
    State,
    answer_mark,
    mark_of,
    told_event,
)
from agent.core.entries.bodies import ConsentGiven, PartyEnrolled
from agent.core.history.interactions import (
    SELF,
    STORE_CHANNEL,
    Occasion,
    employee,
    interaction_of_answer,
    interaction_of_contact,
    interaction_of_points,
)
from agent.core.history.model import NAME, Happening, Interaction, Pass, Place
from agent.core.history.survivorship import Observation, Strength
from agent.core.history.times import shown_at
from agent.core.identifiers import PartyId
from agent.core.loyalty.facts import ValueEarned, ValueSpent
from agent.core.loyalty.ledger import Posting
from agent.core.loyalty.members import owned

POINTS = "points"
"""The unit of a balance that a card shows."""


def of_enrolment(place: Place, body: PartyEnrolled) -> Happening:
    """Take over what the person said when they were enrolled: no visit, but words and answers."""
    said = {NAME: body.name, "phone": body.phone, "email": body.email, "postcode": body.postcode}
    source = f"{body.store}/{body.till}"
    told = of_words(place, body.party_id, said, source=source, at=shown_at(body.at))
    return replace(told, consents=body.consents, marks=_marks(body, source), passes=_passes(body))


def of_words(
    place: Place,
    party_id: PartyId,
    said: Mapping[str, str | None],
    *,
    source: str,
    at: str,
    strength: Strength = Strength.SAID,
) -> Happening:
    """Take over what was said of a person, at a till or elsewhere: nothing is overwritten by it.

    Args:
        place: where it stands.
        party_id: as observed.
        said: field → value; what is empty says nothing.
        source: a touch point, a channel or `import`.
        at: UTC, ISO 8601 with milliseconds and `Z`.
        strength: how much it weighs.
    """
    stream, seq = place
    event = f"{stream}/{seq}"
    words = [
        Observation(party_id, field, value, source, event, at, strength, stream, seq)
        for field, value in said.items()
        if value
    ]
    return Happening(event=event, party_id=party_id, at=at, places=(place,), words=tuple(words))


def of_contact(
    place: Place,
    party_id: PartyId,
    occasion: Occasion,
    *,
    title: str,
    ref: str,
    about: str | None = None,
) -> Happening:
    """Take over that the customer spoke with somebody; arguments as of `interaction_of_contact`."""
    line = interaction_of_contact(occasion, title=title, ref=ref, about=about)
    return Happening(
        event=line.event_id,
        party_id=party_id,
        at=line.occurred_at,
        places=(place,),
        interaction=line,
    )


def of_consent(place: Place, record: ConsentRecord) -> Happening:
    """Take over an answer: it decides at once, and is a line that the customer may look up."""
    occasion = Occasion(
        event_id=record.record_id,
        channel=record.channel or STORE_CHANNEL,
        touch_point=record.touch_point or record.channel or STORE_CHANNEL,
        occurred_at=record.at,
        actor=employee(record.operator) if record.operator else SELF,
    )
    return Happening(
        event=record.record_id,
        party_id=record.party_id,
        at=record.at,
        places=(place,),
        interaction=interaction_of_answer(
            occasion, said=_SAID[record.state], purpose=record.purpose, contact=record.contact
        ),
        marks=(mark_of(record),),
    )


def of_value(place: Place, fact: ValueEarned | ValueSpent) -> Happening | None:
    """Take over points that a sale has earned or was paid with.

    Returns:
        None of other units: a gift card is nobody's, and its sale is a line already.
    """
    points = _earned(fact) if isinstance(fact, ValueEarned) else _spent(fact)
    if not points:
        return None
    journal, seq = place
    occasion = Occasion(
        event_id=f"{journal}/{seq}",
        channel=STORE_CHANNEL,
        touch_point=f"{fact.store}/{fact.till}",
        occurred_at=shown_at(fact.at),
    )
    line = interaction_of_points(occasion, points=points, about=fact.sale_id)
    return _of_points((place,), fact.owner, points, line)


def of_postings(
    places: tuple[Place, ...],
    occasion: Occasion,
    postings: Iterable[Posting],
    *,
    about: str | None = None,
) -> list[Happening]:
    """Take over what a booking changes for its owners, as HQ posts it: returns reverse points, too.

    Args:
        places: where the fact stands that was booked.
        occasion: which event; each owner's line is named after it and them.
        postings: of this event.
        about: the sale or order it was for.
    """
    posted = list(postings)
    reverses = any(each.source is not None and each.source.event != each.event for each in posted)
    return [
        _of_points(
            places,
            owner,
            points,
            interaction_of_points(
                replace(occasion, event_id=f"{occasion.event_id}/{owner}"),
                points=points,
                reverses=reverses,
                about=about,
            ),
        )
        for (owner, unit), points in sorted(owned(posted).items())
        if unit == POINTS
    ]


def _marks(body: PartyEnrolled, source: str) -> tuple[Mark, ...]:
    """Give what decides of the answers; who gave the same twice has said it once."""
    return tuple(dict.fromkeys(_mark(body, source, answer) for answer in body.consents))


def _mark(body: PartyEnrolled, source: str, answer: ConsentGiven) -> Mark:
    purpose, contact, given = answer.purpose, answer.contact, answer.given
    at = shown_at(body.at)
    event = told_event(body.party_id, source, at, purpose=purpose, contact=contact, given=given)
    return answer_mark(event, 0, purpose=purpose, contact=contact, given=given)


def _passes(body: PartyEnrolled) -> tuple[Pass, ...]:
    return (Pass(body.pass_id, body.pass_secret or ""),) if body.pass_id else ()


def _of_points(places: tuple[Place, ...], owner: str, points: int, line: Interaction) -> Happening:
    return Happening(
        event=line.event_id,
        party_id=PartyId(owner),
        at=line.occurred_at,
        places=places,
        interaction=line,
        points=points,
    )


def _earned(fact: ValueEarned) -> int:
    return sum(earning.value for earning in fact.earnings if earning.unit == POINTS)


def _spent(fact: ValueSpent) -> int:
    return -sum(draw.value for draw in fact.draws) if fact.unit == POINTS else 0


_SAID = {
    State.GIVEN: "Said yes to",
    State.REFUSED: "Said no to",
    State.WITHDRAWN: "Took back the yes to",
    State.OBJECTED: "Objected to",
    State.EXPIRED: "Ran out: the yes to",
}
