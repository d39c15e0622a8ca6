"""The engine: durability, one writer at a time, calls after the commit."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from agent.core.faults import InputFault
from central.ledger import embedded
from central.ledger import engine as ledger_engine
from central.ledger.engine import (
    LedgerBusy,
    LedgerFault,
    LedgerFull,
    TransactionUndone,
    after_commit,
    let_go_of_log,
    open_engine,
    reading,
    rewrite,
    writing,
)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(tmp_path / "central.sqlite")
    with writing(engine) as conn:
        conn.exec_driver_sql("CREATE TABLE t (n INTEGER)")
    yield engine
    engine.dispose()


def count(engine):
    with reading(engine) as conn:
        return conn.exec_driver_sql("SELECT count(*) FROM t").scalar_one()


def test_every_connection_is_durable_and_keeps_foreign_keys(engine):
    """Wrong: a pooled connection answers before the disk does (P2)."""
    with reading(engine) as one, reading(engine) as two:
        for conn in (one, two):
            assert "wal" == conn.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            assert 2 == conn.exec_driver_sql("PRAGMA synchronous").scalar_one()
            assert 1 == conn.exec_driver_sql("PRAGMA foreign_keys").scalar_one()


def test_a_full_disk_is_said_to_be_full_and_keeps_nothing_half(engine):
    """Wrong: a till is refused, or told to call the maker, because HQ's disk is full (P12)."""

    @event.listens_for(engine, "begin")
    def full(conn):
        conn.exec_driver_sql("PRAGMA max_page_count = 1")

    def write():
        with writing(engine) as conn:
            conn.exec_driver_sql("INSERT INTO t VALUES (1)")
            conn.exec_driver_sql("CREATE TABLE more (n)")

    with pytest.raises(LedgerFull, match="nothing more can be kept") as raised:
        write()
    assert (503, "disk-full") == (raised.value.status, raised.value.name)
    assert "make room" in raised.value.remedy
    event.remove(engine, "begin", full)
    engine.dispose()
    assert 0 == count(engine)
    with writing(engine) as conn:
        conn.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert 1 == count(engine)


def test_a_full_disk_inside_a_savepoint_undoes_what_came_before_and_after_it(engine):
    """Wrong: SQLite undid it all, and what follows is committed by itself, row by row (P3)."""

    def write():
        with writing(engine) as conn:
            conn.exec_driver_sql("PRAGMA max_page_count = 20")
            conn.exec_driver_sql("INSERT INTO t VALUES (1)")
            with suppress(DBAPIError), conn.begin_nested():
                conn.exec_driver_sql("INSERT INTO t VALUES (zeroblob(200000))")
            conn.exec_driver_sql("INSERT INTO t VALUES (3)")

    with pytest.raises(LedgerFull, match="nothing more can be kept"):
        write()
    assert 0 == count(engine)


def test_a_transaction_that_is_gone_is_not_said_to_be_committed(engine):
    """Wrong: an ack for what the database had undone (P2)."""

    def write():
        with writing(engine) as conn:
            conn.exec_driver_sql("PRAGMA max_page_count = 20")
            with suppress(DBAPIError):
                conn.exec_driver_sql("INSERT INTO t VALUES (zeroblob(200000))")

    with pytest.raises(TransactionUndone):
        write()
    assert 0 == count(engine)


def test_writers_take_turns_and_none_is_lost(engine):
    """Wrong: threads that write at once fail with a locked database."""

    def write():
        for _ in range(20):
            with writing(engine) as conn:
                n = conn.exec_driver_sql("SELECT count(*) FROM t").scalar_one()
                conn.exec_driver_sql("INSERT INTO t VALUES (?)", (n,))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as conn:
        rows = conn.exec_driver_sql("SELECT n FROM t ORDER BY n").scalars().all()
    assert list(range(80)) == rows


def test_a_reader_sees_one_picture_while_others_write(engine):
    """Wrong: two queries of one answer contradict each other."""
    with reading(engine) as conn:
        query = "SELECT count(*) FROM t"
        before = conn.exec_driver_sql(query).scalar_one()
        with writing(engine) as other:
            other.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert before == conn.exec_driver_sql(query).scalar_one()
    assert 1 == count(engine)


def test_an_exception_takes_everything_back(engine):
    """Wrong: half an effect stays."""
    told = []

    def fail_half_way():
        with writing(engine) as conn:
            conn.exec_driver_sql("INSERT INTO t VALUES (1)")
            after_commit(conn, "told", lambda: told.append(1))
            raise LedgerFault("half way", remedy="none")

    with pytest.raises(LedgerFault):
        fail_half_way()
    assert (0, []) == (count(engine), told)


def test_calls_come_after_the_commit_and_once_per_key(engine):
    """Wrong: somebody is told of what is not durable yet, or told a thousand times."""
    told = []
    with writing(engine) as conn:
        conn.exec_driver_sql("INSERT INTO t VALUES (1)")
        for _ in range(3):
            after_commit(conn, "told", lambda: told.append(count(engine)))
        assert [] == told
    assert [1] == told
    with writing(engine):
        pass
    assert [1] == told


def test_a_writer_that_does_not_end_is_named(engine, tmp_path, monkeypatch):
    """Wrong: an import that hangs makes every till wait without a word."""
    monkeypatch.setattr(ledger_engine, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(embedded, "BUSY_TIMEOUT_S", 0.1)
    with writing(engine), pytest.raises(LedgerBusy) as caught, writing(engine):
        pass
    assert "import" in caught.value.remedy
    other = open_engine(tmp_path / "central.sqlite")
    with writing(engine), pytest.raises(LedgerBusy, match="locked"), writing(other):
        pass
    other.dispose()


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense://x"])
def test_another_database_is_refused(url):
    """Wrong: a setting that cannot work ends in a stack trace."""
    with pytest.raises(InputFault) as caught:
        open_engine(url)
    assert "sqlite:////path" in caught.value.remedy


def test_a_url_names_a_file_too(tmp_path):
    """Wrong: [central] database cannot be used as its example says."""
    engine = open_engine(f"sqlite:///{tmp_path}/x.sqlite")
    engine.dispose()
    assert (tmp_path / "x.sqlite").exists()


def test_what_is_no_database_is_refused(tmp_path):
    """Wrong: a damaged or missing file is reported by its library's name only."""
    (tmp_path / "x.sqlite").write_bytes(b"no database at all, " * 100)
    for path in (tmp_path / "x.sqlite", tmp_path / "missing" / "x.sqlite"):
        with pytest.raises(LedgerFault, match="cannot be opened") as caught:
            open_engine(path)
        assert "restore a backup" in caught.value.remedy


def test_a_database_that_cannot_be_durable_is_refused(tmp_path, monkeypatch):
    """Wrong: HQ acknowledges on a file system where a commit is no commit."""
    monkeypatch.setattr(embedded, "_FULL", 3)
    with pytest.raises(LedgerFault, match="synchronous=2"):
        open_engine(tmp_path / "x.sqlite")


def test_a_file_that_was_written_anew_holds_nothing_that_was_deleted(tmp_path):
    """A name that SQLite moved before it deleted it would stay in a restored database (P9)."""
    engine = open_engine(tmp_path / "ledger.sqlite")
    rng, names = random.Random(1), [f"person number {n:05}" for n in range(2000)]
    gone = rng.sample(names, 1500)
    with writing(engine) as conn:
        conn.execute(text("CREATE TABLE held (id INTEGER PRIMARY KEY, field TEXT, value TEXT)"))
        conn.execute(text("CREATE INDEX held_value ON held (field, value)"))
        add = text("INSERT INTO held (field, value) VALUES ('name', :value)")
        conn.execute(add, [{"value": each} for each in rng.sample(names, len(names))])
    with writing(engine) as conn:
        take = text("DELETE FROM held WHERE value = :value")
        conn.execute(take, [{"value": each} for each in gone])
    rewrite(engine)
    let_go_of_log(engine)
    content = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert [] == [each for each in gone if each.encode() in content]
    assert 500 == sum(each.encode() in content for each in names)
    engine.dispose()
