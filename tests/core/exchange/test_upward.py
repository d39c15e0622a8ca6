"""The upward sync of one journal: what is sent, what is waited for, what is told to a person."""

from __future__ import annotations

import pytest

from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    Appended,
    BehindReceived,
    EpochChanged,
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
from agent.core.exchange.upward import GROWTH, SLOW_MS, Mode, Upward, resume, step
from agent.core.exchange.waits import FIRST_CEILING_MS, WAIT_MS_MAX, asked_ms, backoff_ms
from agent.core.exchange.wire import Ack, Behind, Fork, Pace

HASH = bytes(32)
DRAW = 700


def an_ack(seq: int, **changes) -> Ack:
    values = {"epoch": "1-aa", "journal_id": "ab" * 16, "seq": seq, "hash": HASH.hex()}
    return Ack(signature="", **(values | changes))


def acked(state: Upward, seq: int, **changes) -> AckReceived:
    """Answer the batch in flight by an ack."""
    values = {"genuine": True, "own_hash": HASH, "took_ms": 5}
    ack = changes.pop("ack", None) or an_ack(seq)
    return AckReceived(state.turn, ack, **(values | changes))


def after(state: Upward, *events) -> tuple[Upward, tuple]:
    effects: tuple = ()
    for event in events:
        state, effects = step(state, event, DRAW)
    return state, effects


def sending(tail: int = 5, acked_seq: int = 0) -> Upward:
    """A journal whose first batch is in flight."""
    return after(resume(tail=tail, acked=acked_seq, epoch="1-aa"), Appended(tail))[0]


def resting(tail: int = 5) -> Upward:
    """A journal of which HQ holds everything."""
    state = sending(tail)
    return after(state, acked(state, tail))[0]


def test_a_start_asks_hq_even_with_nothing_to_send():
    """If it did not, a till would not notice over night that HQ was restored."""
    state, effects = after(resume(tail=5, acked=5, epoch="1-aa"), Appended(5))
    assert (Send(1, 6, 0),) == effects
    assert Mode.SENDING is state.mode


def test_the_backlog_is_sent_from_the_acked_position():
    """If it were sent from anywhere else, there would be a gap or endless repetition."""
    _, effects = after(resume(tail=700, acked=100, epoch="1-aa"), Appended(700))
    assert (Send(1, 101, 500),) == effects


def test_an_ack_moves_the_position_and_the_rest_follows_at_once():
    """If the next batch waited for anything, a month's backlog would take hours."""
    state = sending(600)
    state, effects = after(state, acked(state, 500))
    assert (MoveAck(an_ack(500)), Send(2, 501, 100)) == effects
    state, effects = after(state, acked(state, 600))
    assert (MoveAck(an_ack(600)),) == effects
    assert (Mode.IDLE, 600, 0) == (state.mode, state.acked, state.failures)


def test_a_fresh_append_is_sent_at_once():
    """If it waited, the customer's history would lag behind the receipt."""
    _, effects = after(resting(5), Appended(6))
    assert (Send(2, 6, 1),) == effects


def test_one_batch_is_in_flight_at_most():
    """If there were two, order at HQ would depend on the network."""
    state, effects = after(sending(5), Appended(6))
    assert ((), 6) == (effects, state.tail)


def test_a_tail_never_shrinks():
    """If it did, entries would be taken for sent."""
    assert 5 == after(resting(5), Appended(3))[0].tail


def test_an_unreachable_hq_is_tried_again_after_a_jittered_wait():
    """If the wait were fixed, a thousand stores would knock at the same moment."""
    state = sending(5)
    state, effects = after(state, Failed(state.turn, Failure.UNREACHABLE))
    assert (Wait(2, backoff_ms(1, DRAW)),) == effects
    state, effects = after(state, TimerFired(2))
    assert (Send(3, 1, 5),) == effects


def test_appends_while_offline_keep_the_wait():
    """If each sale knocked, a busy shop would hammer an HQ that is coming back."""
    state = sending(5)
    _, effects = after(state, Failed(state.turn, Failure.UNREACHABLE), Appended(6))
    assert () == effects


def test_hq_being_back_ends_the_wait():
    """If it did not, a till would sit out five minutes beside a working HQ."""
    state = sending(5)
    state = after(state, Failed(state.turn, Failure.UNREACHABLE))[0]
    assert (Send(3, 1, 5),) == after(state, HqSeen())[1]


def test_hq_being_back_makes_a_resting_journal_ask():
    """If it did not, an HQ restored during the outage would be noticed at the next sale only."""
    assert (Send(2, 6, 0),) == after(resting(5), HqSeen())[1]
    assert () == after(sending(5), HqSeen())[1]


def test_a_new_epoch_makes_a_resting_journal_ask():
    """If it did not, a restored HQ would wait for the next sale to heal."""
    assert (Send(2, 6, 0),) == after(resting(5), EpochChanged("2-bb"))[1]
    assert () == after(resting(5), EpochChanged("1-aa"))[1]
    assert () == after(sending(5), EpochChanged("2-bb"))[1]


def test_behind_resends_from_what_hq_has():
    """If it did not, what a restored HQ has lost would be lost for good."""
    state = sending(9, acked_seq=8)
    behind = Behind("2-bb", 3, HASH.hex(), "epoch")
    state, effects = after(state, BehindReceived(state.turn, behind, HASH))
    assert (Send(2, 4, 6),) == effects
    assert (3, "2-bb") == (state.acked, state.epoch)


def test_behind_twice_in_a_row_waits():
    """If it did not, a confused HQ and a till would talk in circles at full speed."""
    state = sending(9)
    behind = Behind("1-aa", 3, HASH.hex())
    state = after(state, BehindReceived(state.turn, behind, HASH))[0]
    state, effects = after(state, BehindReceived(state.turn, behind, HASH))
    alarm, wait = effects
    assert ("no-progress", Wait) == (alarm.name, type(wait))


@pytest.mark.parametrize(
    ("own_hash", "name"), [(b"other" * 4, "fork"), (None, "journal-older-than-hq")]
)
def test_another_past_at_hq_stops_the_journal(own_hash, name):
    """If it went on, two different journals would grow under one name."""
    state = sending(9)
    behind = Behind("1-aa", 3, HASH.hex())
    state, effects = after(state, BehindReceived(state.turn, behind, own_hash))
    assert (Mode.STOPPED, [name]) == (state.mode, [effect.name for effect in effects])
    state = sending(9)
    state, effects = after(state, acked(state, 9, own_hash=own_hash))
    assert (Mode.STOPPED, [name]) == (state.mode, [effect.name for effect in effects])


def test_a_fork_stops_this_journal_and_is_told():
    """If it were silent, nobody would learn that a till was copied."""
    state = sending(9)
    state, effects = after(state, ForkReceived(state.turn, Fork(4, HASH.hex())))
    assert (Alarm("fork", "HQ holds another record under seq 4"),) == effects
    state, effects = after(state, Appended(12), HqSeen(), TimerFired(state.turn))
    assert (12, 0, ()) == (state.tail, state.acked, effects)


def test_a_copied_disk_is_told_from_a_changed_record():
    """If it were not, a person would look for a wrong sale where a machine is one too many."""
    state = sending(9)
    _, effects = after(state, ForkReceived(state.turn, Fork(4, HASH.hex()), HASH))
    assert "the disk was copied" in effects[0].detail
    _, effects = after(state, ForkReceived(state.turn, Fork(4, HASH.hex()), b"o" * 32))
    assert "another record under seq 4" in effects[0].detail


def test_an_ack_without_hqs_signature_moves_nothing():
    """If it did, a stranger's server could make a till believe its sales arrived."""
    state = sending(5)
    state, effects = after(state, acked(state, 5, genuine=False))
    alarm, wait = effects
    assert ("ack-not-genuine", Wait, 0) == (alarm.name, type(wait), state.acked)


def test_the_same_alarm_is_told_once_until_an_ack():
    """If it were told at each retry, nobody would read the next one."""
    state = sending(5)
    refused = [Failed(state.turn, Failure.REFUSED, "no"), TimerFired(state.turn + 1)]
    state, _ = after(state, *refused)
    state, effects = after(state, Failed(state.turn, Failure.REFUSED, "no"))
    assert [Wait] == [type(effect) for effect in effects]
    state, _ = after(state, TimerFired(state.turn))
    state, _ = after(state, acked(state, 5))
    state, _ = after(state, Appended(6))
    _, effects = after(state, Failed(state.turn, Failure.REFUSED, "no"))
    assert Alarm("refused", "no") == effects[0]


def test_an_ack_that_does_not_progress_waits():
    """If it did not, the same records would be sent in a tight loop."""
    state = sending(5)
    state, effects = after(state, acked(state, 0))
    assert [Alarm, Wait] == [type(effect) for effect in effects]


def test_an_ack_below_what_was_asked_is_a_doubt():
    """If it moved the position down, an old reply could undo a newer one."""
    state = after(resume(tail=5, acked=5, epoch="1-aa"), Appended(5))[0]
    state, effects = after(state, acked(state, 4))
    assert [Alarm, Wait] == [type(effect) for effect in effects]
    assert 5 == state.acked


def test_too_large_halves_until_it_fits():
    """If it did not, one proxy's limit would stop sync for good."""
    state = sending(5)
    state, effects = after(state, Failed(state.turn, Failure.TOO_LARGE))
    assert (Send(2, 1, 2),) == effects
    state, effects = after(state, Failed(state.turn, Failure.TOO_LARGE))
    assert (Send(3, 1, 1),) == effects
    _, effects = after(state, Failed(state.turn, Failure.TOO_LARGE))
    assert ["record-too-large"] == [e.name for e in effects if isinstance(e, Alarm)]


def test_a_slow_batch_halves_the_next_and_a_quick_one_lets_it_grow():
    """If it did neither, a thin line would time out for ever or a fast one idle."""
    state = sending(5000)
    state, _ = after(state, acked(state, 500, took_ms=SLOW_MS))
    assert 250 == state.limit
    state, _ = after(state, acked(state, 750))
    assert 250 + GROWTH == state.limit


def test_hqs_wish_for_size_is_followed():
    """If it were not, HQ could not protect itself from a herd."""
    state = sending(5000)
    for wished, limit in ((10, 10), (0, 1), (9999, 51)):
        ack = an_ack(state.sending, next=Pace(max_records=wished))
        state, _ = after(state, acked(state, 0, ack=ack))
        assert limit == state.limit


def test_hqs_wish_for_patience_is_followed():
    """If it were not, the first store back would keep all others out."""
    state = sending(5)
    ack = an_ack(5, next=Pace(delay_ms=2000))
    state, effects = after(state, acked(state, 5, ack=ack))
    assert (MoveAck(ack), Wait(2, asked_ms(2000, 1, DRAW))) == effects
    state, effects = after(state, Appended(6))
    assert () == effects
    assert (Send(3, 6, 1),) == after(state, TimerFired(2))[1]


def test_slow_down_waits_as_asked_and_sends_less():
    """If it did not, HQ's 429 would be answered by more of the same."""
    state = sending(5)
    state, effects = after(state, SlowDown(state.turn, 4000))
    assert (Wait(2, asked_ms(4000, 1, DRAW)),) == effects
    assert (Mode.PACED, 250) == (state.mode, state.limit)
    assert () == after(state, HqSeen())[1]


@pytest.mark.parametrize(
    "reply",
    [
        lambda turn: AckReceived(turn, an_ack(5), genuine=True, own_hash=HASH),
        lambda turn: BehindReceived(turn, Behind("1-aa", 0, HASH.hex()), HASH),
        lambda turn: ForkReceived(turn, Fork(1, "")),
        lambda turn: Failed(turn, Failure.UNREACHABLE),
        lambda turn: SlowDown(turn, 1),
        TimerFired,
    ],
    ids=["ack", "behind", "fork", "failed", "slow-down", "timer"],
)
def test_what_comes_late_or_twice_says_nothing_new(reply):
    """If it did, a reply of yesterday could move today's position."""
    state = sending(5)
    assert (state, ()) == step(state, reply(state.turn - 1), DRAW)
    at_rest = resting(5)
    assert (at_rest, ()) == step(at_rest, reply(at_rest.turn), DRAW)


def test_waits_stay_within_their_ceilings():
    """If they did not, a till could hammer HQ or fall asleep for good."""
    for failures in range(1, 60):
        assert 0 <= backoff_ms(failures, 2**32 - 1) <= WAIT_MS_MAX
        assert FIRST_CEILING_MS <= max(backoff_ms(failures, draw) for draw in range(1001))
    assert WAIT_MS_MAX <= asked_ms(2**60, 1, 0) <= 2 * WAIT_MS_MAX
    assert 0 == asked_ms(-5, 1, 0)


def test_a_fresh_state_is_of_an_empty_journal():
    """If it were not, a till's first sale would not be its first record at HQ."""
    assert (0, 0, False) == (Upward().tail, Upward().held, Upward().sure)
