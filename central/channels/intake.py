"""Events of a channel in: each judged by itself, applied once, answered with its own outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import (
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
    StatementError,
)

from agent.core.faults import Fault
from central.channels.effect import Effect, apply
from central.channels.masking import without_card_numbers
from central.channels.person import NewId
from central.channels.told import EventTold, read_event
from central.identity.erased import forget_late
from central.identity.findings import note_found
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.engine import exceeds_limit
from central.ledger.texts import UnfitText, holds_nul, without_nul
from central.ledger.upserts import upsert

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
_EVENT_ERRORS = (
    Fault,
    StatementError,
    NoResultFound,
    MultipleResultsFound,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
)
"""What a bad event can cause. `OperationalError` is the database's trouble and goes up, unless it
says that a text is longer than anything can be looked up by: that is the event's."""
_REASON_CHARACTERS = 500


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


class _Named(msgspec.Struct):
    event_id: str = ""


def take(
    conn: Connection, channel: str, bodies: Sequence[bytes], now: str, new_id: NewId
) -> list[Outcome]:
    """Take events of a registered channel in their order; none blocks another.

    Args:
        conn: of `writing`.
        channel: id of the channel.
        bodies: each event as JSON, as received.
        now: HQ's time, kept as received_at.
        new_id: makes a UUIDv7 for a person met for the first time.
    """
    return [_take_one(conn, channel, body, now, new_id) for body in bodies]


def _take_one(conn: Connection, channel: str, body: bytes, now: str, new_id: NewId) -> Outcome:
    clean = without_card_numbers(body)
    body, event_id = clean.body, _id_of(clean.body)
    note_found(conn, f"{channel}/{event_id}", clean.findings, now)
    outcome = _judge(conn, channel, event_id, body, now, new_id)
    return msgspec.structs.replace(outcome, notes=(*outcome.notes, *clean.notes))


def _judge(
    conn: Connection, channel: str, event_id: str, body: bytes, now: str, new_id: NewId
) -> Outcome:
    if (known := _known(conn, channel, event_id, body)) is not None:
        return known
    try:
        with conn.begin_nested():
            event = _read(body)
            effect = apply(conn, channel, event, now, new_id)
            _keep(conn, channel, body, now, event, effect)
            forget_late(conn, [effect.party_id] if effect.party_id else [])
    except _EVENT_ERRORS as error:
        if isinstance(error, OperationalError) and not exceeds_limit(error):
            raise
        return _set_aside(conn, channel, event_id, body, now, error)
    return Outcome(event_id, ACCEPTED, party_id=effect.party_id, notes=effect.notes)


def _read(body: bytes) -> EventTold:
    """Read an event.

    Raises:
        UnfitText: a text in it cannot be kept.
        Fault: it is no event.
    """
    if holds_nul(body):
        raise UnfitText(
            "a text in this event holds a NUL (U+0000)",
            remedy="take it out at the web store and send the event again",
        )
    return read_event(body)


def _id_of(body: bytes) -> str:
    """Name an event even if it cannot be read, so that it can be kept and found again."""
    try:
        event_id = msgspec.json.decode(body, type=_Named).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event_id = ""
    if "\0" in event_id:
        event_id = ""
    return event_id[:120] or f"unreadable-{hashlib.sha256(body).hexdigest()[:32]}"


def _known(conn: Connection, channel: str, event_id: str, body: bytes) -> Outcome | None:
    """Recognise an event that was accepted before; one that was set aside gets another try."""
    query = select(CHANNEL_EVENTS).where(
        CHANNEL_EVENTS.c.channel_id == channel,
        CHANNEL_EVENTS.c.event_id == event_id,
        CHANNEL_EVENTS.c.outcome == ACCEPTED,
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    same = row.body == body
    note = () if same else ("it differs from the event first sent under this id, which stands",)
    return Outcome(event_id, DUPLICATE, party_id=row.party_id, notes=note)


def _keep(
    conn: Connection, channel: str, body: bytes, now: str, event: EventTold, effect: Effect
) -> None:
    _put(
        conn,
        {
            "channel_id": channel,
            "event_id": event.event_id,
            "type": event.type,
            "occurred_at": event.occurred_at,
            "received_at": now,
            "outcome": ACCEPTED,
            "reason": "; ".join(effect.notes) or None,
            "party_id": effect.party_id,
            "order_no": event.order.order_no if event.order else None,
            "body": body,
        },
    )


def _set_aside(
    conn: Connection, channel: str, event_id: str, body: bytes, now: str, error: Exception
) -> Outcome:
    reason = f"{getattr(error, 'orig', None) or _detail(error)}"
    reason = without_nul(reason)[:_REASON_CHARACTERS]
    remedy = error.remedy if isinstance(error, Fault) else "report this event; it is kept here"
    _put(
        conn,
        {
            "channel_id": channel,
            "event_id": event_id,
            "type": "",
            "occurred_at": "",
            "received_at": now,
            "outcome": QUARANTINED,
            "reason": reason,
            "party_id": None,
            "order_no": None,
            "body": body,
        },
    )
    return Outcome(event_id, QUARANTINED, reason=reason, remedy=remedy)


def _detail(error: Exception) -> str:
    return error.detail if isinstance(error, Fault) else f"{type(error).__name__}: {error}"


def _put(conn: Connection, row: dict[str, object]) -> None:
    changed = row | {"tries": CHANNEL_EVENTS.c.tries + 1}
    new = upsert(CHANNEL_EVENTS).values(tries=1, **row)
    keys = ["channel_id", "event_id"]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
