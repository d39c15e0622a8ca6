"""The upward sync of one journal: what is sent, what is waited for, what is told to a person."""

from __future__ import annotations

import msgspec
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
from agent.core.exchange.upward import GROWTH, SLOW_MS, Mode, Upward, resume, step
from agent.core.exchange.waits import (
    FIRST_CEILING_MS,
    SPREAD_MS_MAX,
    WAIT_MS_MAX,
    asked_ms,
    backoff_ms,
    spread_ms,
)
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


def test_who_was_forgotten_and_is_known_again_asks_at_once():
    """After a long outage the first sales would come in minutes after HQ is back."""
    state = sending(5, acked_seq=5)
    for _ in range(20):
        failed = Failed(state.turn, Failure.UNREACHABLE)
        state = after(state, failed, TimerFired(state.turn + 1))[0]
    state, effects = after(state, Failed(state.turn, Failure.FORGOTTEN))
    assert (Send(state.turn, 6, 0),) == effects
    assert Mode.SENDING is state.mode


def test_a_new_epoch_ends_the_wait_for_hq():
    """HQ answers another journal, and this one would wait as long as HQ was away."""
    state = sending(5)
    state = after(state, Failed(state.turn, Failure.UNREACHABLE))[0]
    assert (Send(3, 1, 5),) == after(state, EpochChanged("2-bb"))[1]
    assert () == after(state, EpochChanged("1-aa"))[1]


def test_who_is_in_step_leaves_its_evidence_out_until_hq_says_otherwise():
    """Fails if each batch carries evidence nobody needs, or if HQ never sees it when it does."""
    state = after(resting(5), Appended(7))[0]
    assert state.is_lean
    restored = BehindReceived(state.turn, Behind("1-aa", 3, HASH.hex()), HASH)
    state, effects = after(state, restored)
    assert ((Send(3, 6, 2),), False, 5) == (effects, state.is_lean, state.acked)
    lost = Behind("2-bb", 3, HASH.hex(), "epoch")
    state, effects = after(state, BehindReceived(state.turn, lost, HASH))
    assert ((Send(4, 4, 4),), False, 3) == (effects, state.is_lean, state.acked)


@pytest.mark.parametrize("event", [HqSeen(), HeartbeatDue(), EpochChanged("2-bb")])
def test_any_doubt_brings_the_evidence_along(event):
    """An HQ put back would be asked by a till that shows nothing of what was before."""
    assert not after(resting(5), event)[0].is_lean
    assert not sending(5).is_lean


def test_behind_twice_in_a_row_waits():
    """If it did not, a confused HQ and a till would talk in circles at full speed."""
    state = sending(9)
    behind = Behind("1-aa", 3, HASH.hex())
    state = after(state, BehindReceived(state.turn, behind, HASH))[0]
    state, effects = after(state, BehindReceived(state.turn, behind, HASH))
    alarm, wait = effects
    assert ("no-progress", Wait) == (alarm.name, type(wait))


@pytest.mark.parametrize("doubt", ["unreachable", "refused", "seen", "stalled"])
def test_who_may_be_another_hq_is_shown_the_evidence_again(doubt):
    """An HQ put back once more, before its new epoch was confirmed, would not learn of it."""
    state = sending(9, acked_seq=8)
    restored = BehindReceived(state.turn, Behind("2-bb", 3, HASH.hex(), "epoch"), HASH)
    state = after(state, restored)[0]
    assert not state.shows_evidence
    events = {
        "unreachable": Failed(state.turn, Failure.UNREACHABLE),
        "refused": Failed(state.turn, Failure.REFUSED),
        "seen": HqSeen(),
        "stalled": Stalled("no byte"),
    }
    state = after(state, events[doubt])[0]
    assert state.shows_evidence


def test_an_hq_in_its_new_epoch_still_is_told_what_it_lacks_at_once():
    """The evidence, shown again, would be taken for circles: the till would wait for nothing."""
    state = sending(9, acked_seq=8)
    behind = Behind("2-bb", 3, HASH.hex(), "epoch")
    state = after(state, BehindReceived(state.turn, behind, HASH))[0]
    state = after(state, Failed(state.turn, Failure.UNREACHABLE))[0]
    state = after(state, TimerFired(state.turn))[0]
    state, effects = after(state, BehindReceived(state.turn, behind, HASH))
    assert (Send(state.turn, 4, 6),) == effects
    assert not state.shows_evidence


OTHER = b"o" * 32


def ended(effects) -> tuple[str, Succeed]:
    """Give the alarm's name and the order to go on in a successor."""
    alarm, succeed = effects
    return alarm.name, succeed


def partly(acked_seq: int = 4, tail: int = 9) -> Upward:
    """A journal that HQ has signed for in part, whose next batch is in flight."""
    return sending(tail, acked_seq)


def test_a_fork_ends_the_journal_where_both_share_it():
    """If it went on, two different journals would grow under one name."""
    state = partly()
    state, effects = after(state, ForkReceived(state.turn, Fork(6, "", common_seq=5), OTHER))
    assert ("fork", Succeed(4, "fork")) == ended(effects)
    assert "another record under seq 6" in effects[0].detail
    assert (4, 4, True, Mode.IDLE) == (state.tail, state.acked, state.is_closed, state.mode)
    assert (state, ()) == after(state, Appended(12))


def test_a_copied_disk_is_told_from_a_changed_record():
    """If it were not, a person would look for a wrong sale where a machine is one too many."""
    state = partly()
    _, effects = after(state, ForkReceived(state.turn, Fork(5, HASH.hex()), HASH))
    assert ("fork", Succeed(4, "fork")) == ended(effects)
    assert "the disk was copied" in effects[0].detail


def probe(state: Upward, shared: int, *, by_ack: bool) -> tuple[Upward, tuple]:
    """Answer the question in flight as an HQ that shares the journal up to `shared`."""
    asked = state.search.asked
    if asked <= shared and by_ack:
        return after(state, acked(state, 99, own_hash=None))
    common = asked if asked <= shared else -1
    return after(state, ForkReceived(state.turn, Fork(99, "", common_seq=common)))


@pytest.mark.parametrize("by_ack", [True, False])
@pytest.mark.parametrize("shared", range(41))
def test_the_last_position_both_share_is_found(shared, by_ack):
    """If it were guessed, HQ would refuse the successor, or sales would be left out."""
    state = partly(40, 50)
    state, effects = after(state, ForkReceived(state.turn, Fork(40, "", common_seq=-1), OTHER))
    for _ in range(10):
        if state.search is None:
            break
        assert Send(state.turn, state.search.asked + 1, 0) == effects[-1]
        state, effects = probe(state, shared, by_ack=by_ack)
    assert ("fork", Succeed(min(shared, 39), "fork")) == ended(effects)


def test_a_search_survives_an_outage_and_ends_with_a_restored_hq():
    """If it did not, a fork noticed on a bad line would stay one for ever."""
    state = partly(40, 50)
    state = after(state, ForkReceived(state.turn, Fork(40, "", common_seq=-1), OTHER))[0]
    asked = state.search.asked
    state = after(state, Failed(state.turn, Failure.UNREACHABLE))[0]
    state, effects = after(state, TimerFired(state.turn))
    assert (Send(state.turn, asked + 1, 0),) == effects
    state, effects = after(state, BehindReceived(state.turn, Behind("2-bb", 7, HASH.hex()), HASH))
    assert ((Send(state.turn, 8, 43),), None) == (effects, state.search)


def test_another_hash_in_an_ack_or_a_position_is_a_fork():
    """If it were believed, the rest would be sent on top of another past."""
    state = partly()
    state, _ = after(state, acked(state, 9, own_hash=OTHER))
    assert (0, 5) == (state.search.low, state.search.high)
    state = partly()
    behind = Behind("1-aa", 3, HASH.hex())
    state, _ = after(state, BehindReceived(state.turn, behind, OTHER))
    assert (0, 3) == (state.search.low, state.search.high)


def test_a_new_epoch_with_another_past_is_searched_without_the_old_evidence():
    """If it went along, HQ would answer 410 to every question, at full speed."""
    state = sending(9, 5)
    behind = Behind("2-bb", 3, HASH.hex(), "epoch")
    state, effects = after(state, BehindReceived(state.turn, behind, OTHER))
    assert ("2-bb", Send(2, 2, 0)) == (state.epoch, effects[-1])
    _, effects = after(state, BehindReceived(state.turn, behind, OTHER))
    assert ["Alarm", "Wait"] == [type(effect).__name__ for effect in effects]


def test_another_past_is_searched_however_often_hq_asked_before():
    """A till would say "no-progress" for ever where its disk's copy had sent other entries."""
    state = sending(0)
    behind = Behind("2-bb", 2, HASH.hex(), "epoch")
    unread = BehindReceived(state.turn, behind, None)  # The answer came, then eight entries.
    state, _ = after(state, Appended(8), unread)
    state, effects = after(state, BehindReceived(state.turn, Behind("2-bb", 2, HASH.hex()), OTHER))
    assert ["no-progress", Wait] == [effects[0].name, type(effects[1])]
    state, effects = after(state, TimerFired(state.turn))
    assert (Send(state.turn, 1, 0),) == effects
    _, effects = after(state, ForkReceived(state.turn, Fork(2, HASH.hex(), common_seq=0), OTHER))
    assert ("fork", Succeed(0, "fork")) == ended(effects)


def test_an_older_copy_of_the_journal_goes_on_in_a_successor():
    """If it stopped, a till put back from a backup would never send again."""
    state = sending(9, 9)
    state, effects = after(state, acked(state, 12, own_hash=None))
    assert ("journal-older-than-hq", Succeed(9, "older-than-hq")) == ended(effects)
    assert "HQ holds seq 12, the journal ends at 9" == effects[0].detail


def test_a_new_epoch_beyond_the_own_end_is_asked_about_from_there():
    """If the older copy were not told from a fork, HQ would hear of the wrong thing."""
    state = sending(9, 7)
    behind = Behind("2-bb", 30, HASH.hex(), "epoch")
    state, effects = after(state, BehindReceived(state.turn, behind, None))
    assert (Send(2, 10, 0),) == effects
    state, effects = after(state, acked(state, 30, own_hash=None))
    assert ("journal-older-than-hq", Succeed(7, "older-than-hq")) == ended(effects)


def closed(tail: int = 9, acked_seq: int = 9) -> Upward:
    """A journal that a successor goes on from, being asked about."""
    state = resume(tail=tail, acked=acked_seq, epoch="1-aa", is_closed=True)
    return after(state, Started())[0]


def test_a_journal_that_has_ended_is_still_sent_to_its_end():
    """If it were not, what a restored HQ lost of it would be lost for good."""
    state = closed(acked_seq=3)
    assert 9 == state.sending
    state, effects = after(state, acked(state, 9))
    assert (MoveAck(an_ack(9)),) == effects
    assert () == after(state, Appended(20))[1]


def test_a_copy_that_went_on_with_an_ended_journal_is_no_news():
    """If it were an alarm, a machine that was copied would cry wolf for ever."""
    state = closed()
    fork = Fork(12, HASH.hex(), common_seq=9)
    assert () == after(state, ForkReceived(state.turn, fork, OTHER))[1]
    assert () == after(state, acked(state, 12, own_hash=None))[1]
    state = closed(tail=700, acked_seq=100)
    state, effects = after(state, acked(state, 720, own_hash=None))
    assert (Send(2, 601, 100),) == effects


def test_what_hq_verified_of_an_older_copy_is_noted_once():
    """If it were not, every restart would call missing what HQ has had for long."""
    state = closed(acked_seq=3)
    state, effects = after(state, acked(state, 12, own_hash=None))
    assert ((NoteHeld("1-aa", 9, 12),), 9) == (effects, state.acked)
    state, _ = after(state, HeartbeatDue())
    assert () == after(state, acked(state, 12, own_hash=None))[1]
    state = closed(tail=700, acked_seq=100)
    state, effects = after(state, acked(state, 720, own_hash=None))
    assert (Send(2, 601, 100),) == effects
    assert (NoteHeld("1-aa", 700, 720),) == after(state, acked(state, 720, own_hash=None))[1]


def test_a_new_epochs_word_of_an_older_copy_is_noted_again():
    """If the old epoch's were kept, what its backups held would be believed of another HQ."""
    state = resume(tail=9, acked=9, epoch="1-aa", safe=5, is_closed=True)
    state, _ = after(state, Started())
    ack = an_ack(12, epoch="2-bb")
    state, effects = after(state, acked(state, 12, ack=ack, own_hash=None))
    assert ((NoteHeld("2-bb", 9, 12),), "2-bb", 0) == (effects, state.epoch, state.safe)


def test_what_an_ended_journal_cannot_deliver_is_carried_after_all():
    """If it were not, a copy that was faster after HQ's restore would cost this machine's sales."""
    state = closed(acked_seq=3)
    fork = Fork(4, "", common_seq=3)
    state, effects = after(state, ForkReceived(state.turn, fork, OTHER))
    assert ("fork", Succeed(3, "fork")) == ended(effects)
    assert (3, True) == (state.tail, state.is_closed)


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


def test_a_batch_that_misses_its_deadline_is_sent_in_halves():
    """If it were sent again as it was, a thin line would never get through."""
    state = sending(400)
    state, effects = after(state, Failed(state.turn, Failure.SLOW))
    assert ([Wait], 200) == ([type(effect) for effect in effects], state.limit)
    assert () == after(state, HeartbeatDue())[1]


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


@pytest.mark.parametrize(("limit", "eased"), [(500, 250), (150, 100), (100, 100), (40, 40), (1, 1)])
def test_slow_down_leaves_batches_worth_a_commit(limit, eased):
    """If it did not, a busy HQ would be sent single records: each costs it a commit."""
    state = msgspec.structs.replace(sending(5000), limit=limit)
    assert eased == after(state, SlowDown(state.turn, 4000))[0].limit


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


def test_the_first_contact_is_spread_by_hqs_hint():
    """If it were not, a chain whose power comes back would knock HQ over."""
    state = resume(tail=5, acked=3, epoch="1-aa", hint_ms=20_000)
    state, effects = after(state, Started())
    assert (Wait(1, spread_ms(20_000, DRAW)),) == effects
    assert (state, ()) == after(state, Started(), HqSeen())
    assert (Send(2, 4, 2),) == after(state, TimerFired(1))[1]


def test_a_customer_in_front_does_not_wait_for_the_spread():
    """If they did, HQ would hear of the first sale of the day a minute late."""
    state = resume(tail=5, acked=3, epoch="1-aa", hint_ms=20_000)
    state, _ = after(state, Started())
    assert () == after(state, Appended(5))[1]
    assert (Send(2, 4, 3),) == after(state, Appended(6))[1]


def test_hqs_hint_is_kept_for_after_the_next_outage():
    """If it were not, only starts would be spread, and outages end for all at once."""
    state = sending(5)
    state, _ = after(state, acked(state, 5, ack=an_ack(5, next=Pace(spread_ms=8000))))
    assert 8000 == state.spread_ms
    state, effects = after(state, HqSeen())
    assert (Mode.SPREADING, Wait) == (state.mode, type(effects[0]))


def test_a_heartbeat_asks_only_while_nothing_else_is_on():
    """If it did not, HQ would not know that a quiet till is still there."""
    assert (Send(2, 6, 0),) == after(resting(5), HeartbeatDue())[1]
    assert () == after(sending(5), HeartbeatDue())[1]


def test_a_stalled_transfer_is_told_and_begins_again():
    """If it did not, a transfer that hangs without an error would hang until somebody looks."""
    state, effects = after(sending(5), Stalled("4 minutes"))
    assert (Alarm("stalled", "4 minutes"), Send(2, 1, 5)) == effects
    assert (state, ()) == after(state, acked(resume(tail=0, acked=0, epoch=""), 5))
    paced = after(sending(5), SlowDown(1, 9000))[0]
    assert (Alarm("stalled", "4 minutes"),) == after(paced, Stalled("4 minutes"))[1]


def test_no_common_version_is_told_and_tried_again():
    """If it were dropped, a till would fall silent after an update of HQ."""
    state = sending(5)
    state, effects = after(state, Failed(state.turn, Failure.VERSION, "update this till-agent"))
    assert Alarm("sync-version", "update this till-agent") == effects[0]
    assert (0, 5) == (state.acked, state.tail)


@pytest.mark.parametrize(
    ("epoch", "said", "kept"), [("1-aa", 0, 3), ("1-aa", 4, 4), ("2-bb", 0, 0), ("2-bb", 2, 2)]
)
def test_what_is_safe_only_grows_within_an_epoch_and_never_above_the_ack(epoch, said, kept):
    """If it did not hold, a till would delete what HQ has in no backup."""
    state = resume(tail=9, acked=3, epoch="1-aa", safe=3)
    state = after(state, Appended(9))[0]
    state, effects = after(state, acked(state, 0, ack=an_ack(9, epoch=epoch), safe_seq=said))
    assert (MoveAck(an_ack(9, epoch=epoch), kept), kept) == (effects[0], state.safe)
    behind = Behind("3-cc", 1, HASH.hex(), "epoch")
    state = after(state, EpochChanged("3-cc"))[0]
    state = after(state, BehindReceived(state.turn, behind, HASH))[0]
    assert state.safe <= state.acked == 1


def test_kept_positions_beyond_the_end_are_cut():
    """If they were not, a sealed journal would wait for entries that travel elsewhere."""
    state = resume(tail=5, acked=8, epoch="1-aa", safe=7)
    assert (5, 5, 5) == (state.acked, state.held, state.safe)


def test_waits_stay_within_their_ceilings():
    """If they did not, a till could hammer HQ or fall asleep for good."""
    for failures in range(1, 60):
        assert 0 <= backoff_ms(failures, 2**32 - 1) <= WAIT_MS_MAX
        assert FIRST_CEILING_MS <= max(backoff_ms(failures, draw) for draw in range(1001))
    assert WAIT_MS_MAX <= asked_ms(2**60, 1, 0) <= 2 * WAIT_MS_MAX
    assert 0 == asked_ms(-5, 1, 0)
    assert SPREAD_MS_MAX == max(spread_ms(10**9, draw) for draw in range(SPREAD_MS_MAX + 1))
    assert 0 == spread_ms(-5, 7)


def test_a_fresh_state_is_of_an_empty_journal():
    """If it were not, a till's first sale would not be its first record at HQ."""
    assert (0, 0, False) == (Upward().tail, Upward().held, Upward().sure)


def test_another_machines_journal_that_differs_is_told_once_and_never_ended():
    """If it were ended, what HQ lacks of it would pass for held, or a successor be begun of it."""
    state = resume(tail=7, acked=4, epoch="1-aa", is_foreign=True)
    assert state.is_closed
    state = after(state, Started())[0]
    fork = Fork(6, "ee" * 32, common_seq=5)
    state, effects = after(state, ForkReceived(state.turn, fork))
    assert [Alarm, Wait] == [type(effect) for effect in effects]
    assert ("journal-differs", WAIT_MS_MAX) == (effects[0].name, effects[1].ms)
    assert (7, 4, Mode.BACKING_OFF) == (state.tail, state.acked, state.mode)
    state = after(state, TimerFired(state.turn))[0]
    _, effects = after(state, ForkReceived(state.turn, fork))
    assert [Wait] == [type(effect) for effect in effects]


def test_hqs_own_words_on_what_to_do_reach_the_person():
    """If they did not, whoever reads the alarm would have to ask what HQ had said."""
    state = after(resume(tail=5, acked=0, epoch=""), Started())[0]
    refused = Failed(state.turn, Failure.REFUSED, "not from here", "as a file")
    assert Alarm("refused", "not from here", "as a file") == after(state, refused)[1][0]
