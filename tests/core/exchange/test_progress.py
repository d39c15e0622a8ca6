"""A transfer that stands still is noticed, one that moves or cannot move is left alone."""

from __future__ import annotations

from agent.core.exchange.progress import LOOK_MS, STALL_MS, begin, look

MINUTE = 60_000


def test_standing_still_for_minutes_is_a_stall_and_a_new_start_each_time():
    """If it were not, a transfer that hangs would hang until somebody looks."""
    seen, again = begin(3, 0), False
    for now in range(0, 10 * MINUTE, LOOK_MS):
        seen, again = look(seen, acked=3, tail=9, is_answering=True, now_ms=now)
        assert again == (now > 0 and now % STALL_MS == 0)
    assert (True, 2) == (seen.is_stalled, seen.restarts)
    assert STALL_MS + LOOK_MS <= 5 * MINUTE


def test_an_ack_ends_the_stall():
    """If it did not, the alarm would stay on a working line."""
    stalled, _ = look(begin(3, 0), acked=3, tail=9, is_answering=True, now_ms=STALL_MS)
    assert stalled.is_stalled
    assert (begin(4, 9), False) == look(stalled, acked=4, tail=9, is_answering=True, now_ms=9)


def test_nothing_to_send_is_no_stall():
    """If it were, every quiet night would be an alarm."""
    seen, again = look(begin(9, 0), acked=9, tail=9, is_answering=True, now_ms=STALL_MS * 9)
    assert (False, False, STALL_MS * 9) == (seen.is_stalled, again, seen.since_ms)


def test_an_outage_is_no_stall():
    """If it were, a cut line would be told twice, once by the wrong name."""
    seen, again = look(begin(3, 0), acked=3, tail=9, is_answering=False, now_ms=STALL_MS * 2)
    assert not again
    seen, again = look(seen, acked=3, tail=9, is_answering=True, now_ms=STALL_MS * 3 - 1)
    assert (False, False) == (seen.is_stalled, again)
