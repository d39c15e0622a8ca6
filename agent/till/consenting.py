"""Yes and no to a use of the customer's data, said at the till: kept with its proof, at once.

A no may be said by anybody who is here. A yes needs a card that is open, since only then the till
sees what was answered before, which the new answer puts an end to.
"""

from __future__ import annotations

from typing import NamedTuple

from agent.core.consent import ANY, ConsentRecord, State, reply
from agent.core.faults import StateFault
from agent.core.history import STORE_CHANNEL, Card
from agent.core.identifiers import PartyId
from agent.core.recognition import Part, opens
from agent.core.space import Work
from agent.till.cards import known, own_bodies
from agent.till.commands import RecordConsent
from agent.till.desk import Desk
from agent.till.replies import ConsentKept
from agent.till.requests import ConsentRequest
from agent.till.telling import customer_event

SPOKEN = "spoken"
"""How an answer is given where nobody says otherwise."""


class Answer(NamedTuple):
    """What was answered, before it is a record."""

    purpose: str
    contact: str = ANY
    given: bool = False
    objects: bool = False
    lifts: bool = False
    source: str = ""
    record_id: str | None = None
    notice: str = ""
    method: str = SPOKEN
    valid_until: str = ""


async def record(desk: Desk, ask: RecordConsent) -> ConsentKept:
    """Keep an answer; repeated under its id, give the same again.

    Raises:
        StateFault: `identify-first`, `identify-better`, `objection-stands`.
        InputFault: `bad-consent`.
        NoRoom: `disk-full`.
    """
    party_id, request = ask.party_id, ask.request
    require_met(desk, party_id)
    fact = await _recorded_before(desk, party_id, request.record_id)
    if fact is None:
        desk.require_room(Work.SIDE, "no answer is kept; write it down and record it later")
        held = await known(desk, party_id)
        fact = recorded(desk, party_id, held.card if held else None, _answer(request))
        tell = [customer_event(party_id, "found")]
        await desk.commit(lambda _conn: None, facts=[fact], tell=tell)
    now = await known(desk, party_id)
    return ConsentKept(
        fact.record_id,
        fact.state.value,
        fact.replaces,
        now.card.consents if now and opens(desk.meeting(party_id).strength, Part.CONSENTS) else (),
    )


def recorded(desk: Desk, party_id: PartyId, card: Card | None, answer: Answer) -> ConsentRecord:
    """Make the record of an answer, with what it puts an end to; nothing is written yet.

    Raises:
        StateFault: `identify-better`: a yes, where the card is closed; `objection-stands`.
        InputFault: `bad-consent`.
    """
    if answer.given and not opens(desk.meeting(party_id).strength, Part.CONSENTS):
        raise StateFault(
            "a yes is only taken where it is seen what was answered before",
            remedy="ask for their phone number or e-mail address first, or scan their card",
            name="identify-better",
        )
    stamp = desk.clock.stamp()
    said = ConsentRecord(
        record_id=answer.record_id or desk.clock.uuid7(),
        party_id=party_id,
        purpose=answer.purpose.strip(),
        state=_state(answer),
        at=stamp.wall,
        contact=answer.contact.strip(),
        notice=answer.notice,
        language=desk.store.language,
        jurisdiction=desk.store.country,
        method=answer.method,
        channel=STORE_CHANNEL,
        touch_point=desk.touch_point(),
        operator=desk.actor,
        valid_until=answer.valid_until,
        source=answer.source,
    )
    marks = card.marks if card else ()
    return reply(said, marks, today=desk.business_date(stamp), lifting=answer.lifts)


def require_met(desk: Desk, party_id: PartyId) -> None:
    """Refuse to speak of somebody who is not here.

    Raises:
        StateFault: `identify-first`.
    """
    if not desk.may_open(party_id):
        raise StateFault(
            f"party {party_id} was not identified at till {desk.till.id} lately",
            remedy="identify first: scan the card, or POST /v1/identify",
            name="identify-first",
        )


def _state(answer: Answer) -> State:
    if answer.given:
        return State.GIVEN
    return State.OBJECTED if answer.objects else State.REFUSED


def _answer(request: ConsentRequest) -> Answer:
    return Answer(
        purpose=request.purpose,
        contact=request.contact,
        given=request.given,
        objects=request.objection,
        lifts=request.lifts_objection,
        record_id=request.record_id,
        notice=request.notice,
        method=request.method,
        valid_until=request.valid_until,
    )


async def _recorded_before(
    desk: Desk, party_id: PartyId, record_id: str | None
) -> ConsentRecord | None:
    if record_id is None:
        return None
    bodies = await own_bodies(desk, party_id)
    same = (each for each in bodies if isinstance(each, ConsentRecord))
    return next((each for each in same if each.record_id == record_id), None)
