"""Journals taken in from another machine: HQ is asked, and what it holds is shown as held."""

from __future__ import annotations

import pytest

from agent.contracts.hq import HqRefused
from agent.journal import archives, chains, cursors
from agent.journal.device_key import DeviceKey, keyid
from tests.sync.conftest import DEVICE, PUBLIC, STORE

KEY = DeviceKey(DEVICE, PUBLIC, keyid(PUBLIC))
AT = "2026-11-02T12:00:00.000Z"


async def taken_in(shop, old, path):
    """Take the journals of an old machine's file in here."""

    def write(conn):
        with path.open("wb") as file:
            archives.write(file, archives.lines(conn, STORE, AT, KEY))

    await old.journal.read(write)
    await shop.journal.write(lambda conn: archives.take_in(conn, path, AT))
    return await old.head()


async def gone(open_shop, shop, run, tmp_path, sent=True):
    """Give the `sales` journal of a machine that is gone, taken in by the one in its place."""
    old = open_shop(hq=shop.hq, name="old.db")
    await old.enrol(code="OLD")
    await old.sell(3)
    if sent:
        async with run(old.loop):
            await old.until_sent()
    return await taken_in(shop, old, tmp_path / "old.jsonl")


def of(shop, head):
    return next(one for one in shop.loop.status().journals if one.journal_id == head.journal_id)


@pytest.mark.asyncio
@pytest.mark.parametrize("till", ["till-1", "till-9"])
async def test_what_hq_holds_of_an_old_machine_is_found_out(open_shop, run, tmp_path, till):
    """If it were not, the machine could never be sealed: it would seem to hold what HQ lacks."""
    shop = open_shop(tills=(till,))
    await shop.enrol(till)
    head = await gone(open_shop, shop, run, tmp_path)
    async with run(shop.loop):
        await shop.until(lambda: shop.loop.status().complete)
        shown = of(shop, head)
        acked = await shop.journal.read(lambda conn: cursors.acked(conn, head.journal_id))
        while acked is None:
            acked = await shop.journal.read(lambda conn: cursors.acked(conn, head.journal_id))
    assert (3, 3, 0, "complete") == (shown.tail, shown.acked, shown.unsent, shown.said[:8])
    assert 3 == acked.seq


@pytest.mark.asyncio
async def test_what_hq_takes_only_as_a_file_is_said_with_what_to_do(
    open_shop, shop, run, tmp_path, monkeypatch
):
    """If it were not, nobody would know why these entries stay, or a refusal be asked for ever."""
    await shop.enrol()
    head = await gone(open_shop, shop, run, tmp_path, sent=False)
    asked, receive = [], shop.hq.receive

    def refusing(batch):
        if batch.journal_id != head.journal_id:
            return receive(batch)
        asked.append(batch)
        raise HqRefused("not from here", remedy="as a file", name="not-your-journal")

    monkeypatch.setattr(shop.hq, "receive", refusing)
    enrolled = []
    enrol = shop.hq.enrol
    monkeypatch.setattr(shop.hq, "enrol", lambda request: enrolled.append(1) or enrol(request))
    async with run(shop.loop):
        await shop.until(
            lambda: any(one.about == head.journal_id for one in shop.loop.status().troubles)
        )
        await shop.sell(2)
        await shop.settle()
        trouble = next(one for one in shop.loop.status().troubles if one.about == head.journal_id)
        assert ("refused", "not from here", "as a file") == (
            trouble.name,
            trouble.detail,
            trouble.remedy,
        )
        assert "3 entries" in of(shop, head).said
        assert [] == enrolled
        monkeypatch.setattr(shop.hq, "receive", receive)
        await shop.until(lambda: shop.loop.status().complete)
        assert () == shop.loop.status().troubles


@pytest.mark.asyncio
async def test_an_old_journal_that_is_not_hqs_is_told_and_nothing_goes_on_from_it(
    open_shop, shop, run, tmp_path
):
    """If a successor were begun, a file nobody vouches for would make this till's journals."""
    await shop.enrol()
    head = await gone(open_shop, shop, run, tmp_path)
    rows = shop.hq.rows(head.journal_id)
    rows[-1] = type(rows[-1])(3, 1, 1, bytes(16), b"other", bytes(32), bytes(32))
    before = await shop.journal.read(chains.heads)
    async with run(shop.loop):
        await shop.until(lambda: shop.loop.status().troubles)
        await shop.sell(2)
        await shop.settle()
        trouble = shop.loop.status().troubles[0]
        assert ("journal-differs", head.journal_id) == (trouble.name, trouble.about)
        assert "keep its file" in trouble.remedy
        assert 3 == of(shop, head).unsent
    assert len(before) == len(await shop.journal.read(chains.heads))


@pytest.mark.asyncio
async def test_a_journal_that_hq_binds_after_all_is_sent(open_shop, shop, run, tmp_path):
    """If the asking went on instead, an enrolment that names the journal would change nothing."""
    await shop.enrol()
    head = await gone(open_shop, shop, run, tmp_path, sent=False)
    async with run(shop.loop):
        bound = shop.loop._admission._bound
        await shop.until(lambda: "till-1" in bound and shop.loop.status().journals)
        bound["till-1"] = bound["till-1"] | {head.journal_id}
        shop.loop._wake_all()
        await shop.sell(1)
        await shop.until(lambda: not shop.loop._pumps[head.journal_id].is_foreign)
        await shop.until(lambda: shop.loop.status().complete)
    assert 3 == len(shop.hq.rows(head.journal_id))
