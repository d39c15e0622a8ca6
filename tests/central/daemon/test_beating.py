"""The thread that looks again and again."""

from __future__ import annotations

from threading import Event

from central.daemon.beating import Beating
from central.ledger.engine import LedgerBusy


def test_look_that_fails_is_looked_at_again():
    """Wrong: one locked database, and nothing is derived or reviewed until HQ's next start."""
    seen, done, ended = [], Event(), Event()

    def look():
        seen.append(1)
        if len(seen) < 3:
            raise LedgerBusy("busy", remedy="wait")
        done.set()
        return False

    thread = Beating("tried", look, 0.01, ended.set)
    thread.start()
    assert done.wait(30)
    assert thread.is_alive()
    thread.stop()
    assert (True, False) == (ended.is_set(), thread.is_alive())


def test_work_that_is_left_does_not_wait_for_the_next_beat():
    """Wrong: a backlog is worked off at one lot in a beat."""
    left, done = [1, 2, 3], Event()

    def look():
        left.pop()
        if not left:
            done.set()
        return bool(left)

    thread = Beating("tried", look, 3600, lambda: None)
    thread.start()
    assert done.wait(30)
    thread.stop()


def test_stop_does_not_wait_for_a_first_look():
    """Wrong: HQ takes a whole beat to stop."""
    seen = []
    thread = Beating("tried", lambda: bool(seen.append(1)), 3600, lambda: None, first_s=3600)
    thread.start()
    thread.stop()
    assert [] == seen
