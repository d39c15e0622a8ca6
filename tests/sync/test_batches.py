"""Batches read ahead: what comes next is at hand when the answer is, and is what was asked for."""

from __future__ import annotations

import pytest
import pytest_asyncio

from agent.core.exchange.standing import Upward
from agent.core.exchange.steps import Send
from agent.core.exchange.wire import LastAck
from agent.journal import outgoing as reading
from agent.sync import batches
from agent.sync.batches import AHEAD_MIN, BatchMaker

ALL = 3 * AHEAD_MIN


@pytest_asyncio.fixture
async def maker(shop, monkeypatch):
    """Give the maker of a journal with three batches in it, and what it reads of the journal."""
    asked = []

    def noted(conn, journal_id, base, limit):
        asked.append((base, limit))
        return reading.outgoing(conn, journal_id, base, limit)

    monkeypatch.setattr(batches, "outgoing", noted)
    await shop.sell(ALL)
    made = BatchMaker(
        shop.journal, shop.clock, await shop.head(), feed_cursors=dict, agent_version="1"
    )
    return made, asked


async def sent(maker, base, limit):
    """Make a batch as it is made when HQ holds all before it."""
    state = Upward(tail=ALL, held=base - 1)
    batch = await maker.batch(Send(1, base, limit), state, None)
    maker.read_ahead(batch, state)
    return [record.seq for record in batch.records]


@pytest.mark.asyncio
async def test_what_comes_next_is_read_once(maker):
    """Fails if each batch waits for the journal to be read, or is read twice."""
    made, asked = maker
    found = [await sent(made, base, AHEAD_MIN) for base in (1, 1 + AHEAD_MIN)]
    assert [*range(1, 2 * AHEAD_MIN + 1)] == [*found[0], *found[1]]
    assert (1, AHEAD_MIN) == asked[0]
    assert 1 == asked.count((1 + AHEAD_MIN, AHEAD_MIN))


@pytest.mark.asyncio
@pytest.mark.parametrize(("base", "limit"), [(1, AHEAD_MIN), (1 + AHEAD_MIN, 3), (7, 20), (9, 0)])
async def test_what_hq_asks_for_is_sent_whatever_was_read_ahead(maker, base, limit):
    """Fails if HQ asks for another position and is sent what had been read for the next one."""
    made, _ = maker
    await sent(made, 1, AHEAD_MIN)
    assert [*range(base, base + limit)] == await sent(made, base, limit)


@pytest.mark.asyncio
async def test_more_than_was_read_ahead_is_read_anew(maker):
    """Fails if a batch is shorter than it may be because less had been read ahead."""
    made, _ = maker
    await sent(made, 1, AHEAD_MIN)
    assert 2 * AHEAD_MIN == len(await sent(made, 1 + AHEAD_MIN, 2 * AHEAD_MIN))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("epoch", "repositioned", "shown"),
    [("1-aa", False, True), ("1-aa", True, True), ("2-bb", True, False), ("2-bb", False, True)],
)
async def test_evidence_of_an_epoch_that_is_over_is_left_out_once_hq_has_said_so(
    maker, epoch, repositioned, shown
):
    """Fails if HQ answers 410 to every batch, or one that was put back again never learns of it."""
    made, _ = maker
    last = LastAck("1-aa", 2, bytes(32), bytes(64))
    state = Upward(tail=ALL, held=2, epoch=epoch, repositioned=repositioned)
    batch = await made.batch(Send(1, 3, 1), state, last)
    assert shown is (batch.last_ack is not None)


@pytest.mark.asyncio
@pytest.mark.parametrize(("is_lean", "limit", "said"), [(True, 1, 16), (False, 1, 0), (True, 0, 0)])
async def test_only_records_sent_in_step_may_leave_the_evidence_out(maker, is_lean, limit, said):
    """Fails if a till that asks where HQ stands shows it nothing of what it once signed."""
    made, _ = maker
    asking = await made.batch(Send(1, 3, 1), Upward(tail=ALL, held=2, epoch="1-aa"), None)
    last = LastAck("1-aa", 2, asking.prev_hash, bytes(64))
    state = Upward(tail=ALL, held=2, epoch="1-aa", is_lean=is_lean)
    batch = await made.batch(Send(1, 3, limit), state, last)
    assert (said, last) == (len(batch.in_step), batch.last_ack)
