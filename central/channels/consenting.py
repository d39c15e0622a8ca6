"""Answers a person gave on a channel: records with their proof, in knowledge of all before them.

Of `consent.recorded` alone: whoever changes their mind on the web means it. What other events say
of consents is a statement beside an order, and ends no answer but that channel's own.
"""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.consent import ConsentRecord, State, reply
from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import StateFault
from agent.core.history.readings import of_consent
from agent.core.identifiers import PartyId
from central.channels.told import EventTold, PartyTold
from central.identity.consents import marks_of_person
from central.identity.interactions import record
from central.identity.objecting import keep_answer
from central.identity.parties import canonical, members_of

RECORDED = "consent.recorded"
_WEB = "web"


def keep_answers(
    conn: Connection, channel: str, event: EventTold, party_id: str, now: str
) -> list[str]:
    """Keep what was answered, effective at once; gives what would have no effect, and why.

    Raises:
        InputFault: `bad-consent`: an answer that cannot be kept.
    """
    if event.type != RECORDED or not isinstance(event.party, PartyTold):
        return []
    notes: list[str] = []
    for number, answer in enumerate(event.party.consents):
        try:
            _keep(conn, _record(channel, event, party_id, number, answer), now)
        except StateFault as fault:
            notes.append(f"{fault.detail}; {fault.remedy}")
    return notes


def _keep(conn: Connection, told: ConsentRecord, now: str) -> None:
    marks = marks_of_person(conn, members_of(conn, canonical(conn, told.party_id)))
    said = reply(told, marks, today=now[:10])
    keep_answer(conn, said, told.source, now)
    happened = of_consent((told.source, 0), said)
    if happened.interaction is not None:
        record(conn, said.party_id, happened.interaction, now)


def _record(
    channel: str, event: EventTold, party_id: str, number: int, answer: ConsentGiven
) -> ConsentRecord:
    source = f"{channel}/{event.event_id}"
    return ConsentRecord(
        record_id=f"{source}#{number}",
        party_id=PartyId(party_id),
        purpose=answer.purpose,
        state=State.GIVEN if answer.given else State.REFUSED,
        at=event.occurred_at,
        contact=answer.contact,
        method=_WEB,
        channel=channel,
        touch_point=event.touch_point or channel,
        source=source,
    )
