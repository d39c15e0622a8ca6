"""The applier's thread: woken at once, never silently dead."""

from __future__ import annotations

import asyncio
import sys
import time
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from central.daemon.serve import SWITCH_S, ThreadEnded
from central.daemon.state import utc_now
from central.daemon.threads import GIVE_WAY_S, QUIET_S, Applying
from central.histories.applier import Applier
from central.ledger.engine import LedgerBusy
from central.ledger.tables import APPLIED


def test_what_was_received_before_the_start_is_applied_first():
    """Wrong: entries received before a crash wait for the next sale."""
    applied, ended = Event(), Event()
    thread = Applying(applied.set, ended.set)
    thread.start()
    assert applied.wait(60)
    thread.stop()
    assert ended.is_set()
    assert not thread.is_alive()


def test_a_busy_database_is_tried_again(monkeypatch):
    """Wrong: one locked database ends the applying for ever."""
    monkeypatch.setattr("central.daemon.threads.RETRY_S", 0.01)
    done, tries = Event(), []

    def apply_pending():
        tries.append(1)
        if len(tries) < 3:
            raise LedgerBusy("busy", remedy="wait")
        done.set()
        return 0

    thread = Applying(apply_pending, lambda: None)
    thread.start()
    assert done.wait(60)
    thread.stop()
    assert 3 == len(tries)


def test_a_backlog_that_comes_in_is_applied_within_its_time(monkeypatch):
    """Wrong: applying slows every batch of a backlog, or waits until all of it is in."""
    monkeypatch.setattr("central.daemon.threads.LATER_S", 0.2)
    times = []
    thread = Applying(lambda: times.append(time.monotonic()) or 0, lambda: None)
    thread.start()
    while not times:
        time.sleep(0.001)
    began = time.monotonic()
    while len(times) < 2:
        thread.wake_later()
        time.sleep(0.01)
        assert time.monotonic() - began < 60
    assert times[1] - began >= 0.2
    monkeypatch.setattr("central.daemon.threads.LATER_S", 3600)
    thread.wake_later()
    thread.wake()
    began = time.monotonic()
    while len(times) < 3:
        assert time.monotonic() - began < 60
        time.sleep(0.001)
    thread.stop()


def test_applying_gives_way_to_a_backlog_but_not_for_ever_and_not_when_a_till_sells(monkeypatch):
    """Wrong: a backlog waits for the applier at every batch, or histories wait for its end."""
    now = [1e6]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("central.daemon.threads.time", clock)
    thread = Applying(lambda: 0, lambda: None)

    def later(seconds):
        now[0] += seconds

    def gives_way_until(*steps):
        waiting = Thread(target=thread.give_way)
        waiting.start()
        for step in steps:
            waiting.join(0.15)
            assert waiting.is_alive()
            step()
        waiting.join(30)
        assert not waiting.is_alive()

    def another_batch():
        later(QUIET_S * 0.9)
        thread.wake_later()

    gives_way_until()
    thread.wake_later()
    gives_way_until(lambda: later(QUIET_S * 1.1))
    thread.wake_later()
    gives_way_until(another_batch, another_batch, lambda: (later(GIVE_WAY_S), thread.wake_later()))
    thread.wake_later()
    gives_way_until(thread.wake)


def test_the_applier_gives_way_before_each_transaction(receive, ledger, told):
    """Wrong: once it has begun, applying a backlog lets no other backlog in."""
    asked = []
    receive("j" * 32, *(told.sale(n) for n in range(1, 4)))
    receive("k" * 32, told.sale(4))
    Applier(ledger, utc_now, lambda: asked.append(1)).apply_pending()
    assert 2 == len(asked)


@pytest.mark.asyncio
async def test_an_accepted_batch_is_applied_within_a_moment(hq):
    """Wrong: HQ shows a sale only after a timer has run out."""
    till, link = await hq.enrolled()
    till.seal(3)
    began = time.monotonic()
    await link.send(till.batch())
    while [3] != [row.seq for row in hq.rows(APPLIED)]:
        assert time.monotonic() - began < 20
        await asyncio.sleep(0.01)
    (lane,) = [
        lane
        for store in (await hq.staff.get("/v1/stores")).json()
        for till in store["tills"]
        for lane in till["lanes"]
        if lane["lane"] == "side"
    ]
    assert (3, 0) == (lane["applied_seq"], lane["quarantined"])
    await link.aclose()


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_thread_ends_the_program(hq_at, tmp_path, monkeypatch):
    """Wrong: HQ takes in sales for weeks and shows none of them, and nobody is told."""

    def broken(_self):
        raise RuntimeError

    monkeypatch.setattr("central.histories.applier.Applier.apply_pending", broken)

    async def serve_until_it_ends():
        async with hq_at(tmp_path) as hq:
            await asyncio.wait([hq.running], timeout=10)
            assert hq.running.done()

    with pytest.raises(ThreadEnded):
        await serve_until_it_ends()


@pytest.mark.asyncio
async def test_a_thread_that_computes_gives_way_soon(hq):
    """Wrong: whoever asks waits after each statement for whatever HQ is just working out."""
    assert hq.url
    assert SWITCH_S == pytest.approx(sys.getswitchinterval())
