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
    accepted,
    all_told,
    events_of,
    order_id_for,
    paid_told,
    require_own,
    state_told,
)
from central.channels.person import NewId, Person, person_of
from central.channels.registry import Points
from central.channels.told import PARTY_LEFT, EventTold, OrderTold, read_event
from central.goods.standing import Said, Standing
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

_OF_STORE = Prepared(
    select(JOURNALS.c.journal_id).where(JOURNALS.c.store == bindparam("of_store")).limit(1)
)


class Effect(NamedTuple):
    """Whom an event was about, and what a person may want to look at."""

    party_id: str | None
    notes: tuple[str, ...]
    touched: frozenset[PartyId] = frozenset()
    """Whose cards are to be told anew, by any ids."""


class Intake(NamedTuple):
    """What all events of one channel have in common on their way in."""

    conn: Connection
    """Of `writing`."""
    channel: str
    points: Points
    now: str
    """HQ's time."""
    new_id: NewId
    """Makes a UUIDv7 for a person met for the first time."""


class OrderHeard:
    """One order while events tell of it: read for the first of them, kept after the last."""

    def __init__(self, intake: Intake, order_no: str) -> None:
        """Read what was told of it so far."""
        self._conn, self._channel, self._now = intake.conn, intake.channel, intake.now
        self._order_no = order_no
        self._before = accepted(intake.conn, intake.channel, order_no)
        self._standing = Standing(intake.conn, order_id_for(intake.channel, order_no))

    @property
    def held(self) -> Order | None:
        """The order as it stands."""
        return self._standing.known(self._order_no)

    def hear(self, event: EventTold, told: OrderTold, party_id: str | None) -> Order:
        """Add an event; gives the order in this event's state.

        Raises:
            Fault: what of the event cannot be used; the caller undoes its savepoint.
        """
        held = self.held
        require_own(held, self._channel, self._order_no)
        events = events_of(self._conn, self._channel, event, told, self._before.values())
        state = state_told(events, held)
        late = held is not None and held.party_id is not None and rank(state) < rank(held.state)
        said = Said(None if late else party_id, paid_told(events))
        teller = Teller(self._channel, self._channel)
        kept = self._standing.tell(all_told(events), teller, self._now, said).order
        if kept is None:
            raise ValueError(self._order_no)
        self._before[event.event_id] = event
        return msgspec.structs.replace(kept, state=state)

    def keep(self) -> frozenset[PartyId]:
        """Write down what has come of it; gives whose points it changed."""
        return frozenset(map(PartyId, self._standing.keep(self._now)))


def apply(intake: Intake, event: EventTold, heard: OrderHeard | None) -> Effect:
    """Give an event its effect, in the caller's savepoint.

    The order is kept, and the cards it touched are told, by the caller.

    Raises:
        Fault: what of the event cannot be used; the caller undoes the savepoint.
    """
    conn, channel, points, now, _ = intake
    event = msgspec.structs.replace(event, touch_point=event.touch_point or points.default)
    notes = _meet(points, event, now)
    if event.type == PARTY_LEFT:
        gone = left(conn, channel, event, now)
        said = "a request to erase is open" if gone else "nobody is known here by that"
        return Effect(gone, (*notes, said))
    person = _person(intake, event)
    held = heard.held if heard else None
    order = heard.hear(event, event.order, person.party_id) if heard and event.order else None
    party_id = person.party_id or (order.party_id if order else None)
    if party_id is not None:
        _into_history(conn, party_id, interaction_of_event(channel, event, order), now)
        notes += keep_answers(conn, channel, event, party_id, now)
    if event.lead is not None:
        keep_lead(conn, lead_of(channel, event, party_id), f"{channel}/{event.event_id}")
    if order is not None:
        _catch_up(conn, held, order, now)
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


def _meet(points: Points, event: EventTold, now: str) -> list[str]:
    if points.meet(event.touch_point or points.default, now):
        return []
    return [f"touch point {event.touch_point!r} is not registered; it counts as `other`"]


def _person(intake: Intake, event: EventTold) -> Person:
    if event.party is None:
        person = Person(None, ("the event names nobody",))
    else:
        event_id = f"{intake.channel}/{event.event_id}"
        origin = Origin(intake.channel, event.occurred_at, event_id)
        person = person_of(intake.conn, intake.channel, event.party, origin, intake.new_id)
    if person.party_id is None and event.order is None and event.lead is None:
        raise InputFault(
            "; ".join(person.notes),
            remedy="send `party` with party_id, card, web_account, email or phone",
            name="nobody-named",
        )
    return person if event.party is not None else Person(None, ())


def _into_history(conn: Connection, party_id: str, interaction: Interaction, now: str) -> None:
    if interaction.type not in _SILENT:
        record(conn, party_id, interaction, now)


def _catch_up(conn: Connection, held: Order | None, order: Order, now: str) -> None:
    """Bring earlier events of the order into the history, now that its party is known."""
    if order.party_id is None or held is None:
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
    known = _OF_STORE.one_or_none(conn, {"of_store": order.collect_at})
    return [] if known else [f"no till of store {order.collect_at!r} is enrolled here"]
