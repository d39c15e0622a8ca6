"""Forks, copies and old disks: each machine goes on by itself, and HQ gets every sale once."""

from __future__ import annotations

import os
import shutil

import pytest

from agent.contracts.hq import HqRefused, HqUnreachable
from agent.core.faults import StateFault
from agent.daemon.backlog import backlog
from agent.journal import chains, cursors, lineage
from agent.journal.cursors import Acked, Held
from agent.journal.successors import succeed
from agent.journal.verify import verify
from agent.links.memory import Weather
from agent.sync.standing import kept, standing
from tests.sync.conftest import STAMP

TILL = "till-1"


async def other_past(shop) -> None:
    """Have HQ hold another last record of the sales journal than the till."""
    head = await shop.head()
    rows = shop.hq.rows(head.journal_id)
    rows[-1] = type(rows[-1])(rows[-1].seq, 1, 1, bytes(16), b"other", bytes(32), bytes(32))


async def all_sold(shop) -> list[bytes]:
    """Give the bodies of all sales facts of the till's file, in every journal."""
    heads = await shop.journal.read(chains.heads)
    found = []
    for head in heads:
        records = await shop.journal.read(
            lambda conn, head=head: chains.records(conn, head.journal_id, 1, 100_000)
        )
        found += [record.body for record in records if record.kind < 200]
    return found


@pytest.mark.asyncio
async def test_a_fork_goes_on_in_a_successor_that_nobody_had_to_ask_for(shop, run):
    """If it did not, a copied disk would keep a store's sales out until somebody came (P6)."""
    await shop.enrol()
    await shop.sell(4)
    old = await shop.head()
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        await shop.sell(3)
        await shop.until(lambda: shop.loop.status().troubles)
        await shop.sign_on(2)
        await shop.until_sent()
        await shop.sell(1)
        await shop.until_sent()
        trouble = shop.loop.status().troubles[0]
        stands = {one.journal_id: one for one in shop.loop.status().journals}
    new = await shop.head()
    assert ("sales", "fork", old.journal_id) == (trouble.lane, trouble.name, trouble.about)
    assert trouble.remedy
    assert old.journal_id != new.journal_id
    assert (3, False, new.journal_id) == (
        stands[old.journal_id].tail,
        stands[old.journal_id].is_open,
        stands[old.journal_id].successor,
    )
    assert "fork" == stands[new.journal_id].succeeds.reason
    assert set(await all_sold(shop)) <= set(shop.at_hq())
    assert {TILL: {"sales": 0, "side": 0}} == shop.loop.status().backlog


@pytest.mark.asyncio
async def test_what_happened_is_told_once(shop, run):
    """If it were told at every retry, nobody would read the next alarm; if never, the first."""
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        before = len(shop.told)
        await other_past(shop)
        await shop.sell(1)
        await shop.until_sent()
        await shop.settle()
        assert before + 1 == len(shop.told)
        assert 1 == len(shop.loop.status().troubles)


@pytest.mark.asyncio
async def test_an_older_copy_of_the_disk_goes_on_in_a_successor(open_shop, run, tmp_path):
    """If it did not, a till put back from a backup would never report again."""
    shop = open_shop()
    await shop.enrol()
    await shop.sell(3)
    async with run(shop.loop):
        await shop.until_sent()
    shop.journal.close()
    shutil.copy(tmp_path / "journal.db", tmp_path / "old.db")
    shop = open_shop(shop.hq)
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
    old = open_shop(shop.hq, name="old.db")
    await old.sell(2)
    async with run(old.loop):
        await old.until(lambda: old.loop.status().troubles)
        await old.until_sent()
    assert {"fork", "journal-older-than-hq"} & {one.name for one in old.loop.status().troubles}
    assert set(await all_sold(old)) | set(await all_sold(shop)) == set(shop.at_hq())


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(4))
async def test_two_machines_with_one_disk_both_report_everything_once(
    open_shop, run, tmp_path, seed
):
    """If they did not, a cloned disk would cost the sales of one of the machines."""
    first = open_shop(name="one.db")
    await first.enrol()
    await first.sell(3)
    async with run(first.loop):
        await first.until_sent()
        await first.sell(2)
    first.journal.close()
    shutil.copy(tmp_path / "one.db", tmp_path / "two.db")
    one, two = open_shop(first.hq, name="one.db"), open_shop(first.hq, name="two.db")
    for shop in (one, two):
        shop.link._seed = seed
        shop.link.weather = Weather(drop_requests=100, drop_replies=200, duplicate=100)
    async with run(one.loop), run(two.loop):
        for _ in range(4):
            await one.sell(2)
            await two.sell(1)
            await two.sign_on(1)
        for shop in (one, two):
            await shop.until(lambda shop=shop: shop.loop.status().complete)
        await shop.settle()
        for shop in (one, two):
            await shop.until(lambda shop=shop: shop.loop.status().complete)
        lanes = [one for shop in (one, two) for one in shop.loop.status().journals if one.is_open]
    sold = set(await all_sold(one)) | set(await all_sold(two))
    assert sold == set(first.at_hq())
    assert len({journal.journal_id for journal in lanes}) > 2
    # Each machine's own sales are told apart, though both wrote them under the same numbers; who
    # signed on is the same body each time.
    assert 5 + 8 + 4 + 1 == len(sold)


@pytest.mark.asyncio
async def test_a_crash_between_successor_and_binding_changes_nothing(shop, run, monkeypatch):
    """If it did, a till that was switched off in the wrong second would stay out of HQ."""
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)

        async def away(_request):
            raise HqUnreachable("no answer", remedy="wait")

        monkeypatch.setattr(shop.link, "enrol", away)
        await shop.sell(2)
        await shop.until(lambda: shop.loop.status().troubles)
        await shop.settle()
        assert not shop.loop.status().complete
    monkeypatch.undo()
    again = shop.new_loop()
    async with run(again):
        await shop.until_sent(again)
    assert set(await all_sold(shop)) <= set(shop.at_hq())


@pytest.mark.asyncio
async def test_a_lost_answer_to_the_binding_is_asked_for_again(shop, run, monkeypatch):
    """If the second request were refused, HQ would have the journal and the till would not know."""
    await shop.enrol()
    await shop.sell(2)
    lost = []

    async def loses(request):
        shop.hq.enrol(request)
        lost.append(request)
        if len(lost) < 3:
            raise HqUnreachable("the answer was lost", remedy="wait")
        return shop.hq.enrol(request)

    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        monkeypatch.setattr(shop.link, "enrol", loses)
        await shop.sell(1)
        await shop.until_sent()
    assert 3 == len(lost)
    assert set(await all_sold(shop)) <= set(shop.at_hq())


@pytest.mark.asyncio
async def test_an_hq_that_refuses_the_successor_is_told(shop, run, monkeypatch):
    """If it were silent, its sales would wait for ever without a word."""
    await shop.enrol()
    await shop.sell(2)

    async def refuses(_request):
        raise HqRefused("the device was replaced", remedy="enrol it with a new code")

    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        monkeypatch.setattr(shop.link, "enrol", refuses)
        await shop.sell(1)
        await shop.until(lambda: len(shop.loop.status().troubles) == 2)
        trouble = shop.loop.status().troubles[1]
        assert ("successor-not-bound", "enrol it with a new code") == (trouble.name, trouble.remedy)
        monkeypatch.undo()
        await shop.until_sent()
        assert ["fork"] == [one.name for one in shop.loop.status().troubles]


@pytest.mark.asyncio
async def test_a_full_disk_delays_the_successor_and_loses_nothing(shop, run, monkeypatch):
    """If it gave up, the journal would neither be sent nor be followed by another."""
    await shop.enrol()
    await shop.sell(2)
    go_on = __import__("agent.journal.endings", fromlist=["go_on"]).go_on
    tried = []

    def full(*args, **named):
        tried.append(args)
        if len(tried) < 3:
            raise StateFault("the disk is full", remedy="make room")
        return go_on(*args, **named)

    monkeypatch.setattr("agent.sync.pump.endings.go_on", full)
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        await shop.sell(2)
        await shop.until(lambda: len(shop.hq.database.journals) == 3)
        await shop.until_sent()
        assert ["fork"] == [one.name for one in shop.loop.status().troubles]
    assert set(await all_sold(shop)) <= set(shop.at_hq())


@pytest.mark.asyncio
async def test_both_lanes_and_several_tills_go_on_at_once(open_shop, run):
    """If one waited for another, a copied machine with four tills would heal in parts."""
    tills = ("till-1", "till-2")
    shop = open_shop(tills=tills)
    for till in tills:
        await shop.enrol(till, f"CODE-{till}")
        await shop.sell(2, till)
        await shop.sign_on(2, till)
    async with run(shop.loop):
        await shop.until_sent()
        for journal in shop.hq.database.journals.values():
            journal.incarnations[:] = [shop.journal.incarnation, "a copy of this disk"]
        for till in tills:
            await shop.sell(1, till)
            await shop.sign_on(1, till)
        await shop.until(lambda: len(shop.hq.database.journals) == 8)
        await shop.until_sent()
    assert 4 == len(shop.loop.status().troubles)
    assert "the disk was copied" in shop.loop.status().last_error
    assert sorted(await all_sold(shop)) == sorted(shop.at_hq())


@pytest.mark.asyncio
async def test_a_successor_can_itself_be_followed(shop, run):
    """If it could not, the second copy of a disk would stop what the first one did not."""
    await shop.enrol()
    await shop.sell(3)
    async with run(shop.loop):
        for _ in range(3):
            await shop.until_sent()
            await other_past(shop)
            await shop.sell(2)
            await shop.until(lambda: shop.loop.status().complete)
        await shop.until_sent()
        line = await shop.journal.read(lambda conn: list(lineage.lineage(conn, TILL, "sales")))
    assert 4 == len(line)
    assert 9 == len({*await all_sold(shop)} & {*shop.at_hq()})


@pytest.mark.asyncio
async def test_a_restored_hq_gets_the_ended_journals_back_as_well(shop, run):
    """If it did not, what was sold before a copied disk would be lost by HQ's restore (P5)."""
    backup = shop.hq.backup()
    await shop.enrol()
    await shop.sell(3)
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        await shop.sell(2)
        await shop.until(lambda: shop.loop.status().complete)
        await shop.until_sent()
        shop.hq.restore(backup)
        await shop.sell(1)
        await shop.until_sent()
    assert set(await all_sold(shop)) == set(shop.at_hq())


@pytest.mark.asyncio
async def test_an_ended_journal_that_a_copy_overtook_is_carried_after_all(shop, run):
    """If it were not, HQ's restore plus a copied disk would cost this machine's sales."""
    await shop.enrol()
    await shop.sell(6)
    old = await shop.head()
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        await shop.sell(2)
        await shop.until_sent()
    # HQ goes back to two entries, and the copy of this machine is the first to send another third.
    journal = shop.hq.database.journals[old.journal_id]
    del journal.rows[2:]
    row = journal.rows[-1]
    journal.rows.append(type(row)(3, 1, 1, bytes(16), b"theirs", bytes(32), bytes(32)))
    shop.hq.database.epoch = "2-" + "b" * 16
    again = shop.new_loop()
    async with run(again):
        await shop.until(lambda: again.status().troubles)
        await shop.until(lambda: again.status().complete)
    assert set(await all_sold(shop)) <= set(shop.at_hq())
    head = await shop.journal.read(lambda conn: cursors.acked(conn, old.journal_id))
    assert head is not None


@pytest.mark.asyncio
async def test_a_till_enrolled_anew_names_what_its_journals_go_on_from(shop, run):
    """If it did not, HQ could not prove where a successor begins, and would call it a fork."""
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        await other_past(shop)
        await shop.sell(2)
        await shop.until(lambda: shop.loop.status().complete)
        await shop.until_sent()
        kept = await shop.enrol(code="SECOND")
        shop.loop.refresh()
        assert "fork" == kept.request.predecessors["sales"].reason
        await shop.sell(1)
        await shop.until_sent()


@pytest.mark.asyncio
async def test_what_hq_has_of_an_older_copy_is_known_without_asking_again(shop, run):
    """If it were not, a salvaged till would for ever miss what HQ has had since before."""
    await shop.enrol()
    await shop.sell(5)
    old = await shop.head()
    async with run(shop.loop):
        await shop.until_sent()
    await shop.journal.write(lambda conn: cut_back(conn, old.journal_id, 3))
    before = await shop.journal.read(backlog)
    again = shop.new_loop()
    async with run(again):
        await shop.until(lambda: again.status().complete)
        await shop.settle()
    after = await shop.journal.read(backlog)
    report = (await shop.journal.read(verify))[0]
    waiting = [lane.unsent for lane in (*before, *after) if lane.journal_id == old.journal_id]
    assert ([3, 0], 0, None) == (waiting, report.unacked, report.fault)
    alone = await shop.journal.read(lambda conn: kept(conn, old.journal_id))
    heads = await shop.journal.read(chains.heads)
    stands = standing(next(head for head in heads if head.journal_id == old.journal_id), alone)
    assert (3, 3, 0) == (stands.tail, stands.acked, stands.unsent)


@pytest.mark.asyncio
async def test_another_epoch_knows_nothing_of_what_the_last_one_held(shop):
    """If it did, what a restored HQ has lost would count as held."""
    head = await shop.head()

    def heard(conn, epoch, seq):
        cursors.set_acked(conn, head.journal_id, Acked(epoch, seq, bytes(32), b"s" * 64))
        return cursors.held_seq(conn, head.journal_id), cursors.last_epoch(conn, head.journal_id)

    held = Held("e1", 7, 9)
    await shop.journal.write(lambda conn: cursors.note_held(conn, head.journal_id, held))
    assert 9 == await shop.journal.read(lambda conn: cursors.hq_seq(conn, head.journal_id))
    assert (7, "e1") == await shop.journal.write(lambda conn: heard(conn, "e1", 3))
    assert (2, "e2") == await shop.journal.write(lambda conn: heard(conn, "e2", 2))


def cut_back(conn, journal_id, seq):
    """End a journal as salvage does where only its beginning is proven, and no ack is left."""
    succeed(
        conn,
        journal_id,
        held_seq=seq,
        held_hash=chains.hash_at(conn, journal_id, seq),
        reason="damaged",
        clock_stamp=STAMP,
        random=os.urandom,
    )
    conn.execute(
        "DELETE FROM acked WHERE journal = (SELECT no FROM journal WHERE id = ?)", (journal_id,)
    )
