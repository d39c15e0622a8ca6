"""The upward sync of one journal as a table of decisions: `step(state, event, draw)`.

The outbox is a position: what is above it goes out, one batch in flight. On any doubt the position
is forgotten and HQ is asked (an empty batch, a heartbeat). No reply means "discard": whatever HQ
says, the journal stays as it is, and only HQ's signature over our own hash moves the ack (P3).

Where HQ holds another past than this journal (a fork), or more than it has (an old copy), the
journal ends at the last position both share (`succession` finds it) and a successor goes on:
selling never stops, nothing is overwritten on either side (P4, P6).
"""

from __future__ import annotations

import msgspec

from agent.core.exchange.standing import Mode, Search, Upward, resume
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
    HeartbeatDue,
    HqSeen,
    MoveAck,
    NoteHeld,
    Send,
    SlowDown,
    Stalled,
    Started,
    Succeed,
    TimerFired,
    Wait,
)
from agent.core.exchange.waits import WAIT_MS_MAX, asked_ms, backoff_ms, spread_ms
from agent.core.exchange.wire import BATCH_RECORDS_MAX, Ack

__all__ = ["GROWTH", "PACED_RECORDS_MIN", "SLOW_MS", "Mode", "Upward", "resume", "step"]

SLOW_MS = 2_000
"""A batch that took longer was too large for this link or this HQ."""
GROWTH = 50
"""Records by which the next batch may be larger after a quick one."""
PACED_RECORDS_MIN = 100
"""HQ's 429 makes no batch smaller than this: each costs HQ a commit, few records or many."""


Step = tuple[Upward, tuple[Effect, ...]]


def step(state: Upward, event: Event, draw: int) -> Step:
    """Decide what follows from an event.

    Args:
        state: where the journal's sync stands.
        event: what happened.
        draw: a random number from 0 to 2**32 - 1, for the jitter of waits.

    Returns:
        The next state, and what to do, in this order; at most one `Send` or `Wait`, the last.
    """
    match event:
        case Appended():
            return _appended(state, event)
        case TimerFired():
            return _timer_fired(state, event)
        case EpochChanged():
            return _epoch_changed(state, event)
        case Started() | HqSeen() | HeartbeatDue() | Stalled():
            return _roused(state, event, draw)
        case _:
            return _replied(state, event, draw)


def _roused(state: Upward, event: Started | HqSeen | HeartbeatDue | Stalled, draw: int) -> Step:
    match event:
        case Started():
            return _first_contact(state, draw) if state.mode is Mode.IDLE else (state, ())
        case HqSeen():
            return _hq_seen(state, draw)
        case HeartbeatDue():
            return _heartbeat_due(state)
        case _:
            return _stalled(state, event)


def _appended(state: Upward, event: Appended) -> Step:
    """Send a fresh append at once while HQ answers; a wait that is on stays on.

    Only the spread of first contacts gives way: a customer stands at the till, and sales of a
    thousand stores are not made in the same moment.
    """
    if state.is_closed or event.tail <= state.tail:
        return (state, ()) if state.mode is not Mode.IDLE else _proceed(state)
    state = _with(state, tail=event.tail)
    return _proceed(state) if state.mode in {Mode.IDLE, Mode.SPREADING} else (state, ())


def _timer_fired(state: Upward, event: TimerFired) -> Step:
    waiting = state.mode in {Mode.PACED, Mode.BACKING_OFF, Mode.SPREADING}
    return _proceed(state) if waiting and event.turn == state.turn else (state, ())


def _hq_seen(state: Upward, draw: int) -> Step:
    """After an outage HQ may be another one than before: ask, even with nothing to send."""
    state = _uncertain(state)
    may = state.mode in {Mode.IDLE, Mode.BACKING_OFF}
    return _first_contact(state, draw) if may else (state, ())


def _first_contact(state: Upward, draw: int) -> Step:
    wait = spread_ms(state.spread_ms, draw)
    return _wait(state, Mode.SPREADING, wait) if wait else _proceed(state)


def _epoch_changed(state: Upward, event: EpochChanged) -> Step:
    if event.epoch == state.epoch:
        return state, ()
    state = _with(state, sure=False)
    # Somebody has just been answered: nobody waits as long for HQ as it was away.
    may = state.mode in {Mode.IDLE, Mode.BACKING_OFF}
    return _proceed(state) if may else (state, ())


def _heartbeat_due(state: Upward) -> Step:
    return _proceed(_with(state, sure=False)) if state.mode is Mode.IDLE else (state, ())


def _stalled(state: Upward, event: Stalled) -> Step:
    """Tell it, and start again from the cursor; only a wait that HQ asked for is left alone."""
    told = Alarm("stalled", event.detail)
    state = _with(_uncertain(state), alarmed=told.name)
    if state.mode is Mode.PACED:
        return state, (told,)
    after, effects = _proceed(state)
    return after, (told, *effects)


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
            return _forked(state, event)
        case SlowDown():
            return _slow_down(state, event, draw)
        case _:
            return _failed(state, event, draw)


def _acked(state: Upward, event: AckReceived, draw: int) -> Step:
    ack = event.ack
    if not event.genuine:
        return _doubt(state, draw, "ack-not-genuine", "an ack came without HQ's signature")
    if state.search is not None:
        # HQ takes an empty batch only where it holds the hash before it.
        return _narrow(state, state.search, is_shared=True)
    if event.own_hash is None:
        return _older(state, ack)
    if event.own_hash.hex() != ack.hash:
        return _find(state, ack.seq, "fork", f"HQ signed another hash at seq {ack.seq}")
    if not _is_progress(state, ack):
        return _doubt(state, draw, "no-progress", f"HQ still signs seq {ack.seq} only")
    return _move(state, event, draw)


def _is_progress(state: Upward, ack: Ack) -> bool:
    """An ack that would send the same records again at once is no answer to them."""
    asked_only = state.sending == state.held
    return ack.seq >= state.held if asked_only else ack.seq > state.held


def _move(state: Upward, event: AckReceived, draw: int) -> Step:
    ack = event.ack
    kept = state.safe if ack.epoch == state.epoch else 0
    moved = _with(
        state,
        acked=min(ack.seq, state.tail),
        held=min(ack.seq, state.tail),
        safe=min(max(kept, event.safe_seq), ack.seq),
        epoch=ack.epoch,
        sure=True,
        failures=0,
        repositioned=False,
        alarmed="",
        limit=_next_limit(state.limit, event),
        mode=Mode.IDLE,
        spread_ms=ack.next.spread_ms,
    )
    if ack.next.delay_ms > 0:
        after, effects = _wait(moved, Mode.PACED, asked_ms(ack.next.delay_ms, 1, draw))
    else:
        after, effects = _proceed(moved)
    return after, (MoveAck(ack, moved.safe), *effects)


def _next_limit(limit: int, event: AckReceived) -> int:
    wished = min(event.ack.next.max_records, BATCH_RECORDS_MAX)
    quick = event.took_ms < SLOW_MS
    return max(1, min(wished, limit + GROWTH if quick else limit // 2))


def _behind(state: Upward, event: BehindReceived, draw: int) -> Step:
    if state.is_lean:
        # HQ has not seen yet what it once signed: it may be one that was put back.
        return _proceed(_with(state, sure=False))
    have, again = event.behind, state.repositioned
    # Where a new epoch has more than this journal, HQ is asked by the journal's own end.
    have_seq = state.tail if event.own_hash is None else have.have_seq
    # Until the next doubt the evidence of an epoch that is over is left out.
    state = _with(state, epoch=have.epoch, repositioned=True, search=None)
    differs = event.own_hash is not None and event.own_hash.hex() != have.have_hash
    if differs:
        told = f"HQ holds another hash at seq {have.have_seq}"
        state = _with(state, search=_search(state, have.have_seq, "fork", told))
    else:
        acked, safe = min(state.acked, have_seq), min(state.safe, have_seq)
        state = _with(state, held=min(have_seq, state.tail), acked=acked, safe=safe)
    if again:
        # Whatever is to be asked is asked after a wait: HQ may say the same for ever.
        return _doubt(state, draw, "no-progress", f"HQ asks for seq {have.have_seq + 1} again")
    return _look(state)


def _older(state: Upward, ack: Ack) -> Step:
    """HQ has what we no longer have: this disk is an older copy of the journal."""
    if not state.is_closed:
        detail = f"HQ holds seq {ack.seq}, the journal ends at {state.tail}"
        return _end(state, state.sending, "older-than-hq", detail)
    # A copy of this machine went on with the journal: what was sent of ours, HQ has verified.
    sent, is_known = state.sending, state.epoch == ack.epoch
    safe = state.safe if is_known else 0
    verified = _with(state, held=sent, acked=sent, safe=safe, epoch=ack.epoch, sure=True)
    after, effects = _proceed(_with(verified, failures=0, mode=Mode.IDLE))
    is_news = sent >= state.tail and not (is_known and state.acked >= sent)
    return after, (NoteHeld(ack.epoch, sent, ack.seq), *effects) if is_news else effects


def _forked(state: Upward, event: ForkReceived) -> Step:
    fork = event.fork
    if state.search is not None:
        return _narrow(state, state.search, is_shared=fork.common_seq >= state.search.asked)
    if event.own_hash is not None and event.own_hash.hex() == fork.hq_hash:
        detail = "HQ has since heard this journal from another machine: the disk was copied"
        return _end(state, max(fork.common_seq, fork.seq), "fork", detail)
    detail = f"HQ holds another record under seq {fork.seq}"
    if fork.common_seq >= 0:
        return _end(state, fork.common_seq, "fork", detail)
    return _find(state, fork.seq, "fork", detail)


def _find(state: Upward, differs_at: int, reason: str, detail: str) -> Step:
    """HQ's past is another one at `differs_at`: look below for the last position both share."""
    return _look(_with(state, search=_search(state, differs_at, reason, detail)))


def _search(state: Upward, differs_at: int, reason: str, detail: str) -> Search:
    return Search(0, max(1, min(state.acked + 1, differs_at)), reason, detail)


def _narrow(state: Upward, search: Search, *, is_shared: bool) -> Step:
    low, high = (search.asked, search.high) if is_shared else (search.low, search.asked)
    return _look(_with(state, search=Search(low, high, search.reason, search.detail)))


def _look(state: Upward) -> Step:
    search = state.search
    if search is not None and search.high - search.low <= 1:
        return _end(state, search.low, search.reason, search.detail)
    return _proceed(state)


def _end(state: Upward, shared: int, reason: str, detail: str) -> Step:
    """End the journal at the last position that both share and that HQ has signed for.

    What HQ holds above it without our having its signature travels once more in the successor: an
    entry has its effect once, wherever it turns up, and nobody's unsigned word is relied upon.
    """
    held = min(shared, state.acked, state.tail)
    if state.is_closed and held == state.tail:
        return _rest(state)
    if state.is_foreign:
        return _differs(state, held, detail)
    name = "fork" if reason == "fork" else "journal-older-than-hq"
    ended = _with(
        state,
        tail=held,
        acked=held,
        held=held,
        safe=min(state.safe, held),
        is_closed=True,
        search=None,
        sure=True,
        failures=0,
        repositioned=False,
        alarmed=name,
        mode=Mode.IDLE,
    )
    return ended, (Alarm(name, detail), Succeed(held, reason))


def _differs(state: Upward, held: int, detail: str) -> Step:
    """Another machine's journal is not what HQ holds under its name: a person must look at it."""
    told = Alarm("journal-differs", detail)
    state = _with(state, acked=held, held=held, safe=min(state.safe, held), search=None, sure=False)
    is_told = state.alarmed == told.name
    after, effects = _wait(_with(state, alarmed=told.name), Mode.BACKING_OFF, WAIT_MS_MAX)
    return after, effects if is_told else (told, *effects)


def _rest(state: Upward) -> Step:
    """HQ holds all of a journal that has ended; what else it is told there is not ours."""
    done = _with(state, held=state.tail, search=None, sure=True, failures=0, mode=Mode.IDLE)
    return done, ()


def _slow_down(state: Upward, event: SlowDown, draw: int) -> Step:
    failures = state.failures + 1
    limit = max(state.limit // 2, min(state.limit, PACED_RECORDS_MIN))
    eased = _with(state, failures=failures, limit=limit)
    return _wait(eased, Mode.PACED, asked_ms(event.delay_ms, failures, draw))


def _failed(state: Upward, event: Failed, draw: int) -> Step:
    if event.kind is Failure.UNREACHABLE:
        return _doubt(state, draw)
    if event.kind is Failure.FORGOTTEN:
        # However long HQ was away: it answers now, and what it has lost is to come in.
        return _first_contact(_uncertain(state), draw)
    sent = state.sending - state.held
    if event.kind is Failure.SLOW:
        return _doubt(_with(state, limit=max(1, sent // 2)), draw)
    if event.kind is not Failure.TOO_LARGE:
        return _doubt(state, draw, event.kind.value, event.detail, event.remedy)
    if sent <= 1:
        return _doubt(state, draw, "record-too-large", f"HQ refuses seq {state.held + 1} by size")
    return _proceed(_with(state, limit=sent // 2))


def _doubt(state: Upward, draw: int, alarm: str = "", detail: str = "", remedy: str = "") -> Step:
    """Forget what HQ is believed to hold, try again later, tell a person at most once."""
    failures = state.failures + 1
    told = alarm in {"", state.alarmed}
    state = _with(_uncertain(state), failures=failures, alarmed=alarm or state.alarmed)
    after, effects = _wait(state, Mode.BACKING_OFF, backoff_ms(failures, draw))
    return after, effects if told else (Alarm(alarm, detail, remedy), *effects)


def _uncertain(state: Upward) -> Upward:
    """Doubt where HQ stands, and in which epoch; a search would begin anew at each failure."""
    return _with(state, sure=False, repositioned=state.repositioned and state.search is not None)


def _wait(state: Upward, mode: Mode, ms: int) -> Step:
    turn = state.turn + 1
    return _with(state, mode=mode, turn=turn), (Wait(turn, ms),)


def _proceed(state: Upward) -> Step:
    """Send what is above HQ's position, or ask for it, or rest."""
    turn = state.turn + 1
    if state.search is not None:
        asking = _with(state, mode=Mode.SENDING, turn=turn, sending=state.held, is_lean=False)
        return asking, (Send(turn, state.search.asked + 1, 0),)
    if state.sure and state.held >= state.tail:
        return _with(state, mode=Mode.IDLE), ()
    limit = min(state.limit, max(0, state.tail - state.held))
    after = _with(
        state,
        mode=Mode.SENDING,
        turn=turn,
        sending=state.held + limit,
        is_lean=state.sure and not state.repositioned,
    )
    return after, (Send(turn, state.held + 1, limit),)


def _with(state: Upward, **changes: object) -> Upward:
    return msgspec.structs.replace(state, **changes)
