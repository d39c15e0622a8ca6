"""What an accepted event does: the party, the order, the timeline and the card, at once."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, bindparam, select, update

from agent.core.faults import InputFault
from agent.core.history import Interaction, Order, interaction_of_order, rank, state_after
from agent.core.identifiers import PartyId
from central.channels.consenting import keep_answers
from central.channels.lead_events import lead_of
from central.channels.leaving import left
from central.channels.orders import (
    all_told,
    events_of,
    paid_told,
    require_own,
    state_told,
)
from central.channels.person import NewId, Person, person_of
from central.channels.registry import default_point, meet
from central.channels.told import PARTY_LEFT, EventTold, read_event
from central.goods.standing import Said, order_held, tell
from central.goods.told import Teller
from central.identity.interactions import record
from central.identity.parties import Origin
from central.leads.facts import keep_lead
from central.leads.telling import interaction_of_lead
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.direct import Prepared
from central.ledger.tables import JOURNALS

_SILENT = frozenset({"party.enrolled", "party.observed", "consent.recorded"})
"""Change what is known of a person, but are nothing the person did."""


_is_nobodys = and_(
    CHANNEL_EVENTS.c.channel_id == bindparam("of_channel"),
    CHANNEL_EVENTS.c.order_no == bindparam("of_order"),
    CHANNEL_EVENTS.c.party_id.is_(None),
)
_NOBODYS = Prepared(select(CHANNEL_EVENTS.c.body).where(_is_nobodys))
_SOMEBODYS = update(CHANNEL_EVENTS).where(_is_nobodys).values(party_id=bindparam("whose"))


class Effect(NamedTuple):
    """Whom an event was about, and what a person may want to look at."""

    party_id: str | None
    notes: tuple[str, ...]
    touched: frozenset[PartyId] = frozenset()
    """Whose cards are to be told anew, by any ids."""


def apply(conn: Connection, channel: str, event: EventTold, now: str, new_id: NewId) -> Effect:
    """Give an event its effect, in the caller's savepoint; the cards it touched are the caller's.

    Raises:
        Fault: what of the event cannot be used; the caller undoes the savepoint.
    """
    event = msgspec.structs.replace(
        event, touch_point=event.touch_point or default_point(conn, channel)
    )
    notes = _meet(conn, channel, event, now)
    if event.type == PARTY_LEFT:
        gone = left(conn, channel, event, now)
        said = "a request to erase is open" if gone else "nobody is known here by that"
        return Effect(gone, (*notes, said))
    person = _person(conn, channel, event, new_id)
    held, order = _order(conn, channel, event, person.party_id, now)
    party_id = person.party_id or (order.party_id if order else None)
    if party_id is not None:
        _into_history(conn, party_id, interaction_of_event(channel, event, order), now)
        notes += keep_answers(conn, channel, event, party_id, now)
    if event.lead is not None:
        keep_lead(conn, lead_of(channel, event, party_id), f"{channel}/{event.event_id}")
    if order is not None:
        _catch_up(conn, order, now)
        notes += _unknown_store(conn, order)
    about = {party_id, held.party_id if held else None, order.party_id if order else None}
    touched = frozenset(PartyId(each) for each in about if each is not None)
    return Effect(party_id, (*notes, *person.notes), touched)


def interaction_of_event(channel: str, event: EventTold, order: Order | None) -> Interaction:
    """Tell an event as one line of a history; an order's line says what is in it."""
    event_id = f"{channel}/{event.event_id}"
    point = event.touch_point or channel
    if event.lead is not None:
        return interaction_of_lead(lead_of(channel, event, None), event_id, point)
    if order is None:
        return Interaction(
            event_id=event_id,
            type=event.type,
            channel=channel,
            touch_point=point,
            occurred_at=event.occurred_at,
            title=event.title or event.type.replace(".", " "),
            ref=event.ref or event.event_id,
        )
    return interaction_of_order(
        order,
        event_id=event_id,
        event_type=event.type,
        touch_point=point,
        occurred_at=event.occurred_at,
    )


def _meet(conn: Connection, channel: str, event: EventTold, now: str) -> list[str]:
    if meet(conn, channel, event.touch_point or channel, now):
        return []
    return [f"touch point {event.touch_point!r} is not registered; it counts as `other`"]


def _person(conn: Connection, channel: str, event: EventTold, new_id: NewId) -> Person:
    if event.party is None:
        person = Person(None, ("the event names nobody",))
    else:
        origin = Origin(channel, event.occurred_at, f"{channel}/{event.event_id}")
        person = person_of(conn, channel, event.party, origin, new_id)
    if person.party_id is None and event.order is None and event.lead is None:
        raise InputFault(
            "; ".join(person.notes),
            remedy="send `party` with party_id, card, web_account, email or phone",
            name="nobody-named",
        )
    return person if event.party is not None else Person(None, ())


def _order(
    conn: Connection, channel: str, event: EventTold, party_id: str | None, now: str
) -> tuple[Order | None, Order | None]:
    """Keep the order as it stands now; give what was held, and the order in this event's state."""
    if event.order is None:
        return None, None
    held = order_held(conn, event.order.order_no)
    require_own(held, channel, event.order.order_no)
    events = events_of(conn, channel, event, event.order)
    state = state_told(events, held)
    late = held is not None and held.party_id is not None and rank(state) < rank(held.state)
    said = Said(None if late else party_id, paid_told(events))
    kept = tell(conn, all_told(events), Teller(channel, channel), now, said).order
    if kept is None:
        raise ValueError(event.order.order_no)
    return held, msgspec.structs.replace(kept, state=state)


def _into_history(conn: Connection, party_id: str, interaction: Interaction, now: str) -> None:
    if interaction.type not in _SILENT:
        record(conn, party_id, interaction, now)


def _catch_up(conn: Connection, order: Order, now: str) -> None:
    """Bring earlier events of the order into the history, now that its party is known."""
    if order.party_id is None:
        return
    which = {"of_channel": order.channel, "of_order": order.order_no}
    earlier = _NOBODYS.all(conn, which)
    for row in earlier:
        event = read_event(row.body)
        then = msgspec.structs.replace(order, state=state_after(event.type, order))
        _into_history(conn, order.party_id, interaction_of_event(order.channel, event, then), now)
    if earlier:
        conn.execute(_SOMEBODYS, which | {"whose": order.party_id})


def _unknown_store(conn: Connection, order: Order) -> list[str]:
    if order.collect_at is None:
        return []
    query = select(JOURNALS.c.journal_id).where(JOURNALS.c.store == order.collect_at).limit(1)
    known = conn.execute(query).first() is not None
    return [] if known else [f"no till of store {order.collect_at!r} is enrolled here"]
