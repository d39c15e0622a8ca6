"""Opening the journal: what makes it ready, and what makes it refuse."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from pysqlite3 import dbapi2

from agent.core.entries.chain import genesis
from agent.journal import (
    Journal,
    JournalDamaged,
    JournalLocked,
    JournalUnusable,
    chains,
    database,
    lock,
    preparation,
    reading,
    worker,
)
from tests.journal.shop import KEY, STORE, CountingClock, sell, sign_on


def altered(path, *statements):
    """Change the file as no part of the program would; its triggers are there again after it."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    found = conn.execute(triggers).fetchall()
    for statement in [f"DROP TRIGGER {name}" for name, _ in found]:
        conn.execute(statement)
    for statement in statements:
        conn.execute(statement)
    for _, text in found:
        conn.execute(text)
    conn.close()


def test_what_was_written_is_there_after_a_restart(open_journal):
    """A sale that is gone in the morning was never durable."""
    first = open_journal()
    appended = first.write_blocking(lambda conn: sell(conn, "sale-a"))
    heads = first.read_blocking(chains.heads)
    first.close()
    second = open_journal()
    assert second.read_blocking(chains.heads) == heads
    assert second.write_blocking(lambda conn: sell(conn, "sale-b")).seq == appended.seq + 1


def test_every_start_has_its_own_number(open_journal):
    """A copied state directory that runs twice could not be told from the original (I13)."""
    first = open_journal()
    first.close()
    second = open_journal()
    assert first.incarnation != second.incarnation
    assert len(bytes.fromhex(second.incarnation)) == 16
    rows = second.read_blocking(
        lambda conn: conn.execute("SELECT incarnation FROM incarnation").fetchall()
    )
    assert {row[0] for row in rows} == {first.incarnation, second.incarnation}


def test_new_till_gets_its_journals_beside_the_old(open_journal):
    """A shop that buys a till must not begin its other tills' journals anew."""
    first = open_journal()
    heads = first.read_blocking(chains.heads)
    first.close()
    found = open_journal(tills=("till-1", "till-3")).read_blocking(chains.heads)
    assert found[:4] == heads
    assert [(head.till, head.lane) for head in found[4:]] == [
        ("till-3", "sales"),
        ("till-3", "side"),
    ]


def test_commits_are_synchronous(journal, write):
    """With `synchronous=NORMAL` a power cut takes back sales that were answered."""
    assert write(lambda conn: conn.execute("PRAGMA synchronous").fetchall()) == [(2,)]
    assert write(lambda conn: conn.execute("PRAGMA journal_mode").fetchall()) == [("wal",)]
    assert journal.path.with_name("journal.db-wal").exists()


def test_second_journal_on_one_file_is_refused(open_journal):
    """Two writers would give one number to two sales."""
    open_journal()
    with pytest.raises(JournalLocked, match=str(os.getpid())):
        open_journal()


@pytest.mark.usefixtures("journal")
def test_second_process_is_refused_by_name(path):
    """IT must be told which process to look at."""
    script = (
        "import sys; from pathlib import Path; from agent.journal import Journal\n"
        f"Journal.open(Path({str(path)!r}), store='s', tills=[], device_key=b'', clock=None)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert "JournalLocked" in run.stderr
    assert f"process {os.getpid()}" in run.stderr
    assert lock.holder(path) == os.getpid()


def test_lock_dies_with_its_holder(path, open_journal):
    """A killed agent would need a person to delete a lock file before the shop can sell."""
    script = (
        "import os, signal; from pathlib import Path; from agent.journal.lock import Lock\n"
        f"Lock.take(Path({str(path)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", script], check=False)
    assert run.returncode == -9
    assert lock.holder(path) is None
    open_journal()


def test_holder_of_nothing(path, tmp_path):
    """A command must see that no agent runs, also where none ever did."""
    assert lock.holder(path) is None
    lock.lock_path(path).write_text("")
    assert lock.holder(path) is None
    assert sorted(tmp_path.iterdir()) == [lock.lock_path(path)]


def test_missing_state_directory_is_named(tmp_path):
    """IT must read which directory, and what to type."""
    with pytest.raises(JournalUnusable) as caught:
        Journal.open(
            tmp_path / "gone" / "journal.db",
            store=STORE,
            tills=(),
            device_key=KEY,
            clock=CountingClock(),
        )
    assert caught.value.name == "state-dir"
    assert str(tmp_path / "gone") in caught.value.detail
    assert "install -d" in caught.value.remedy


def test_directory_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    """Without write permission the reason must name the user and the directory."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(JournalUnusable, match="may not write") as caught:
        preparation.check_directory(tmp_path)
    assert "chown" in caught.value.remedy


def test_root_does_not_take_over_anothers_directory(monkeypatch, tmp_path):
    """Files made by root in the service's directory would keep the agent from starting."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if os.getuid() == 0:
        os.chown(tmp_path, 4242, -1)
    with pytest.raises(JournalUnusable, match="and this is root") as caught:
        preparation.check_directory(tmp_path)
    assert "runuser -u" in caught.value.remedy


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2"])
def test_old_sqlite_is_refused(version):
    """SQLite before 3.51.3 can corrupt the journal."""
    with pytest.raises(JournalUnusable) as caught:
        database.check_version(version)
    assert caught.value.name == "sqlite-too-old"
    database.check_version("3.51.3")
    database.check_version("4.0.0")


def test_refused_pragma_is_told(monkeypatch, path):
    """On a file system without WAL a commit would not be what it says."""
    monkeypatch.setattr(database, "SYNCHRONOUS_FULL", 9)
    with pytest.raises(JournalUnusable, match="instead of 9"):
        database.open_writing(path)


def test_journal_of_another_store_is_refused(open_journal):
    """A machine moved to another store would sell on under the old store's numbers."""
    open_journal().close()
    with pytest.raises(JournalUnusable) as caught:
        open_journal(store="store-2")
    assert caught.value.name == "journal-of-another-store"
    assert "store-1" in caught.value.remedy


def test_journal_of_another_device_is_refused(open_journal):
    """A copied journal under a new key would be two tills with one history."""
    open_journal().close()
    with pytest.raises(JournalUnusable) as caught:
        open_journal(device_key=bytes(32))
    assert caught.value.name == "journal-of-another-device"


def test_journal_of_a_newer_program_is_refused(open_journal, path):
    """An older program would write into tables it does not understand."""
    open_journal().close()
    altered(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('journal', 'm0099_future', 'then')",
    )
    with pytest.raises(JournalUnusable) as caught:
        open_journal()
    assert caught.value.name == "journal-newer"
    assert "m0099_future" in caught.value.detail


def test_file_that_is_no_database_is_refused(open_journal, path):
    """Whatever lies there must not be overwritten."""
    path.write_bytes(b"not a database, " * 1000)
    with pytest.raises(JournalDamaged) as caught:
        open_journal()
    assert "keep a copy" in caught.value.remedy
    assert path.read_bytes().startswith(b"not a database")


def test_path_that_is_a_directory_is_refused(open_journal, path):
    """A wrong setting must be named, not end in a traceback."""
    path.mkdir()
    with pytest.raises(JournalUnusable, match="cannot be opened"):
        open_journal()


def test_torn_page_is_found_at_the_start(open_journal, path):
    """Selling on a torn file would make the damage larger."""
    journal = open_journal()
    for number in range(200):
        journal.write_blocking(lambda conn, number=number: sell(conn, f"sale-{number}"))
    journal.close()
    content = bytearray(path.read_bytes())
    for page in range(20, len(content) // 4096 - 1, 3):
        content[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        open_journal()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE body SET bytes = x'7b7d' WHERE journal = 1 AND seq = 3",
        "UPDATE chain SET kind = 2 WHERE journal = 1 AND seq = 3",
        "UPDATE chain SET receipts = 2 WHERE journal = 1 AND seq = 4",
        "UPDATE journal SET till = 'till-9' WHERE no = 2",
        "DELETE FROM chain WHERE journal = 1 AND seq = 4",
    ],
)
def test_broken_newest_links_are_found_at_the_start(open_journal, path, statement, monkeypatch):
    """A journal that was tampered with must not be sold on."""
    monkeypatch.setattr(preparation, "LINKS_CHECKED", 2)
    journal = open_journal()
    for number in range(4):
        journal.write_blocking(lambda conn, number=number: sell(conn, f"sale-{number}"))
    journal.close()
    altered(path, statement)
    with pytest.raises(JournalDamaged):
        open_journal()


def test_old_links_are_left_to_the_full_verification(open_journal, path, monkeypatch):
    """A start that checks everything would keep a large shop waiting every morning."""
    monkeypatch.setattr(preparation, "LINKS_CHECKED", 2)
    journal = open_journal()
    for number in range(4):
        journal.write_blocking(lambda conn, number=number: sell(conn, f"sale-{number}"))
    journal.close()
    altered(path, "UPDATE body SET bytes = x'7b7d' WHERE journal = 1 AND seq = 1")
    open_journal()


def test_refused_start_lets_go_of_the_lock(open_journal):
    """After the reason is mended the next start must succeed without a restart of the machine."""
    open_journal().close()
    with pytest.raises(JournalUnusable):
        open_journal(store="store-2")
    open_journal()


@pytest.mark.parametrize("which", ["open_writing", "open_reading"])
def test_thread_that_cannot_open_is_told(open_journal, monkeypatch, which):
    """An agent that starts without its writer would accept sales it can never keep."""
    original = getattr(database, which)
    calls = []

    def failing(path):
        calls.append(path)
        if which == "open_writing" and len(calls) == 1:
            return original(path)
        raise dbapi2.OperationalError("unable to open")

    monkeypatch.setattr(worker.database, which, failing)
    with pytest.raises(JournalUnusable, match="unable to open"):
        open_journal()
    monkeypatch.undo()
    open_journal()


def test_journal_closes_with_its_block(open_journal):
    """A command that forgets to close would keep the agent from starting."""
    with open_journal() as journal:
        journal.write_blocking(lambda conn: sign_on(conn, "anna"))
    with open_journal() as journal:
        assert journal.read_blocking(chains.heads)[1].tail_seq == 1


@pytest.mark.asyncio
async def test_long_readings_go_their_own_way(journal):
    """A verification of the whole journal would keep the till's look-ups waiting."""
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def long(conn):
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(10)
        return len(chains.heads(conn))

    aside = asyncio.create_task(journal.read_aside(long))
    assert len(await journal.read(chains.heads)) == 4
    gate.set()
    assert await aside == 4


def test_reading_a_file_without_an_agent(open_journal, path):
    """`till-agent journal verify` must work while the agent is down."""
    open_journal().close()
    assert len(reading(path, chains.heads)) == 4
    with pytest.raises(LookupError):
        reading(path, lambda conn: {}[conn])


def test_reading_a_file_that_is_not_there(path):
    """A command on an empty directory must say so, not make a file."""
    with pytest.raises(JournalUnusable, match="cannot be opened"):
        reading(path, chains.heads)
    assert not path.exists()


def test_genesis_binds_store_till_and_key(read):
    """A journal that could be moved to another till would prove nothing about either."""
    for head in read(chains.heads):
        assert head.genesis == genesis(head.journal_id, STORE, head.till, head.lane, KEY)
