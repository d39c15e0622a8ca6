"""The upward sync of one journal as a table of decisions: `step(state, event, draw)`.

The outbox is a position: what is above it goes out, one batch in flight. On any doubt the position
is forgotten and HQ is asked (an empty batch, a heartbeat). No reply means "discard": whatever HQ
says, the journal stays as it is, and only HQ's signature over our own hash moves the ack (P3).

A fork stops this one journal, never the till: selling goes on, a person is told (P4, P6).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    Appended,
    BehindReceived,
    Effect,
    EpochChanged,
    Event,
    Failed,
    Failure,
    ForkReceived,
    HqSeen,
    MoveAck,
    Send,
    SlowDown,
    TimerFired,
    Wait,
)
from agent.core.exchange.waits import asked_ms, backoff_ms
from agent.core.exchange.wire import BATCH_RECORDS_MAX, Ack

SLOW_MS = 2_000
"""A batch that took longer was too large for this link or this HQ."""
GROWTH = 50
"""Records by which the next batch may be larger after a quick one."""


class Mode(StrEnum):
    """What the journal's sync is doing."""

    IDLE = "idle"
    SENDING = "sending"
    PACED = "paced"
    """HQ asked to be left alone for a while."""
    BACKING_OFF = "backing-off"
    """The last attempt failed."""
    STOPPED = "stopped"
    """A fork: nothing more is sent until a person has decided."""


class Upward(msgspec.Struct, frozen=True):
    """Where one journal's sync stands."""

    tail: int = 0
    acked: int = 0
    """Up to here HQ has signed, as far as it still holds it: the backlog is `tail - acked`."""
    held: int = 0
    """Up to here HQ is believed to hold: the next batch begins above."""
    epoch: str = ""
    sure: bool = False
    """HQ has told its position since the last doubt."""
    mode: Mode = Mode.IDLE
    turn: int = 0
    sending: int = 0
    """Highest seq in the batch in flight; `held` in a heartbeat."""
    limit: int = BATCH_RECORDS_MAX
    failures: int = 0
    """In a row."""
    repositioned: bool = False
    """HQ has told us to resend, and has acked nothing since."""
    alarmed: str = ""
    """The last alarm's name, until an ack: it is told once, not at every retry."""


Step = tuple[Upward, tuple[Effect, ...]]


def resume(*, tail: int, acked: int, epoch: str) -> Upward:
    """Begin from what the journal has kept; HQ is asked before anything is believed."""
    return Upward(tail=tail, acked=acked, held=acked, epoch=epoch)


def step(state: Upward, event: Event, draw: int) -> Step:
    """Decide what follows from an event.

    Args:
        state: where the journal's sync stands.
        event: what happened.
        draw: a random number from 0 to 2**32 - 1, for the jitter of waits.

    Returns:
        The next state, and what to do, in this order; at most one `Send` or `Wait`, the last.
    """
    if state.mode is Mode.STOPPED:
        return _stopped(state, event)
    match event:
        case Appended():
            return _appended(state, event)
        case TimerFired():
            return _timer_fired(state, event)
        case HqSeen():
            return _hq_seen(state)
        case EpochChanged():
            return _epoch_changed(state, event)
        case _:
            return _replied(state, event, draw)


def _stopped(state: Upward, event: Event) -> Step:
    """Only count what waits: the backlog is still shown."""
    if isinstance(event, Appended):
        return _with(state, tail=max(state.tail, event.tail)), ()
    return state, ()


def _appended(state: Upward, event: Appended) -> Step:
    """Send a fresh append at once while HQ answers; a wait that is on stays on."""
    state = _with(state, tail=max(state.tail, event.tail))
    return _proceed(state) if state.mode is Mode.IDLE else (state, ())


def _timer_fired(state: Upward, event: TimerFired) -> Step:
    waiting = state.mode in {Mode.PACED, Mode.BACKING_OFF}
    return _proceed(state) if waiting and event.turn == state.turn else (state, ())


def _hq_seen(state: Upward) -> Step:
    """After an outage HQ may be another one than before: ask, even with nothing to send."""
    state = _with(state, sure=False)
    return _proceed(state) if state.mode in {Mode.IDLE, Mode.BACKING_OFF} else (state, ())


def _epoch_changed(state: Upward, event: EpochChanged) -> Step:
    if event.epoch == state.epoch:
        return state, ()
    state = _with(state, sure=False)
    return _proceed(state) if state.mode is Mode.IDLE else (state, ())


Reply = AckReceived | BehindReceived | ForkReceived | Failed | SlowDown


def _replied(state: Upward, event: Reply, draw: int) -> Step:
    """Take an answer to the batch in flight; one that comes late or twice says nothing new."""
    if state.mode is not Mode.SENDING or event.turn != state.turn:
        return state, ()
    match event:
        case AckReceived():
            return _acked(state, event, draw)
        case BehindReceived():
            return _behind(state, event, draw)
        case ForkReceived():
            return _stop(state, "fork", _difference(event))
        case SlowDown():
            return _slow_down(state, event, draw)
        case _:
            return _failed(state, event, draw)


def _difference(event: ForkReceived) -> str:
    if event.own_hash is not None and event.own_hash.hex() == event.fork.hq_hash:
        return "HQ has since heard this journal from another machine: the disk was copied"
    return f"HQ holds another record under seq {event.fork.seq}"


def _acked(state: Upward, event: AckReceived, draw: int) -> Step:
    ack = event.ack
    if not event.genuine:
        return _doubt(state, draw, "ack-not-genuine", "an ack came without HQ's signature")
    if event.own_hash is None:
        return _older(state, ack.seq)
    if event.own_hash.hex() != ack.hash:
        return _stop(state, "fork", f"HQ signed another hash at seq {ack.seq}")
    if not _is_progress(state, ack):
        return _doubt(state, draw, "no-progress", f"HQ still signs seq {ack.seq} only")
    return _move(state, event, draw)


def _is_progress(state: Upward, ack: Ack) -> bool:
    """An ack that would send the same records again at once is no answer to them."""
    asked_only = state.sending == state.held
    return ack.seq >= state.held if asked_only else ack.seq > state.held


def _move(state: Upward, event: AckReceived, draw: int) -> Step:
    ack = event.ack
    moved = _with(
        state,
        acked=ack.seq,
        held=ack.seq,
        epoch=ack.epoch,
        sure=True,
        failures=0,
        repositioned=False,
        alarmed="",
        limit=_next_limit(state.limit, event),
        mode=Mode.IDLE,
    )
    if ack.next.delay_ms > 0:
        after, effects = _wait(moved, Mode.PACED, asked_ms(ack.next.delay_ms, 1, draw))
    else:
        after, effects = _proceed(moved)
    return after, (MoveAck(ack), *effects)


def _next_limit(limit: int, event: AckReceived) -> int:
    wished = min(event.ack.next.max_records, BATCH_RECORDS_MAX)
    quick = event.took_ms < SLOW_MS
    return max(1, min(wished, limit + GROWTH if quick else limit // 2))


def _behind(state: Upward, event: BehindReceived, draw: int) -> Step:
    have = event.behind
    if event.own_hash is None:
        return _older(state, have.have_seq)
    if event.own_hash.hex() != have.have_hash:
        return _stop(state, "fork", f"HQ holds another hash at seq {have.have_seq}")
    again = state.repositioned
    state = _with(
        state,
        held=have.have_seq,
        acked=min(state.acked, have.have_seq),
        epoch=have.epoch,
        repositioned=True,
    )
    if again:
        return _doubt(state, draw, "no-progress", f"HQ asks for seq {have.have_seq + 1} again")
    return _proceed(state)


def _older(state: Upward, seq: int) -> Step:
    """HQ has what we no longer have: this disk is an older copy of the journal."""
    return _stop(
        state, "journal-older-than-hq", f"HQ holds seq {seq}, the journal ends at {state.tail}"
    )


def _slow_down(state: Upward, event: SlowDown, draw: int) -> Step:
    failures = state.failures + 1
    eased = _with(state, failures=failures, limit=max(1, state.limit // 2))
    return _wait(eased, Mode.PACED, asked_ms(event.delay_ms, failures, draw))


def _failed(state: Upward, event: Failed, draw: int) -> Step:
    if event.kind is Failure.UNREACHABLE:
        return _doubt(state, draw)
    if event.kind is not Failure.TOO_LARGE:
        return _doubt(state, draw, event.kind.value, event.detail)
    sent = state.sending - state.held
    if sent <= 1:
        return _doubt(state, draw, "record-too-large", f"HQ refuses seq {state.held + 1} by size")
    return _proceed(_with(state, limit=sent // 2))


def _doubt(state: Upward, draw: int, alarm: str = "", detail: str = "") -> Step:
    """Forget what HQ is believed to hold, try again later, tell a person at most once."""
    failures = state.failures + 1
    told = alarm in {"", state.alarmed}
    state = _with(state, sure=False, failures=failures, alarmed=alarm or state.alarmed)
    after, effects = _wait(state, Mode.BACKING_OFF, backoff_ms(failures, draw))
    return after, effects if told else (Alarm(alarm, detail), *effects)


def _stop(state: Upward, alarm: str, detail: str) -> Step:
    return _with(state, mode=Mode.STOPPED, sure=False, alarmed=alarm), (Alarm(alarm, detail),)


def _wait(state: Upward, mode: Mode, ms: int) -> Step:
    turn = state.turn + 1
    return _with(state, mode=mode, turn=turn), (Wait(turn, ms),)


def _proceed(state: Upward) -> Step:
    """Send what is above HQ's position, or ask for it, or rest."""
    if state.sure and state.held >= state.tail:
        return _with(state, mode=Mode.IDLE), ()
    limit = min(state.limit, max(0, state.tail - state.held))
    turn = state.turn + 1
    after = _with(state, mode=Mode.SENDING, turn=turn, sending=state.held + limit)
    return after, (Send(turn, state.held + 1, limit),)


def _with(state: Upward, **changes: object) -> Upward:
    return msgspec.structs.replace(state, **changes)
