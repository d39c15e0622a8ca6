"""Events of a channel in: each judged by itself, applied once, answered with its own outcome.

An order's events that come together are taken as one, since they ask for the same: the order is
read before the first of them and kept after the last. Where one of them is bad, each is taken by
itself, so that the others lose nothing by it (P6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import (
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
    StatementError,
)

from agent.core.faults import Fault
from agent.core.identifiers import PartyId
from central.channels.effect import Effect, Intake, OrderHeard, apply
from central.channels.event_rows import Outcome, keep, known, set_aside
from central.channels.person import NewId
from central.channels.received import Received, received
from central.channels.registry import Points
from central.identity.cards import publish_cards
from central.identity.erased import forget_late
from central.identity.findings import note_found
from central.ledger.engine import exceeds_limit

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

Touched = Callable[[frozenset[PartyId]], None]
"""Is told whose cards are to be told anew."""


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
    intake = Intake(conn, channel, Points(conn, channel), now, new_id)
    events = [received(body) for body in bodies]
    if len(events) > 1:
        # A card is told once for all of them. Where that cannot be done, whose event it is comes
        # out by telling it after each.
        with suppress(_Untold), conn.begin_nested():
            return _together(intake, events)
    return [_alone(intake, each, partial(_tell, intake)) for each in events]


class _Untold(Exception):
    """The cards of what several events touched cannot be told."""


def _together(intake: Intake, events: Sequence[Received]) -> list[Outcome]:
    """Take all, then tell whose cards they touched, once each."""
    touched: set[PartyId] = set()
    outcomes: list[Outcome] = []
    for order_no, some in groupby(events, key=lambda each: each.order_no):
        outcomes += _of_order(intake, order_no, list(some), touched.update)
    try:
        _tell(intake, touched)
    except _EVENT_ERRORS as error:
        if _is_database_s(error):
            raise
        raise _Untold from error
    return outcomes


def _of_order(
    intake: Intake, order_no: str | None, events: Sequence[Received], touched: Touched
) -> list[Outcome]:
    """Take an order's events as one; where one of them is bad, or told twice, each by itself."""
    ids = {each.event_id for each in events}
    if order_no is not None and 1 < len(events) == len(ids):
        try:
            with intake.conn.begin_nested():
                return _as_one(intake, order_no, events, touched)
        except _EVENT_ERRORS as error:
            if _is_database_s(error):
                raise
    return [_alone(intake, each, touched) for each in events]


def _as_one(
    intake: Intake, order_no: str, events: Sequence[Received], touched: Touched
) -> list[Outcome]:
    outcomes = [_recognised(intake, each) for each in events]
    new = [each for each, outcome in zip(events, outcomes, strict=True) if outcome is None]
    accepted = iter(_applied(intake, order_no, new, touched) if new else ())
    return [
        _with_notes(outcome or next(accepted), each)
        for each, outcome in zip(events, outcomes, strict=True)
    ]


def _alone(intake: Intake, event: Received, touched: Touched) -> Outcome:
    """Take one event, in a savepoint of its own; set it aside where it is bad."""
    outcome = _recognised(intake, event)
    if outcome is None:
        try:
            with intake.conn.begin_nested():
                [outcome] = _applied(intake, event.order_no, [event], touched)
        except _EVENT_ERRORS as error:
            if _is_database_s(error):
                raise
            outcome = set_aside(intake, event, error)
    return _with_notes(outcome, event)


def _recognised(intake: Intake, event: Received) -> Outcome | None:
    """Put on record which card numbers were in it, and tell whether it was accepted before."""
    source = f"{intake.channel}/{event.event_id}"
    note_found(intake.conn, source, event.clean.findings, intake.now)
    return known(intake.conn, intake.channel, event)


def _applied(
    intake: Intake, order_no: str | None, events: Sequence[Received], touched: Touched
) -> list[Outcome]:
    """Give new events of one order, or one of none, their effect."""
    told = [each.event() for each in events]
    order = None if order_no is None else OrderHeard(intake, order_no)
    effects, outcomes = [], []
    for each, event in zip(events, told, strict=True):
        effects.append(apply(intake, event, order))
        outcomes.append(keep(intake, each, event, effects[-1]))
    earners = frozenset[PartyId]() if order is None else order.keep()
    _settle(intake, effects, earners, touched)
    return outcomes


def _settle(
    intake: Intake, effects: Iterable[Effect], earners: Iterable[PartyId], touched: Touched
) -> None:
    """Forget at once what came of anybody erased, and say whose cards are to be told."""
    about, whose = set[str](earners), set(earners)
    for each in effects:
        about |= {each.party_id} if each.party_id else set()
        whose |= each.touched
    forget_late(intake.conn, sorted(about))
    touched(frozenset(whose))


def _tell(intake: Intake, touched: Collection[PartyId]) -> None:
    if touched:
        publish_cards(intake.conn, sorted(touched))


def _with_notes(outcome: Outcome, event: Received) -> Outcome:
    notes = (*outcome.notes, *event.clean.notes)
    return msgspec.structs.replace(outcome, notes=notes)


def _is_database_s(error: Exception) -> bool:
    """Tell the database's trouble from an event's."""
    return isinstance(error, OperationalError) and not exceeds_limit(error)
