"""Events as they are kept: accepted, or set aside with the reason; and what became of each."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, bindparam, select

from agent.core.faults import Fault
from central.channels.effect import Effect, Intake
from central.channels.received import Received
from central.channels.told import EventTold
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.direct import Prepared
from central.ledger.texts import without_nul
from central.ledger.upserts import upsert

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
_REASON_CHARACTERS = 500

_ACCEPTED_ALREADY = Prepared(
    select(CHANNEL_EVENTS.c.body, CHANNEL_EVENTS.c.party_id).where(
        CHANNEL_EVENTS.c.channel_id == bindparam("of_channel"),
        CHANNEL_EVENTS.c.event_id == bindparam("of_event"),
        CHANNEL_EVENTS.c.outcome == ACCEPTED,
    )
)
_NEW = upsert(CHANNEL_EVENTS)
_KEYS = ("channel_id", "event_id")
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=_KEYS,
        set_={each.name: each for each in _NEW.excluded if each.name not in _KEYS}
        | {"tries": CHANNEL_EVENTS.c.tries + 1},
    )
)


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event."""

    event_id: str
    outcome: str
    """`accepted`, `duplicate` or `quarantined`."""
    party_id: str | None = None
    reason: str | None = None
    remedy: str | None = None
    notes: tuple[str, ...] = ()
    """What was accepted although a person may want to look at it."""


def known(conn: Connection, channel: str, received: Received) -> Outcome | None:
    """Recognise an event that was accepted before; one that was set aside gets another try."""
    of_event = {"of_channel": channel, "of_event": received.event_id}
    row = _ACCEPTED_ALREADY.one_or_none(conn, of_event)
    if row is None:
        return None
    first, party_id = row
    same = first == received.body
    note = () if same else ("it differs from the event first sent under this id, which stands",)
    return Outcome(received.event_id, DUPLICATE, party_id=party_id, notes=note)


def keep(intake: Intake, received: Received, event: EventTold, effect: Effect) -> Outcome:
    """Keep an event as accepted."""
    row = {
        "type": event.type,
        "occurred_at": event.occurred_at,
        "outcome": ACCEPTED,
        "reason": "; ".join(effect.notes) or None,
        "party_id": effect.party_id,
        "order_no": received.order_no,
    }
    _put(intake, received, row)
    return Outcome(received.event_id, ACCEPTED, party_id=effect.party_id, notes=effect.notes)


def set_aside(intake: Intake, received: Received, error: Exception) -> Outcome:
    """Keep an event that could not be used, with the reason."""
    reason = f"{getattr(error, 'orig', None) or _detail(error)}"
    reason = without_nul(reason)[:_REASON_CHARACTERS]
    remedy = error.remedy if isinstance(error, Fault) else "report this event; it is kept here"
    row = {
        "type": "",
        "occurred_at": "",
        "outcome": QUARANTINED,
        "reason": reason,
        "party_id": None,
        "order_no": None,
    }
    _put(intake, received, row)
    return Outcome(received.event_id, QUARANTINED, reason=reason, remedy=remedy)


def _detail(error: Exception) -> str:
    return error.detail if isinstance(error, Fault) else f"{type(error).__name__}: {error}"


def _put(intake: Intake, received: Received, row: dict[str, str | None]) -> None:
    whole = row | {
        "channel_id": intake.channel,
        "event_id": received.event_id,
        "received_at": intake.now,
        "body": received.body,
        "tries": 1,
    }
    _PUT.run(intake.conn, whole)
