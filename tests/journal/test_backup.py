"""Copies of the journal: whole, verified, made while others sell, never at the cost of others."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import pytest
from pysqlite3 import dbapi2

from agent.journal import (
    Journal,
    JournalDamaged,
    JournalUnusable,
    chains,
    database,
    events,
    reading,
)
from agent.journal.backup import PART, Plan, back_up
from agent.journal.backup_faults import BackupFault
from agent.journal.pacing import Pace, Stopped
from agent.journal.verify import verify
from tests.disks import Hog, needs_root, small_disk
from tests.journal.selling import decide
from tests.journal.shop import STORE, TILLS, CountingClock, sell

NAME = "till-agent-store-1-01234567"


@pytest.fixture
def folder(tmp_path):
    """The second medium."""
    medium = tmp_path / "medium"
    medium.mkdir()
    return medium


@pytest.fixture
def make(path, folder):
    def making(place=folder, keep=3):
        return back_up(Plan(path, place, NAME, keep), Pace(rests=0))

    return making


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_a_backup_is_the_journal(write, make, path):
    """What a shop goes on from after a fire would not be what it had sold."""
    for number in range(20):
        write(decide(f"sale-{number}", "till-1"))
    made = make()
    assert f"{NAME}-000001.db" == Path(made.path).name
    held = reading(path, chains.heads)
    assert held == reading(_as_path(made), chains.heads)
    assert (20, 1) == (made.entries, made.number)
    assert all(report.ok for report in reading(_as_path(made), verify))
    assert 0o600 == Path(made.path).stat().st_mode & 0o777
    assert "own disk" in made.warning
    assert not made.second_medium


def _as_path(made):
    return Path(made.path)


def test_the_device_key_is_not_in_it(path, write, make):
    """Who finds the stick could speak to HQ as the till."""
    (path.parent / "device.key").write_bytes(b"secret-of-the-device")
    write(lambda conn: sell(conn, "one"))
    assert b"secret-of-the-device" not in _as_path(make()).read_bytes()


def test_one_file_that_opens_on_a_medium_that_cannot_be_written(write, make, folder):
    """A copy whose log was left behind would lack its newest sales, or not open at all."""
    write(lambda conn: sell(conn, "one"))
    made = make()
    assert [f"{NAME}-000001.db"] == names(folder)
    with closing(dbapi2.connect(f"file:{made.path}?mode=ro&immutable=1", uri=True)) as conn:
        assert "delete" == conn.execute("PRAGMA journal_mode").fetchone()[0]
        assert 1 == conn.execute("SELECT count(*) FROM chain").fetchone()[0]


def test_the_newest_are_kept_by_their_number_not_by_a_clock(write, make, folder):
    """A clock that jumps would have the newest copies dropped."""
    write(lambda conn: sell(conn, "one"))
    (folder / "till-agent-store-2-89abcdef-000001.db").write_bytes(b"another machine's")
    (folder / "holiday.jpg").write_bytes(b"somebody's")
    for number in range(5):
        made = make()
        os.utime(made.path, (10**9 - number, 10**9 - number))
    assert [
        "holiday.jpg",
        *(f"{NAME}-00000{number}.db" for number in (3, 4, 5)),
        "till-agent-store-2-89abcdef-000001.db",
    ] == names(folder)


def test_sales_go_on_meanwhile_and_the_copy_is_one_moment(journal, write, path, folder):
    """Copying would begin anew with each sale, and never end while the shop is open."""
    write(fill)
    write(decide("before", "till-1"))
    sold = []

    class Selling(Pace):
        """Sells between two steps of the copy."""

        def turn(self):
            if len(sold) < 20:
                write(decide(f"during-{len(sold)}", "till-2"))
                sold.append(1)

    made = back_up(Plan(path, folder, NAME, 3), Selling())
    assert len(sold) > 3
    copied = reading(_as_path(made), chains.heads)
    assert {"till-1": 1} == {head.till: head.tail_seq for head in copied if head.tail_seq}
    assert len(sold) == next(
        head.tail_seq
        for head in journal.read_blocking(chains.heads)
        if (head.till, head.lane) == ("till-2", "sales")
    )


@needs_root
def test_a_full_medium(tmp_path, write, make):
    """Half a copy would lie there instead of the whole one that was there before."""
    write(lambda conn: sell(conn, "one"))
    with small_disk(tmp_path, "ext4", 8) as stick:
        assert make(stick).second_medium
        Hog(stick).fill()
        with pytest.raises(BackupFault) as caught:
            make(stick)
        assert "backup-medium-full" == caught.value.name
        assert "df -h" in caught.value.remedy
        assert {f"{NAME}-000001.db"} == {each for each in names(stick) if each.startswith(NAME)}


def fill(conn):
    """Make the file larger than one step of the copy."""
    for number in range(3_000):
        events.add(conn, "till-1", "sale", "now", {"n": number, "filling": "x" * 1_000})


@needs_root
def test_a_medium_that_fills_while_it_is_written(tmp_path, write, path):
    """The room that was there at the beginning would be believed until the end."""
    write(fill)
    with small_disk(tmp_path, "ext4", 8) as stick:

        class Filling(Pace):
            def turn(self):
                Hog(stick).fill()

        with pytest.raises(BackupFault) as caught:
            back_up(Plan(path, stick, NAME, 3), Filling())
        assert caught.value.name in {"backup-medium-full", "backup-failed"}
        assert not [each for each in names(stick) if each.startswith(NAME)]


@needs_root
def test_a_medium_that_cannot_be_written(tmp_path, write, make):
    """A locked stick would be said to be a broken till."""
    write(lambda conn: sell(conn, "one"))
    with small_disk(tmp_path, "ext4", 8) as stick:
        subprocess.run(["mount", "-o", "remount,ro", str(stick)], check=True)
        with pytest.raises(BackupFault) as caught:
            make(stick)
        assert "backup-not-writable" == caught.value.name
        assert "ReadWritePaths" in caught.value.remedy


def test_a_folder_that_is_not_there(write, make, tmp_path):
    """A stick that was pulled out would make the agent fail without a word."""
    write(lambda conn: sell(conn, "one"))
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "away", tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BackupFault) as caught:
            make(place)
        assert "backup-dir-missing" == caught.value.name
        assert "plug the medium in" in caught.value.remedy


def test_a_copy_that_is_not_what_was_written_is_no_backup(write, path, folder, make):
    """A stick that forgets would be found out on the day it is needed."""
    write(lambda conn: sell(conn, "one"))
    make()

    class Spoiling(Pace):
        """A medium that changes a byte after it was written."""

        def turn(self):
            for part in folder.glob(f"*{PART}"):
                part.write_bytes(part.read_bytes().replace(b'"total":398', b'"total":399'))

    with pytest.raises(BackupFault) as caught:
        back_up(Plan(path, folder, NAME, 3), Spoiling())
    assert "backup-differs" == caught.value.name
    assert [f"{NAME}-000001.db"] == names(folder)


def test_a_copy_that_was_cut_off_leaves_nothing_behind(write, path, folder, make):
    """A medium would fill with halves, one for each restart in the night."""
    write(lambda conn: sell(conn, "one"))
    (folder / f"{NAME}-000007{PART}").write_bytes(b"half")
    stopped = Pace(rests=0)
    stopped.stop()
    with pytest.raises(Stopped):
        back_up(Plan(path, folder, NAME, 3), stopped)
    assert [] == names(folder)
    assert make().number == 1


def test_a_backup_on_another_machine_is_refused_with_what_to_do(write, make, tmp_path):
    """Two machines would go on in one journal, and HQ hold two sales under one number."""
    write(lambda conn: sell(conn, "one"))
    made = make()
    new = tmp_path / "new"
    new.mkdir()
    restored = new / "journal.db"
    restored.write_bytes(_as_path(made).read_bytes())
    with pytest.raises(JournalUnusable) as caught:
        Journal.open(
            restored, store=STORE, tills=TILLS, device_key=bytes(32), clock=CountingClock(9)
        )
    assert "journal-of-another-device" == caught.value.name
    assert "empty state directory" in caught.value.remedy
    assert all(report.ok for report in reading(restored, verify))


def test_a_damaged_journal_is_no_backup(write, path, make, folder):
    """Three nights later the last good copy would be gone."""
    write(lambda conn: sell(conn, "one"))
    good = make()
    with closing(database.open_writing(path)) as conn:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in conn.execute(triggers).fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("UPDATE body SET bytes = x'00'")
    for _ in range(4):
        with suppress(BackupFault):
            make()
    assert [Path(good.path).name] == names(folder)


def test_a_damaged_journal_is_not_the_mediums_fault(make, path, write, journal, folder):
    """A good stick would be replaced, and the damaged journal left where it is."""
    write(decide("sale-1", "till-1"))
    journal.close()
    with path.open("r+b") as file:
        file.write(b"not a database!!")
    with pytest.raises(JournalDamaged, match="journal"):
        make()
    assert [] == names(folder)


def test_only_what_the_newest_holds_makes_room(write, path, folder, tmp_path):
    """A machine would drop its neighbour's copies, or for ever keep those of its own old key."""
    write(lambda conn: sell(conn, "one"))
    earlier = back_up(Plan(path, folder, "till-agent-store-1-89abcdef", 2), Pace(rests=0))
    copied = tmp_path / "copied" / "journal.db"
    copied.parent.mkdir()
    with closing(dbapi2.connect(str(path))) as conn:
        conn.execute("VACUUM INTO ?", (str(copied),))
    with closing(database.open_writing(copied)) as conn:
        conn.execute("BEGIN")
        sell(conn, "sold by the copy")
        conn.execute("COMMIT")
    for _ in range(2):
        back_up(Plan(copied, folder, NAME, 2), Pace(rests=0))
    write(lambda conn: sell(conn, "two"))
    assert _as_path(earlier).exists() is False
    for _ in range(3):
        made = back_up(Plan(path, folder, NAME, 2), Pace(rests=0))
    assert [f"{NAME}-00000{number}.db" for number in (1, 2, 4, 5)] == names(folder)
    assert 5 == made.number


@pytest.mark.parametrize("content", ["", "something else"])
def test_a_file_that_only_looks_like_a_copy_stops_no_backup(write, make, folder, content):
    """An empty file that a power cut left on a stick would make every later backup fail."""
    other = folder / "till-agent-store-9-89abcdef-000001.db"
    if content:
        with closing(dbapi2.connect(str(other))) as conn:
            conn.execute("CREATE TABLE something_else (x)")
    else:
        other.touch()
    write(lambda conn: sell(conn, "one"))
    for _ in range(4):
        made = make()
    assert [f"{NAME}-00000{number}.db" for number in (2, 3, 4)] + [other.name] == names(folder)
    assert 4 == made.number
