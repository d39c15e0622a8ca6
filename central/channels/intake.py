"""Events of a channel in: each judged by itself, applied once, answered with its own outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import (
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
    StatementError,
)

from agent.core.faults import Fault
from agent.core.identifiers import PartyId
from central.channels.effect import Effect, apply
from central.channels.masking import without_card_numbers
from central.channels.person import NewId
from central.channels.told import EventTold, read_event
from central.identity.cards import publish_cards
from central.identity.erased import forget_late
from central.identity.findings import note_found
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.direct import Prepared
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


_ACCEPTED_ALREADY = Prepared(
    select(CHANNEL_EVENTS.c.body, CHANNEL_EVENTS.c.party_id).where(
        CHANNEL_EVENTS.c.channel_id == bindparam("of_channel"),
        CHANNEL_EVENTS.c.event_id == bindparam("of_event"),
        CHANNEL_EVENTS.c.outcome == ACCEPTED,
    )
)
_NEW = upsert(CHANNEL_EVENTS)
_KEYS = ("channel_id", "event_id")
_PUT = _NEW.on_conflict_do_update(
    index_elements=_KEYS,
    set_={each.name: each for each in _NEW.excluded if each.name not in _KEYS}
    | {"tries": CHANNEL_EVENTS.c.tries + 1},
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
    intake = _Intake(conn, channel, now, new_id)
    if len(bodies) > 1:
        # A card is told once for all of them. Where that cannot be done, whose event it is comes
        # out by telling it after each.
        with suppress(_Untold), conn.begin_nested():
            return intake.together(bodies)
    return [intake.alone(body) for body in bodies]


class _Untold(Exception):
    """The cards of what several events touched cannot be told."""


class _Intake(NamedTuple):
    """Events of one channel on their way in."""

    conn: Connection
    channel: str
    now: str
    new_id: NewId

    def together(self, bodies: Sequence[bytes]) -> list[Outcome]:
        """Take all, then tell whose cards they touched, once each."""
        touched: set[PartyId] = set()
        outcomes = [self._taken(body, touched.update) for body in bodies]
        try:
            self._tell(touched)
        except _EVENT_ERRORS as error:
            if _is_database_s(error):
                raise
            raise _Untold from error
        return outcomes

    def alone(self, body: bytes) -> Outcome:
        """Take one, and tell whose cards it touched in its own savepoint."""
        return self._taken(body, self._tell)

    def _tell(self, touched: Collection[PartyId]) -> None:
        if touched:
            publish_cards(self.conn, sorted(touched))

    def _taken(self, body: bytes, touched: Callable[[frozenset[PartyId]], None]) -> Outcome:
        clean = without_card_numbers(body)
        event_id = _id_of(clean.body)
        note_found(self.conn, f"{self.channel}/{event_id}", clean.findings, self.now)
        outcome = self._judged(event_id, clean.body, touched)
        return msgspec.structs.replace(outcome, notes=(*outcome.notes, *clean.notes))

    def _judged(
        self, event_id: str, body: bytes, touched: Callable[[frozenset[PartyId]], None]
    ) -> Outcome:
        conn, channel, now, new_id = self
        if (known := _known(conn, channel, event_id, body)) is not None:
            return known
        try:
            with conn.begin_nested():
                event = _read(body)
                effect = apply(conn, channel, event, now, new_id)
                _keep(conn, channel, body, now, event, effect)
                forget_late(conn, [effect.party_id] if effect.party_id else [])
                touched(effect.touched)
        except _EVENT_ERRORS as error:
            if _is_database_s(error):
                raise
            return _set_aside(conn, channel, event_id, body, now, error)
        return Outcome(event_id, ACCEPTED, party_id=effect.party_id, notes=effect.notes)


def _is_database_s(error: Exception) -> bool:
    """Tell the database's trouble from an event's."""
    return isinstance(error, OperationalError) and not exceeds_limit(error)


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
    row = _ACCEPTED_ALREADY.one_or_none(conn, {"of_channel": channel, "of_event": event_id})
    if row is None:
        return None
    first, party_id = row
    same = first == body
    note = () if same else ("it differs from the event first sent under this id, which stands",)
    return Outcome(event_id, DUPLICATE, party_id=party_id, notes=note)


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
    conn.execute(_PUT, row | {"tries": 1})
