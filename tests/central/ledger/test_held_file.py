"""The database file under a running HQ: what is committed lies where it will be looked for."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from pysqlite3 import dbapi2

from central.daemon.threads import ForeignWrites
from central.ledger.engine import LedgerFault, LedgerMoved, open_engine, reading, rescue, writing
from central.ledger.held_file import HeldFile
from central.ledger.hq import FeedSignal


@pytest.fixture
def file(tmp_path, migrated):
    return shutil.copy(migrated, tmp_path / "central.sqlite")


@pytest.fixture
def engine(file):
    engine = open_engine(file)
    write(engine, "before")
    yield engine
    engine.dispose()


def write(engine, key):
    with writing(engine) as conn:
        conn.exec_driver_sql("INSERT INTO installation_fact VALUES (?, 'x')", (key,))


def facts(path):
    engine = open_engine(path)
    with reading(engine) as conn:
        found = (
            conn.exec_driver_sql("SELECT key FROM installation_fact WHERE value = 'x'")
            .scalars()
            .all()
        )
    engine.dispose()
    return sorted(found)


def replace(file):
    shutil.copy(file, f"{file}.other")
    file.with_name(f"{file.name}.other").rename(file)


def delete(file):
    file.unlink()


def delete_log(file):
    file.with_name(f"{file.name}-wal").unlink()


def copy_over(file):
    file.write_bytes(b"a shorter one")


TAKEN = {
    replace: "another file was put in the place",
    delete: "is gone",
    delete_log: "was taken away",
    copy_over: "became shorter",
}


def test_a_file_that_grows_while_others_look_is_not_said_to_be_cut_short(tmp_path):
    """Wrong: of two threads that look at once the slower one stops HQ over a checkpoint."""
    path, before = tmp_path / "central.sqlite", sys.getswitchinterval()
    path.write_bytes(b"x")
    held, done = HeldFile(path), Event()
    held.opened()

    def grow():
        with path.open("ab", buffering=0) as file:
            while not done.is_set():
                file.write(b"x")

    def look(_):
        for _ in range(2000):
            held.check()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            growing = threads.submit(grow)
            try:
                list(threads.map(look, range(3)))
            finally:
                done.set()
            growing.result()
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("take", TAKEN, ids=lambda take: take.__name__)
def test_nothing_is_taken_in_once_the_file_was_taken_away(engine, file, take):
    """Wrong: HQ goes on committing into a file nobody will ever open again."""
    take(file)
    with pytest.raises(LedgerMoved, match=TAKEN[take]) as caught, writing(engine):
        pytest.fail("a transaction began")
    assert (503, "database-moved") == (caught.value.status, caught.value.name)


@pytest.mark.parametrize("take", [replace, delete, delete_log], ids=lambda take: take.__name__)
def test_a_commit_into_a_file_taken_away_meanwhile_is_no_commit(engine, file, take):
    """Wrong: an ack leaves for what was committed into an unlinked file."""
    told = []

    def commit():
        with writing(engine) as conn:
            conn.exec_driver_sql("INSERT INTO installation_fact VALUES ('meanwhile', 'x')")
            take(file)
        told.append("ack")

    with pytest.raises(LedgerMoved):
        commit()
    assert [] == told


def test_a_connection_made_after_it_was_replaced_is_not_used(engine, file):
    """Wrong: half of HQ reads one database and half of it another."""
    with reading(engine):
        replace(file)
        with pytest.raises(LedgerMoved), reading(engine):
            pytest.fail("another database was opened")


def test_a_database_somebody_vacuumed_is_whole_at_the_next_start(engine, file):
    """Wrong: a VACUUM by hand keeps HQ away for longer than a restart takes, or loses a commit."""
    with writing(engine) as conn:
        conn.exec_driver_sql("CREATE TABLE large AS SELECT randomblob(500000) AS bytes")
    with writing(engine) as conn:
        conn.exec_driver_sql("DROP TABLE large")
    checkpoint(file)
    write(engine, "kept")
    with closing(dbapi2.connect(file, isolation_level=None)) as other:
        other.execute("VACUUM")
    checkpoint(file)
    with pytest.raises(LedgerMoved, match="vacuumed") as caught:
        write(engine, "between")
    assert "starts again by itself" in caught.value.remedy
    engine.dispose()
    assert {"before", "kept"} <= set(facts(file))


def checkpoint(file):
    with closing(dbapi2.connect(file, isolation_level=None)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def test_a_file_that_was_put_back_meanwhile_stays_suspect(engine, file):
    """Wrong: what was read or written in between is believed."""
    aside = file.rename(f"{file}.aside")
    with pytest.raises(LedgerMoved):
        write(engine, "meanwhile")
    aside.rename(file)
    with pytest.raises(LedgerMoved):
        write(engine, "after")


def test_an_engine_that_let_go_of_its_file_finds_it_again(engine):
    """Wrong: a log that SQLite itself removed and made anew stops HQ."""
    engine.dispose()
    write(engine, "after")
    with reading(engine), reading(engine):
        write(engine, "again")


def test_a_database_behind_a_link_is_known(tmp_path, file):
    """Wrong: HQ does not start where its database is a link to another disk."""
    (tmp_path / "link.sqlite").symlink_to(file)
    engine = open_engine(tmp_path / "link.sqlite")
    write(engine, "one")
    (tmp_path / "link.sqlite").unlink()
    with pytest.raises(LedgerMoved, match="is gone"):
        write(engine, "two")
    engine.dispose()


def watched(engine, monkeypatch):
    monkeypatch.setattr("central.daemon.threads.WATCH_S", 0.01)
    ended = Event()
    watch = ForeignWrites(engine, FeedSignal(), ended.set)
    watch.start()
    return watch, ended


@pytest.mark.parametrize(
    ("take", "at"),
    [(delete, "central.sqlite"), (replace, "central.sqlite.rescued"), (copy_over, None)],
    ids=["deleted", "replaced", "overwritten"],
)
def test_the_watch_notices_ends_and_keeps_what_was_held(engine, file, take, at, monkeypatch):
    """Wrong: an HQ without a sale serves from a file that is gone, and takes all of it along."""
    watch, ended = watched(engine, monkeypatch)
    take(file)
    assert ended.wait(10)
    watch.stop()
    engine.dispose()
    if at is not None:
        assert ["before"] == facts(file.with_name(at))
    assert [] == list(file.parent.glob("*.rescued-*"))


def test_the_log_of_a_replaced_file_is_not_played_into_the_new_one(tmp_path, engine, file):
    """Wrong: SQLite mixes the pages of two databases when HQ is started again."""
    write(engine, "in the log")
    other = tmp_path / "other.sqlite"
    shutil.copy(file, other)
    fresh = open_engine(other)
    write(fresh, "other")
    fresh.dispose()
    other.rename(file)
    with closing(engine.raw_connection()) as connection:
        assert file.with_name("central.sqlite.rescued") == rescue(engine, connection.cursor())
    engine.dispose()
    assert ["other"] == facts(file)
    assert ["before", "in the log"] == facts(file.with_name("central.sqlite.rescued"))
    assert file.with_name("central.sqlite-wal.replaced").exists()


def test_what_cannot_be_kept_is_said(engine, file):
    """Wrong: HQ says it kept what it could not write."""
    delete(file)
    lost = dbapi2.connect(":memory:")
    cursor = lost.cursor()
    lost.close()
    with pytest.raises(LedgerFault) as caught:
        rescue(engine, cursor)
    assert "rescue-failed" == caught.value.name
