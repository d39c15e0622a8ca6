"""From the journal to HQ: everything, once, in order, whatever happens on the way."""

from __future__ import annotations

import asyncio

import pytest

from agent.contracts.hq import HqRefused, HqUnreachable
from agent.core.entries.canonical import decode
from agent.core.faults import StateFault
from agent.journal import chains, cursors, endings
from agent.journal.verify import verify
from agent.links.memory import Weather
from agent.sync.lanes import Lanes
from tests.sync.conftest import STAMP

TILL = "till-1"


@pytest.mark.asyncio
async def test_what_was_sold_before_enrolment_is_sent_after_it(shop, run):
    """If it were not, the first day of a new till would be missing at HQ."""
    await shop.sell(3)
    async with run(shop.loop):
        await shop.settle()
        assert not shop.loop.status().enrolled
        await shop.until(lambda: shop.loop.status().backlog == {TILL: {"sales": 3, "side": 0}})
        await shop.enrol()
        shop.loop.refresh()
        await shop.until_sent()
    assert await shop.own() == await shop.held()
    assert shop.loop.status().enrolled


@pytest.mark.asyncio
async def test_a_fresh_entry_is_sent_at_once(shop, run):
    """If it waited for a timer, HQ would not show a sale within the second."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
        began = asyncio.get_running_loop().time()
        await shop.sell()
        await shop.until_sent()
        assert asyncio.get_running_loop().time() - began < 5
    assert shop.hq.database.epoch == shop.loop.status().epoch
    assert shop.loop.status().last_ack_at


@pytest.mark.asyncio
async def test_an_outage_is_told_once_and_everything_arrives_after_it(shop, run):
    """If each failure were told, the till page would flicker; if one were lost, so is a sale."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
        shop.link.set_offline(True)
        await shop.until(lambda: not shop.loop.status().online)
        await shop.sell(5)
        await shop.sign_on(2)
        waiting = {TILL: {"sales": 5, "side": 2}}
        await shop.until(lambda: waiting == shop.loop.status().backlog)
        assert "not answer" in shop.loop.status().last_error
        shop.link.set_offline(False)
        await shop.until_sent()
        await shop.settle()
    assert [True, False, True] == shop.told
    assert await shop.own() == await shop.held()
    assert await shop.own("side") == await shop.held("side")
    assert shop.loop.status().last_error is None


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(6))
async def test_a_lossy_line_loses_and_doubles_nothing(shop, run, seed):
    """If it did, a bad night on the line would cost or double sales."""
    await shop.enrol()
    shop.link._seed = seed
    shop.link.weather = Weather(drop_requests=150, drop_replies=250, duplicate=200)
    async with run(shop.loop):
        for _ in range(15):
            await shop.sell(2)
            await shop.sign_on()
        await shop.until_sent()
    assert 30 == len(await shop.held())
    assert await shop.own() == await shop.held()
    assert await shop.own("side") == await shop.held("side")


@pytest.mark.asyncio
async def test_sales_go_before_side(shop, run):
    """If they did not, bulk about customers could hold up the day's takings."""
    await shop.sign_on(3)
    await shop.sell(1200)
    await shop.enrol()
    sales, side = await shop.head("sales"), await shop.head("side")
    async with run(shop.loop):
        await shop.until_sent()
    order = [batch.journal_id for batch in shop.link.sent if batch.records]
    assert [sales.journal_id] * 3 + [side.journal_id] == order


@pytest.mark.asyncio
async def test_a_restart_goes_on_where_it_stood(shop, run):
    """If it did not, each restart would send the whole journal again."""
    await shop.enrol()
    await shop.sell(4)
    async with run(shop.loop):
        await shop.until_sent()
    shop.link.sent.clear()
    await shop.sell(1)
    again = shop.new_loop()
    async with run(again):
        await shop.until_sent(again)
    records = [record.seq for batch in shop.link.sent for record in batch.records]
    assert [5] == records
    assert 4 == shop.link.sent[0].last_ack.seq or 0 == len(shop.link.sent[0].records)


@pytest.mark.asyncio
async def test_a_damaged_ack_is_dropped_and_hq_tells_anew(shop, run):
    """If it were sent, HQ would refuse the till for good."""
    await shop.enrol()
    await shop.sell(2)
    head = await shop.head()
    broken = cursors.Acked("1-" + "0" * 16, 1, bytes(32), b"damaged")
    await shop.journal.write(lambda conn: cursors.set_acked(conn, head.journal_id, broken))
    async with run(shop.loop):
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_an_hq_restored_from_a_backup_heals_without_an_operator(shop, run):
    """If it did not, what HQ lost between backup and restore would be lost for good (P5)."""
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        backup = shop.hq.backup()
        await shop.sell(4)
        await shop.until_sent()
        shop.link.set_offline(True)
        shop.hq.restore(backup)
        await shop.until(lambda: not shop.loop.status().online)
        shop.link.set_offline(False)
        await shop.until_sent()
        await shop.until(lambda: shop.hq.database.epoch == shop.loop.status().epoch)
    assert await shop.own() == await shop.held()
    assert 1 == len(shop.hq.incidents)
    assert () == shop.loop.status().troubles


@pytest.mark.asyncio
async def test_an_hq_that_forgot_the_till_takes_it_back(shop, run):
    """If it did not, someone would have to enrol every till of the chain again."""
    before = shop.hq.backup()
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        shop.hq.restore(before)
        await shop.sell(1)
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["not-your-journal", "revoked"])
async def test_a_device_hq_knows_is_taken_back_with_a_till_it_forgot(shop, run, monkeypatch, name):
    """If not, the second till of a machine would stay out after a restore until enrolled anew.

    So would one that was let in again since the backup, after another machine had stood there.
    """
    await shop.enrol()
    await shop.sell(2)
    send = shop.link.send

    async def refuse(_batch):
        raise HqRefused("not bound to till-1", remedy="enrol it again", name=name)

    async def readmit(request):
        monkeypatch.setattr(shop.link, "send", send)
        return shop.hq.enrol(request)

    monkeypatch.setattr(shop.link, "send", refuse)
    monkeypatch.setattr(shop.link, "enrol", readmit)
    async with run(shop.loop):
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_what_was_refused_is_tried_at_once_after_an_enrolment(shop, run, monkeypatch):
    """Whoever enrols a till anew would see the old refusal for minutes, and enrol again."""
    await shop.enrol()
    await shop.sell(1)
    send = shop.link.send

    async def refuse(_batch):
        raise HqRefused("this till is revoked", remedy="enrol it again", name="revoked")

    monkeypatch.setattr(shop.link, "send", refuse)
    monkeypatch.setattr("agent.core.exchange.upward.backoff_ms", lambda *_: 3_600_000)
    async with run(shop.loop):
        await shop.until(lambda: len(shop.loop.status().troubles) == 2)
        monkeypatch.setattr(shop.link, "send", send)
        shop.loop.refresh()
        await shop.until_sent()


@pytest.mark.asyncio
async def test_a_refusal_is_shown_and_tried_again(shop, run, monkeypatch):
    """If it were silent, or final, nobody would act or acting would not help."""
    await shop.enrol()
    await shop.sell(1)
    send = shop.link.send

    async def refuse(_batch):
        raise HqRefused("this till is revoked", remedy="enrol it again", name="revoked")

    monkeypatch.setattr(shop.link, "send", refuse)
    async with run(shop.loop):
        await shop.until(lambda: len(shop.loop.status().troubles) == 2)
        status = shop.loop.status()
        assert ("refused", True) == (status.troubles[0].name, status.online)
        assert "revoked" in status.last_error
        monkeypatch.setattr(shop.link, "send", send)
        await shop.until_sent()
        await shop.until(lambda: not shop.loop.status().troubles)
        assert shop.loop.status().last_error is None


@pytest.mark.asyncio
async def test_hqs_limits_are_kept_to(shop, run):
    """If they were not, HQ could not protect itself, or a proxy's limit would stop sync."""
    await shop.enrol()
    await shop.sell(40)
    shop.link.weather.records_max = 7
    async with run(shop.loop):
        await shop.until_sent()
        shop.link.weather.slow_down_ms = 10
        await shop.sell(1)
        await shop.settle()
        assert shop.loop.status().online
        shop.link.weather.slow_down_ms = None
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_a_slow_hq_does_not_slow_the_till(shop, run):
    """If it did, P1 would not hold: the till never waits for the network."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until_sent()
        shop.link.weather.slow_ms = 60_000
        began = asyncio.get_running_loop().time()
        await shop.sell(50)
        assert asyncio.get_running_loop().time() - began < 10


@pytest.mark.asyncio
async def test_several_tills_each_have_their_own_credential(open_shop, run):
    """If they shared one, a till could write into another's journal."""
    shop = open_shop(tills=("till-1", "till-2"))
    await shop.enrol("till-1", "ONE")
    await shop.sell(2, "till-1")
    await shop.sell(3, "till-2")
    async with run(shop.loop):
        await shop.until(lambda: shop.loop.status().online)

        def waiting():
            return [lanes["sales"] for lanes in shop.loop.status().backlog.values()]

        await shop.until(lambda: [0, 3] == waiting())
        await shop.settle()
        assert [0, 3] == waiting()
        assert not shop.loop.status().enrolled
        await shop.enrol("till-2", "TWO")
        shop.loop.refresh()
        await shop.until_sent()
    assert await shop.own(till="till-2") == await shop.held(till="till-2")
    assert shop.loop.status().enrolled


@pytest.mark.asyncio
async def test_a_till_of_another_hq_is_not_sent(shop, run):
    """If it were, a pinned root key would be worth nothing."""
    await shop.enrol()
    await shop.sell(1)
    loop = shop.new_loop(root_key=bytes(32))
    async with run(loop):
        await shop.until(lambda: "another HQ" in (loop.status().last_error or ""))
        await shop.settle()
    assert [] == shop.link.sent


@pytest.mark.asyncio
async def test_an_ack_that_cannot_be_kept_stops_nothing(shop, run, monkeypatch):
    """If it did, a full disk would stop sync, the one thing that still helps."""
    await shop.enrol()

    def full(*_args):
        raise StateFault("the disk is full", remedy="make room")

    monkeypatch.setattr("agent.sync.keeper.cursors.set_acked", full)
    async with run(shop.loop):
        await shop.sell(1)
        await shop.until_sent()
        await shop.until(lambda: "disk is full" in (shop.loop.status().last_error or ""))
        await shop.sell(1)
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_a_till_hq_does_not_take_back_is_shown(shop, run, monkeypatch):
    """If it were silent, a replaced machine would wait for ever without a word."""
    before = shop.hq.backup()
    await shop.enrol()
    await shop.sell(1)

    async def refuse(_request):
        raise HqRefused("another device stands there", remedy="enrol it again")

    async with run(shop.loop):
        await shop.until_sent()
        shop.hq.restore(before)
        monkeypatch.setattr(shop.link, "enrol", refuse)
        await shop.sell(1)
        await shop.until(lambda: shop.loop.status().troubles)
    assert "refused" == shop.loop.status().troubles[0].name


@pytest.mark.asyncio
async def test_side_waits_for_sales_but_not_for_ever(monkeypatch):
    """If it waited for ever, a month's backlog would keep back a customer's consent."""
    lanes = Lanes()
    lanes.mark("sales", "one", sending=True)
    lanes.mark("sales", "two", sending=True)
    waiting = asyncio.create_task(lanes.turn("side"))
    lanes.mark("sales", "one", sending=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    lanes.mark("sales", "two", sending=False)
    await waiting
    monkeypatch.setattr("agent.sync.lanes.PATIENCE_S", 0.01)
    lanes.mark("sales", "one", sending=True)
    await lanes.turn("side")


@pytest.mark.asyncio
async def test_a_journal_that_cannot_be_read_is_told_and_retried(shop, run, monkeypatch):
    """If it ended sync, one bad sector would stop every other journal."""
    await shop.enrol()
    await shop.sell(1)

    def unreadable(*_args):
        raise StateFault("a bad sector", remedy="change the disk")

    async with run(shop.loop):
        await shop.until_sent()
        with monkeypatch.context() as broken:
            broken.setattr("agent.sync.batches.outgoing", unreadable)
            await shop.sell(1)
            await shop.until(lambda: shop.loop.status().troubles)
            assert "journal-unreadable" == shop.loop.status().troubles[0].name
        await shop.until_sent()
        await shop.until(lambda: not shop.loop.status().troubles)
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_one_journal_that_fails_does_not_make_the_rest_flicker(shop, run, monkeypatch):
    """If HQ fails on one batch and answers all else, the page would blink and HQ be hammered."""
    await shop.enrol()
    sales = (await shop.head()).journal_id
    send = shop.link.send

    async def fails(batch):
        if batch.journal_id == sales and batch.records:
            raise HqUnreachable("HQ could not serve this request", remedy="look into HQ's log")
        await asyncio.sleep(0.005)
        return await send(batch)

    async with run(shop.loop):
        await shop.until_sent()
        monkeypatch.setattr(shop.link, "send", fails)
        await shop.sell()
        await shop.until(lambda: False in shop.told)
        await shop.sign_on()
        await shop.until(lambda: shop.told[-1])
        await asyncio.sleep(0.5)
        told = list(shop.told)
        assert "could not serve" in shop.loop.status().last_error
        monkeypatch.setattr(shop.link, "send", send)
        await shop.until_sent()
    assert told == [True, False, True]


@pytest.mark.asyncio
async def test_what_the_disk_has_torn_is_not_sent_as_another_past(shop, run):
    """HQ would call it a fork, and somebody would look for a second machine that there is not."""
    await shop.enrol()
    await shop.sell(5)
    head, side = await shop.head(), (await shop.head("side")).journal_id
    await shop.journal.write(lambda conn: tear(conn, head.journal_id, 3))
    async with run(shop.loop):
        await shop.until(lambda: shop.loop.status().troubles)
        trouble = shop.loop.status().troubles[0]
        await shop.sign_on(1)
        await shop.until(lambda: len(shop.hq.rows(side)) == 1)
    assert "journal-unreadable" == trouble.name
    assert "body of entry 3" in trouble.detail
    assert "till-agent journal salvage" in trouble.remedy
    assert 2 == len(shop.hq.rows(head.journal_id))
    assert head.journal_id == (await shop.head()).journal_id


@pytest.mark.asyncio
async def test_what_is_torn_is_carried_as_not_proven(shop):
    """A successor would vouch for what nobody has ever sold, and be broken itself."""
    await shop.sell(3)
    head = await shop.head()
    await shop.journal.write(lambda conn: tear(conn, head.journal_id, 2))
    await shop.journal.write(
        lambda conn: endings.go_on(
            conn,
            head.journal_id,
            held_seq=0,
            reason="fork",
            clock_stamp=STAMP,
            random=shop.clock.random,
        )
    )
    new = (await shop.head()).journal_id
    records = await shop.journal.read(lambda conn: chains.records(conn, new, 2, 9))
    carried = [decode(one.kind, one.version, one.body) for one in records]
    assert [True, False, True] == [one.verified for one in carried]
    reports = await shop.journal.read(verify)
    assert [None] == [one.fault for one in reports if one.journal_id == new]


def tear(conn, journal_id, seq):
    """Overwrite an entry's body, as a disk does that no longer keeps what it was given."""
    named = "SELECT sql FROM sqlite_schema WHERE name = 'body_no_update'"
    guard = conn.execute(named).fetchone()[0]
    conn.execute("DROP TRIGGER body_no_update")
    conn.execute(
        "UPDATE body SET bytes = CAST(x'00' || substr(bytes, 2) AS BLOB) WHERE place ="
        " (SELECT (no << 40) + ? FROM journal WHERE id = ?)",
        (seq, journal_id),
    )
    conn.execute(guard)
