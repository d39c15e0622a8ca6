"""`till-agent run` and `journal salvage` on a damaged journal: the shop opens all the same."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pysqlite3 import dbapi2

from agent.daemon.checked import load_checked
from agent.daemon.files import JOURNAL, opened_journal
from agent.daemon.salvaging import open_or_salvage
from agent.journal import JournalDamaged, pairing
from agent.journal.verify import verify
from tests.journal.shop import sign_on


def fill(shop):
    with opened_journal(load_checked(shop.config)) as (journal, _):
        for number in range(40):
            journal.write_blocking(lambda conn, n=number: sign_on(conn, f"actor-{n}"))
        journal.write_blocking(lambda conn: pairing.issue(conn, "till-1", "ab" * 32, "now"))


def wound(shop):
    """Overwrite the file's beginning, as a disk does that forgets its first sectors."""
    path = shop.state / JOURNAL
    with path.open("r+b") as file:
        file.write(b"\0" * 8192)
    return path.read_bytes()


@pytest.fixture
def damaged(shop):
    fill(shop)
    return wound(shop)


def test_the_daemon_starts_and_says_it(shop, damaged, daemon):
    """A shop would stay closed because of one bad sector."""
    with daemon():
        assert httpx.get(f"{shop.url}/v1/status").json()["ok"]
        token = shop.run("pair", "till-1", "--json").json["token"]
        headers = {"Authorization": f"Bearer {token}"}
        status = httpx.get(f"{shop.url}/v1/status", headers=headers).json()
        assert "journal.damaged-1.db" == status["salvaged"]["kept"]
        assert "salvaged at" in shop.run("status").out
    assert damaged == (shop.state / "journal.damaged-1.db").read_bytes()
    assert "the journal was salvaged" in (shop.directory / "log").read_text()
    doctor = shop.run("doctor")
    assert "salvaged journal" in doctor.out
    assert "0 entries were lost" in doctor.out
    assert 0 == shop.run("journal", "verify").code


@pytest.mark.usefixtures("damaged")
def test_by_hand(shop):
    """IT could not save a journal whose agent is stopped on purpose."""
    ran = shop.run("journal", "salvage")
    assert 0 == ran.code, ran.err
    assert "journal.damaged-1.db" in ran.out
    again = shop.run("journal", "salvage")
    assert 1 == again.code
    assert "nothing to salvage" in again.err
    ran = shop.run("journal", "salvage", "--yes", "--json")
    assert "journal.damaged-2.db" == ran.json["kept"]
    with opened_journal(load_checked(shop.config)) as (journal, _):
        assert all(report.ok for report in journal.read_blocking(verify))


def test_a_running_agent_is_left_alone(shop):
    """The file would be moved away under a shop that is selling."""
    fill(shop)
    with opened_journal(load_checked(shop.config)):
        ran = shop.run("journal", "salvage", "--yes")
    assert 1 == ran.code
    assert "in use" in ran.err
    assert not (shop.state / "journal.damaged-1.db").exists()


def test_a_sound_journal_is_only_opened(shop):
    """Every start would begin new journals."""
    fill(shop)
    journal, _ = open_or_salvage(load_checked(shop.config))
    journal.close()
    assert not (shop.state / "journal.damaged-1.db").exists()


def malformed(path):
    """Give a function that meets a page no SQLite can read, as a failing disk gives one."""

    def read(_conn):
        conn = dbapi2.connect(str(path))
        try:
            conn.execute("SELECT * FROM sqlite_schema").fetchall()
        finally:
            conn.close()

    return read


def test_damage_in_use_ends_the_agent_and_the_next_start_looks(shop):
    """The till would answer every sale with the same error until somebody restarts it."""
    fill(shop)
    garbage = shop.directory / "garbage.db"
    garbage.write_bytes(b"\x55" * 8192)
    suspect = shop.state / "journal.suspect"

    async def used(journal):
        failing = asyncio.ensure_future(journal.failing())
        with pytest.raises(JournalDamaged):
            await journal.read(malformed(garbage))
        with pytest.raises(JournalDamaged):
            await failing

    with opened_journal(load_checked(shop.config)) as (journal, _):
        asyncio.run(used(journal))
    assert suspect.exists()
    journal, _ = open_or_salvage(load_checked(shop.config))
    journal.close()
    assert not suspect.exists()
    assert not (shop.state / "journal.damaged-1.db").exists()
    suspect.touch()
    wound(shop)
    journal, _ = open_or_salvage(load_checked(shop.config))
    journal.close()
    assert not suspect.exists()
    assert (shop.state / "journal.damaged-1.db").exists()
