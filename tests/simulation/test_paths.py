"""Files of a simulated disk: what a power cut leaves of them, links, and SQLite beside them."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from agent.directory import generations
from tests.simulation.disk import Disk, forget
from tests.simulation.driver import MODULE
from tests.simulation.paths import OS, SHUTIL, DiskPath


@pytest.fixture
def disk():
    """One disk, without a machine."""
    disk = Disk("disk-of-paths", random.Random(1))
    yield disk
    forget([disk.name])


def synced(path):
    handle = OS.open(path)
    OS.fsync(handle)
    OS.close(handle)


def test_what_was_synced_outlasts_the_power(disk):
    """A simulated salvage would lose what a real one has made durable, or keep what it has not."""
    sure, lost = DiskPath(disk.path("sure")), DiskPath(disk.path("lost"))
    sure.write_text("sure")
    synced(sure)
    lost.write_text("x" * 5_000)
    disk.cut()
    with pytest.raises(OSError, match="off"):
        sure.read_text()
    disk._named.pop("lost", None)
    disk.power_on(lost=True)
    assert "sure" == sure.read_text()
    assert not lost.exists() or lost.read_text() != "x" * 5_000


def test_a_link_leads_to_a_database(disk):
    """A directory that was replaced by a snapshot would be looked for under its old name."""
    path = DiskPath(disk.path("directory.db"))
    with closing(MODULE.connect(str(path.with_name("directory.db.1")))) as conn:
        conn.execute("CREATE TABLE t (n)")
    generations.point(path, path.with_name("directory.db.1"))
    assert path.is_symlink()
    assert path.with_name("directory.db.1") == generations.current(path)
    assert "directory.db.2" == generations.following(path).name
    with closing(MODULE.connect(str(path))) as conn:
        assert [("t",)] == conn.execute("SELECT name FROM sqlite_schema").fetchall()


def test_folders_are_what_lies_in_them(disk):
    """Pieces of an older snapshot would stay, or those of the present one go."""
    folder = DiskPath(disk.path("in/scope"))
    (folder / "old" / "0").write_bytes(b"a")
    (folder / "new" / "0").write_bytes(b"b")
    assert [folder / "old", folder / "new"] == list(folder.iterdir())
    SHUTIL.rmtree(folder / "old")
    assert [folder / "new"] == list(folder.iterdir())
    assert (folder / "new" / "0").stat().st_size == 1


def test_a_full_disk_is_said_as_the_system_says_it(disk):
    """A till that makes room after ENOSPC would never be asked to."""
    disk.capacity = 10
    with pytest.raises(OSError, match="full"):
        DiskPath(disk.path("big")).write_bytes(bytes(11))
    assert 10 >= SHUTIL.disk_usage(DiskPath(disk.path("big"))).free


def test_a_reader_beside_sees_one_moment(disk):
    """A snapshot would be merged with a directory that changes under it."""
    path = DiskPath(disk.path("live.db"))
    other_path = path.with_name("other.db")
    with (
        closing(MODULE.connect(str(path))) as live,
        closing(MODULE.connect(str(other_path))) as other,
    ):
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE t (n)")
        other.execute("ATTACH DATABASE ? AS live", (str(path),))
        live.execute("INSERT INTO t VALUES (1)")
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert [] == other.execute("SELECT * FROM live.t").fetchall()
        other.execute("DETACH DATABASE live")
        assert [(1,)] == live.execute("SELECT n FROM t").fetchall()
