"""Somebody closed their account at a web store: that opens a request, and erases nobody.

The store has forgotten them; whether they meant the chain, and who they are, a person makes sure
of first (GDPR, Article 12(6)). The request's legal clock runs from the day the store was told.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection

from agent.core.consent.rights import Kind, SubjectRequest
from agent.core.identifiers import PartyId
from central.channels.person import known_person
from central.channels.told import EventTold
from central.identity.requests import keep_request

_DAY = 10
_ID_CHARACTERS = 32


def left(conn: Connection, channel: str, event: EventTold, now: str) -> str | None:
    """Take down that somebody may want to be erased; gives who, where HQ knows them.

    Args:
        conn: of `writing`.
        channel: which tells it.
        event: of `party.left`.
        now: HQ's time.

    Raises:
        InputFault: a party id that is no UUID, or a time that is none.
    """
    party_id = known_person(conn, channel, event.party) if event.party is not None else None
    if party_id is not None:
        request = SubjectRequest(
            request_id=sha256(f"{channel}/{event.event_id}".encode()).hexdigest()[:_ID_CHARACTERS],
            kind=Kind.ERASE,
            party_id=PartyId(party_id),
            received=event.occurred_at[:_DAY],
            at=event.occurred_at,
            channel=channel,
            touch_point=event.touch_point or channel,
        )
        keep_request(conn, request, now)
    return party_id
