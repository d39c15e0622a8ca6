"""A disk that fills, and what the reserve buys: real file systems, filled to the last byte."""

from __future__ import annotations

import asyncio
import os

import pytest

from agent.core.space import Level
from agent.journal import JournalNotWritable, JournalUnusable, baskets, chains, reading
from agent.journal.reserve import FOR_THE_START, SLICES, Reserve
from agent.journal.verify import verify
from tests.disks import MB, Hog, needs_root, small_disk
from tests.journal import full_disk
from tests.journal.selling import decide
from tests.journal.shop import basket, sell

KINDS = ("ext4", "tmpfs")
DISK_MB = 16


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    with small_disk(tmp_path, request.param, DISK_MB) as mounted:
        yield mounted


@pytest.fixture
def path(place):
    """The journal of this module stands on the small disk."""
    return place / "journal.db"


@pytest.fixture
def hog(place):
    return Hog(place)


def sold(path):
    """Read how many sales are held, after everything was verified."""
    reports = reading(path, verify)
    assert [] == [report for report in reports if not report.ok]
    return {
        head.till: head.tail_seq for head in reading(path, chains.heads) if head.lane == "sales"
    }


@needs_root
def test_the_reserve_is_really_there(place, open_journal):
    """A file of holes would hold nothing back, and be found out on the day it is needed."""
    before = os.statvfs(place).f_bfree
    reserve = open_journal(reserve_bytes=MB).space.reserve
    assert reserve.fill()
    assert (MB, MB) == (reserve.held, reserve.path.stat().st_blocks * 512 // MB * MB)
    assert os.statvfs(place).f_bfree <= before - MB // 4096
    assert 0o600 == reserve.path.stat().st_mode & 0o777


@needs_root
def test_without_a_reserve_not_even_a_deletion_works(open_journal, hog):
    """The reserve would be thought to buy nothing (and this is why there is one)."""
    journal = open_journal()
    journal.write_blocking(lambda conn: baskets.save(conn, basket("b-1")))
    hog.fill()
    _until_refused(journal, hog)
    with pytest.raises(JournalNotWritable):
        journal.write_blocking(lambda conn: conn.execute("DELETE FROM basket"))


@needs_root
def test_with_it_sales_deletions_and_checkpoints_go_on(open_journal, hog, path):
    """A customer whose money is on the counter would not get a receipt."""
    journal = open_journal(reserve_bytes=MB)
    assert journal.space.reserve.fill()
    hog.fill()
    assert Level.FULL == journal.space.verdict().level
    for number in range(20):
        journal.write_blocking(lambda conn, n=number: baskets.save(conn, basket(f"s-{n}")))
        journal.write_blocking(decide(f"s-{number}", "till-1"))
    journal.write_blocking(lambda conn: conn.execute("DELETE FROM event"))
    assert 20 == sold(path)["till-1"]
    assert journal.space.reserve.held < MB
    hog.free()
    assert journal.space.reserve.fill()
    assert MB == journal.space.reserve.held


@needs_root
def test_a_disk_that_is_full_and_freed_again_needs_no_restart(open_journal, hog, path):
    """Somebody would have to restart every till of a chain after a log had gone wild."""
    journal = open_journal(reserve_bytes=MB)
    journal.space.reserve.fill()
    told = _until_refused(journal, hog)
    hog.free()
    journal.write_blocking(lambda conn: sell(conn, "after"))
    assert told + 1 == sold(path)["till-1"]


def _until_refused(journal, hog):
    """Sell while another program takes every byte that comes free; give how many were sold."""
    for number in range(10_000):
        hog.fill()
        try:
            journal.write_blocking(lambda conn, n=number: sell(conn, f"sale-{n}"))
        except JournalNotWritable:
            return number
    raise AssertionError("the disk was never full")


@needs_root
def test_a_start_on_a_full_disk_succeeds(open_journal, hog, path):
    """A till that was restarted on a full disk, as everybody tries first, would not come back."""
    journal = open_journal(reserve_bytes=MB)
    journal.space.reserve.fill()
    before = _until_refused(journal, hog)
    journal.close()
    hog.fill()
    again = open_journal(reserve_bytes=MB)
    assert 0 < again.space.reserve.held < FOR_THE_START * MB // SLICES
    assert Level.FULL == again.space.verdict().level
    again.write_blocking(lambda conn: sell(conn, "after"))
    assert before + 1 == sold(path)["till-1"]


@needs_root
def test_a_start_without_any_room_says_so_and_harms_nothing(open_journal, hog, path):
    """A technician would look for damage where a few megabytes are all that is missing."""
    journal = open_journal()
    journal.write_blocking(lambda conn: sell(conn, "one"))
    journal.close()
    hog.fill()
    with pytest.raises(JournalUnusable) as caught:
        open_journal()
    assert "disk-full" == caught.value.name
    assert "df -h" in caught.value.remedy
    hog.free()
    open_journal()
    assert 1 == sold(path)["till-1"]


@needs_root
@pytest.mark.asyncio
async def test_everybody_in_a_batch_is_stored_out_of_the_reserve(open_journal, hog, path):
    """One of sixteen tills would be told that nothing was stored, and sell the basket twice."""
    journal = open_journal(reserve_bytes=MB)
    journal.space.reserve.fill()
    hog.fill()
    selling = (journal.write(decide(f"s-{n}", f"till-{1 + n % 2}")) for n in range(60))
    assert 60 == len(await asyncio.gather(*selling))
    assert {"till-1": 30, "till-2": 30} == sold(path)


@needs_root
def test_a_smaller_reserve_gives_the_rest_back(place):
    """Who makes the reserve smaller in the settings would get nothing for it."""
    assert Reserve(place, MB).fill()
    smaller = Reserve(place, MB // 2)
    assert smaller.fill()
    assert MB // 2 == smaller.held
    assert Reserve(place, 0).fill()


def test_a_reserve_is_at_most_an_eighth_of_the_disk(tmp_path):
    """On a small disk everything would be reserve, and nothing could ever be sold."""
    disk = os.statvfs(tmp_path)
    assert disk.f_blocks * disk.f_frsize // 8 == Reserve(tmp_path, 1 << 60).wanted


def test_no_write_of_a_sale_can_be_cut_in_half(tmp_path):
    """Half a sale would be held after a disk had run full at just that byte."""
    written, ends = full_disk.run(8, "size", tmp_path)
    assert written > MB // 64
    assert {0, 3} <= set(ends)


@needs_root
def test_no_sale_is_half_stored_when_another_program_takes_the_disk(tmp_path):
    """The same on a file system that is full, where a sync and a new block fail as well."""
    _, ends = full_disk.run(8, "disk", tmp_path)
    assert {0, 3} <= set(ends)
