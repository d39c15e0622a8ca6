"""Safe marks, heartbeats, stalls and what HQ is told besides: nothing stands still unnoticed."""

from __future__ import annotations

import asyncio

import pytest

from agent.core.exchange.progress import STALL_MS
from agent.core.exchange.steps import HeartbeatDue, Stalled
from agent.core.exchange.wire import Pace
from agent.journal import cursors, prune
from agent.sync.watch import SALES_SILENT_S, Watch

TILL = "till-1"


async def kept(shop, lane="sales"):
    head = await shop.head(lane)
    return await shop.journal.read(lambda conn: cursors.acked(conn, head.journal_id))


@pytest.mark.asyncio
async def test_only_what_hqs_backup_holds_becomes_safe(shop, run):
    """If more did, the till would delete what HQ has only once (P5)."""
    await shop.enrol()
    await shop.sell(3)
    async with run(shop.loop):
        await shop.until(lambda: any(one.acked == 3 for one in shop.loop.status().journals))
        assert 0 == shop.loop.status().journals[0].safe
        shop.hq.declare_safe(shop.hq.backup())
        await shop.sell(2)
        await shop.until_sent()
        await shop.until(lambda: shop.loop.status().journals[0].safe == 3)
        said = shop.loop.status().journals[0].said
        journal_id = (await shop.head()).journal_id
        await shop.until(
            lambda: shop.journal.read_blocking(
                lambda conn: cursors.acked(conn, journal_id).safe_seq == 3
            )
        )
    assert "complete: HQ holds all 5, 3 of them in its backups" == said
    assert 3 == (await kept(shop)).safe_seq


@pytest.mark.asyncio
async def test_a_safe_mark_over_another_hash_is_not_believed(shop, run):
    """If it were, a confused HQ could make the till prune what it never held."""
    await shop.enrol()
    await shop.sell(3)
    async with run(shop.loop):
        await shop.until_sent()
        backup = shop.hq.backup()
        journal = shop.hq.database.journals[(await shop.head()).journal_id]
        shop.hq.declare_safe(backup)
        journal.safe_seq = 2
        rows = journal.rows
        rows[1] = type(rows[1])(2, 1, 1, bytes(16), b"", bytes(32), bytes(32))
        await shop.sell(1)
        await shop.until_sent()
        await shop.settle()
    assert 0 == (await kept(shop)).safe_seq


@pytest.mark.asyncio
async def test_entries_pruned_here_travel_as_commitments_when_a_restored_hq_asks(
    shop, run, monkeypatch
):
    """If they did not, one over-hasty backup policy would keep the whole journal out for ever."""
    await shop.enrol()
    await shop.sell(6)
    start = shop.hq.backup()
    head = await shop.head()
    async with run(shop.loop):
        await shop.until_sent()
        shop.hq.declare_safe(shop.hq.backup())
        await shop.sell(1)
        await shop.until_sent()
        await shop.until(lambda: shop.loop.status().journals[0].safe == 6)
        await shop.settle()
    monkeypatch.setattr("agent.journal.prune._marks", marks_of(4))
    assert 4 == await shop.journal.write(lambda conn: prune.prune(conn, head.journal_id, 4))
    monkeypatch.undo()
    shop.hq.restore(start)
    again = shop.new_loop()
    async with run(again):
        await shop.until_sent(again)
        trouble = again.status().troubles[0]
    assert "pruned-beyond-hq" == trouble.name
    assert f"entries 1 to 4 of journal {head.journal_id}" in trouble.detail
    rows = shop.hq.rows(head.journal_id)
    assert ["pruned"] * 4 + [""] * 3 == [row.erased_by for row in rows]
    assert head.journal_id == shop.link.sent[-1].journal_id or shop.link.sent


def marks_of(closed):
    """Read the marks of a journal as if its day were closed there."""
    real = prune._marks

    def marks(conn, journal_id):
        number, mark, tail, safe, _ = real(conn, journal_id)
        return number, mark, tail, safe, closed

    return marks


@pytest.mark.asyncio
async def test_a_heartbeat_tells_hq_where_the_till_stands(shop, run):
    """If it did not, HQ could not tell a quiet till from a dead one, nor heal its feeds."""
    await shop.enrol()
    await shop.sell(1)
    async with run(shop.loop):
        await shop.until_sent()
        await shop.until(lambda: set(shop.replica.cursors) == {"global", "store:store-1"})
        shop.link.sent.clear()
        pump = next(pump for pump in shop.loop._pumps.values() if pump.head.lane == "sales")
        shop.loop._watch.look(pump, pump.spoke_at + SALES_SILENT_S)
        sales = pump.head.journal_id
        await shop.until(lambda: any(sent.journal_id == sales for sent in shop.link.sent))
    beat = next(sent for sent in shop.link.sent if sent.journal_id == sales)
    assert (2, 1, ()) == (beat.base, beat.tail_seq, beat.records)
    assert {"global", "store:store-1"} == set(beat.feed_cursors)
    assert shop.clock.stamp().wall == beat.wall
    assert beat.last_ack is not None


class Standing:
    """A journal that is looked at."""

    def __init__(self, state, head) -> None:
        self.state, self.head, self.spoke_at, self.posted = state, head, 0.0, []

    def post(self, event) -> None:
        self.posted.append(event)


@pytest.mark.asyncio
async def test_a_transfer_that_hangs_is_told_within_five_minutes_and_begun_again(
    shop, run, monkeypatch
):
    """If it were not, it would hang silently for days."""
    monkeypatch.setattr("agent.sync.pump.DEADLINE_S", 0.2)
    await shop.enrol()
    send, hanging = shop.link.send, asyncio.Event()
    hanging.set()

    async def hangs(batch):
        if batch.records and hanging.is_set():
            await asyncio.sleep(3600)
        return await send(batch)

    async with run(shop.loop):
        await shop.until_sent()
        monkeypatch.setattr(shop.link, "send", hangs)
        await shop.sell(4)
        pump = next(pump for pump in shop.loop._pumps.values() if pump.head.lane == "sales")
        await shop.until(lambda: pump.state.failures)
        now = asyncio.get_running_loop().time()
        shop.loop._watch.look(pump, now)
        shop.loop._watch.look(pump, now + STALL_MS / 1000)
        await shop.until(lambda: shop.loop.status().troubles)
        trouble = shop.loop.status().troubles[0]
        journal = shop.loop.status().journals[0]
        hanging.clear()
        await shop.until_sent()
        await shop.until(lambda: not shop.loop.status().troubles)
        shop.loop._watch.look(pump, now + STALL_MS / 1000 + 1)
        assert not shop.loop.status().journals[0].stalled
    assert ("stalled", True) == (trouble.name, journal.stalled)
    assert "4 entries wait" in trouble.detail
    assert trouble.since
    assert 240 <= STALL_MS / 1000 <= 300


@pytest.mark.asyncio
async def test_a_stall_ends_the_exchange_that_hangs(shop, run, monkeypatch):
    """If it did not, the alarm and the new start would wait for the very request that hangs."""
    await shop.enrol()
    send, hanging = shop.link.send, asyncio.Event()
    hanging.set()

    async def hangs(batch):
        if batch.records and hanging.is_set():
            hanging.clear()
            await asyncio.sleep(3600)
        return await send(batch)

    async with run(shop.loop):
        await shop.until_sent()
        monkeypatch.setattr(shop.link, "send", hangs)
        await shop.sell(1)
        await shop.until(lambda: not hanging.is_set())
        pump = next(pump for pump in shop.loop._pumps.values() if pump.head.lane == "sales")
        pump.post(Stalled("it hangs"))
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_an_outage_and_a_resting_journal_are_no_stall(shop):
    """If they were, the alarm would mean nothing."""
    head = await shop.head()
    state = shop.loop.status()
    assert not state.online
    online = [False]
    watch = Watch(list, lambda: online[0])
    pump = Standing(upward(tail=5, acked=2), head)
    for now in range(0, 1200, 30):
        watch.look(pump, float(now))
    assert [] == pump.posted
    online[0] = True
    pump.state = upward(tail=5, acked=5)
    watch.look(pump, 1200.0)
    assert [HeartbeatDue()] == pump.posted
    pump.spoke_at, pump.state = 1200.0, upward(tail=6, acked=5)
    for now in range(1210, 1800, 30):
        pump.spoke_at = float(now)
        watch.look(pump, float(now))
    assert [HeartbeatDue, Stalled, Stalled] == [type(event) for event in pump.posted]


def upward(**fields):
    from agent.core.exchange.upward import Upward

    return Upward(**fields)


@pytest.mark.asyncio
async def test_a_backlogs_size_and_age_are_told(shop, run):
    """If they were not, HQ would see a number of entries and not whether to worry."""
    await shop.sell(20)
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
    first = next(batch for batch in shop.link.sent if batch.records)
    size = sum(len(record.body) for record in first.records)
    assert size <= first.backlog_bytes <= 2 * size
    assert 0 == first.oldest_unacked_age_s


@pytest.mark.asyncio
async def test_hqs_hint_outlives_a_restart(shop, run, monkeypatch):
    """If it did not, a chain whose power comes back would knock all at once."""
    await shop.enrol()
    shop.hq.pace = Pace(spread_ms=20_000)
    await shop.sell(1)
    async with run(shop.loop):
        await shop.until_sent()
        await shop.settle()
    shop.link.sent.clear()
    monkeypatch.setattr("agent.sync.pump.Pump._draw", lambda _self: 15_000)
    again = shop.new_loop()
    async with run(again):
        await shop.until(lambda: {one.state for one in again.status().journals} == {"spreading"})
        assert [] == shop.link.sent
        await shop.sell(1)
        await shop.until(lambda: shop.link.sent)
        assert [2] == [record.seq for record in shop.link.sent[0].records]
