"""The nightly check: on time, beside the running tills, and loud when something does not hold."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from pysqlite3 import dbapi2
from structlog.testing import capture_logs

from agent.core.entries.bodies import CashierSigned
from agent.core.identifiers import ActorId, StoreId, TillId
from agent.daemon import nightly
from agent.daemon.clock import SystemClock
from agent.journal import Journal, chains

STORE, TILL = StoreId("store-0001"), TillId("till-1")


@pytest.fixture
def journal(tmp_path):
    clock = SystemClock()
    with Journal.open(
        tmp_path / "journal.db", store=STORE, tills=[TILL], device_key=bytes(32), clock=clock
    ) as opened:
        body = CashierSigned(ActorId("Anna"), STORE, TILL, clock.stamp())
        opened.write_blocking(lambda conn: chains.append(conn, TILL, body, salt=bytes(16)))
        yield opened


@pytest.mark.asyncio
async def test_an_intact_journal_is_said_to_be_intact(journal):
    """Nobody would know whether the check ran at all."""
    with capture_logs() as logs:
        reports = await nightly.check(journal)
    assert all(report.ok for report in reports)
    assert {"journal checked"} == {line["event"] for line in logs}


@pytest.mark.asyncio
async def test_a_damaged_journal_is_an_error_with_a_remedy(journal):
    """A disk that rots would be found out only when an old receipt is needed."""
    with contextlib.closing(dbapi2.connect(str(journal.path))) as conn:
        conn.executescript("DROP TRIGGER IF EXISTS body_is_sealed")
        triggers = conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("UPDATE body SET bytes = x'00'")
        conn.commit()
    with capture_logs() as logs:
        reports = await nightly.check(journal)
    assert [report.ok for report in reports].count(False) == 1
    errors = [line for line in logs if line["log_level"] == "error"]
    assert len(errors) == 1
    assert "journal verify" in errors[0]["remedy"]


@pytest.mark.asyncio
async def test_the_check_runs_at_its_hour(journal, monkeypatch):
    """The schedule would be written down and never kept."""
    called = asyncio.Event()

    async def check(_journal):
        called.set()

    class EverySecond(nightly.CronTrigger):
        def __init__(self, **_):
            super().__init__(second="*")

    monkeypatch.setattr(nightly, "check", check)
    monkeypatch.setattr(nightly, "CronTrigger", EverySecond)
    task = asyncio.create_task(nightly.run_nightly(journal, "Europe/Berlin"))
    try:
        async with asyncio.timeout(30):
            await called.wait()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
