"""Lines that are on the disk when they are said to be."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from central.ledger.faults import LedgerFull
from central.privacy import spool
from central.privacy.spool import Spool


@pytest.fixture
def taken():
    """What was handed over, in its order."""
    return []


def test_those_who_come_at_once_share_a_sync(tmp_path, taken, monkeypatch):
    """Wrong: fifty who ask at once wait for fifty syncs, one after the other."""
    syncs, first, go = [], Event(), Event()
    plain = os.fdatasync

    def slow(handle):
        syncs.append(handle)
        first.set()
        go.wait(30)
        plain(handle)

    monkeypatch.setattr(spool.os, "fdatasync", slow)
    lines = Spool(tmp_path / "reads")
    with ThreadPoolExecutor(9) as pool:
        said = [pool.submit(lines.append, [b"0"])]
        assert first.wait(30)
        said += [pool.submit(lines.append, [b"%d" % n]) for n in range(1, 9)]
        while len(lines._group.lines) < 8:
            pass
        go.set()
        assert [None] * 9 == [each.result(30) for each in said]
    assert 2 == len(syncs)
    lines.take(taken.extend)
    assert [b"%d" % n for n in range(9)] == sorted(taken)


def test_a_full_disk_is_told_to_each_who_waits_and_leaves_nothing(tmp_path, taken, monkeypatch):
    """Wrong: a line that was refused stays half written, and spoils the next one."""
    lines = Spool(tmp_path / "reads")
    lines.append([b"before"])
    plain = os.pwrite

    def half(handle, content, place):
        plain(handle, content[:3], place)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "pwrite", half)
    with pytest.raises(LedgerFull, match="No space left"):
        lines.append([b"refused"])
    monkeypatch.setattr(spool.os, "pwrite", plain)
    lines.append([b"behind"])
    lines.take(taken.extend)
    assert [b"before", b"behind"] == taken


def test_what_was_not_kept_comes_again(tmp_path, taken):
    """Wrong: the ledger refuses for a moment, and the lines are gone."""
    lines = Spool(tmp_path / "reads")
    lines.append([b"one"])
    with pytest.raises(ZeroDivisionError):
        lines.take(lambda _some: 1 // 0)
    lines.append([b"two"])
    assert lines.take(taken.extend)
    assert [b"one", b"two"] == taken
    assert not lines.take(taken.extend)


def test_a_file_taken_away_while_it_is_begun_is_begun_again(tmp_path, taken, monkeypatch):
    """Wrong: a line goes into a file that another process has just removed as a dead one's."""
    lines, plain, removed = Spool(tmp_path / "reads"), spool.fcntl.flock, []

    def slow(handle, how):
        if not removed:
            removed.extend((tmp_path / "reads").iterdir())
            removed[0].unlink()
        plain(handle, how)

    monkeypatch.setattr(spool.fcntl, "flock", slow)
    lines.append([b"one"])
    lines.take(taken.extend)
    assert [b"one"] == taken


def test_nobody_waits_for_the_next_file_to_be_made(tmp_path, taken):
    """Wrong: whoever asks first after a settling waits for three syncs instead of one."""
    lines = Spool(tmp_path / "reads")
    lines.append([b"one"])
    lines.take(taken.extend)
    (ready,) = (tmp_path / "reads").iterdir()
    assert b"" == ready.read_bytes()
    lines.append([b"two"])
    assert b"two\n" == ready.read_bytes()
    lines.take(taken.extend)
    assert [b"one", b"two"] == taken


def test_a_file_nobody_wrote_to_stays_the_next_one(tmp_path, taken):
    """Wrong: an HQ that nobody asks anything makes and removes a file each second, for years."""
    lines = Spool(tmp_path / "reads")
    lines.append([b"one"])
    lines.take(taken.extend)
    before = list((tmp_path / "reads").iterdir())
    assert not lines.take(taken.extend)
    assert before == list((tmp_path / "reads").iterdir())
    lines.close()
    assert [] == list((tmp_path / "reads").iterdir())


def test_a_next_file_that_cannot_be_made_keeps_nothing_back(tmp_path, taken, monkeypatch):
    """Wrong: a disk that is full for a moment keeps from the ledger what is durable already."""
    lines = Spool(tmp_path / "reads")
    lines.append([b"one"])
    plain = spool._settle

    def full(_folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "_settle", full)
    assert lines.take(taken.extend)
    with pytest.raises(LedgerFull, match="No space left"):
        lines.append([b"refused"])
    assert [] == list((tmp_path / "reads").iterdir())
    monkeypatch.setattr(spool, "_settle", plain)
    lines.append([b"two"])
    lines.take(taken.extend)
    assert [b"one", b"two"] == taken
