"""The commands and the watch, as IT uses them beside a serving HQ."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import insert, update
from structlog.testing import capture_logs
from typer.testing import CliRunner

from central.daemon.cli import app
from central.daemon.watching import Watch
from central.ledger.engine import writing
from central.ledger.report_tables import STORE_DAYS
from central.ledger.tables import CONTACTS, QUARANTINE
from tests.central.reports.shop import Journal
from tests.central.served import served_hq


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Call a command beside the HQ that serves from the same directory."""
    monkeypatch.setattr("central.daemon.tables._OUT.width", 250)
    monkeypatch.setattr("central.daemon.quarantine_tables._OUT.width", 250)
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\nstate_dir = "{tmp_path}"\n')

    async def _call(*arguments):
        run = CliRunner().invoke
        result = await asyncio.to_thread(run, app, [*arguments, "--config", str(config)])
        return result.exit_code, result.stdout

    return _call


async def told(call, *arguments):
    return json.loads((await call(*arguments, "--json"))[1])


async def sold(hq, *bodies):
    """Enrol a till and send its sales; gives the till and its journal."""
    till, link = await hq.enrolled()
    journal = Journal(till.journals["sales"])
    journal.sell()
    journal.sell()
    journal.close()
    for body in (*journal.new(), *bodies):
        till.seal(1, "sales", body)
    await link.send(till.batch(1, lane="sales"))
    return till, link


async def settled(hq, table, wanted):
    """Wait until a table has so many rows: the applier works beside."""
    for _ in range(200):
        if len(hq.rows(table)) >= wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(hq.rows(table))


@pytest.mark.asyncio
async def test_day_is_declared_by_the_watch_and_shown_everywhere(tmp_path, call, monkeypatch):
    """Nobody would ever declare a day, or each answer would tell of another one."""
    monkeypatch.setattr("central.daemon.watching.BEAT_S", 0.05)
    async with served_hq(tmp_path) as hq:
        await sold(hq)
        for _ in range(200):
            days = (await hq.staff.get("/v1/days")).json()
            if days and days[0]["state"] == "complete":
                break
            await asyncio.sleep(0.05)
        assert ("2026-11-02", "complete") == (days[0]["business_date"], days[0]["state"])
        status = await told(call, "status")
        [store] = status["stores"]
        assert ("2026-11-02", "2026-11-02") == (store["complete_up_to"], status["complete_up_to"])
        assert "store-0001: complete up to 2026-11-02" in (await call("status"))[1]
        [store] = (await hq.staff.get("/v1/stores")).json()
        assert "2026-11-02" == store["complete_up_to"]
        assert (
            'till_central_store_open_days{store="store-0001"} 0.0'
            in (await hq.staff.get("/metrics")).text
        )


@pytest.mark.asyncio
async def test_quarantine_from_the_command_line(tmp_path, call):
    """IT would have to write SQL to get a sale out of the quarantine."""
    async with served_hq(tmp_path) as hq:
        till, _ = await sold(hq)
        again = Journal("f" * 32)
        again.sell(sale_id=f"{till.journals['sales'][:4]}-till-1-sale-1")
        other, link = await hq.enrolled("store-0002", "till-9")
        other.seal(1, "sales", again.bodies[0])
        await link.send(other.batch(1, lane="sales"))
        await settled(hq, QUARANTINE, 1)
        found = await told(call, "quarantine", "list")
        [entry] = found["entries"]
        assert ("said-of-another-till", "store-0002", 1) == (
            entry["name"],
            entry["store"],
            found["waiting"],
        )
        place = f"{entry['journal_id']}:{entry['seq']}"
        code, text = await call("quarantine", "list")
        assert (0, True) == (code, "said-of-another-till" in text)
        why = ("--reason", "asked the store", "--actor", "Eva")
        code, text = await call("quarantine", "replay", place, *why)
        assert (1, True) == (code, "1 tried, 0 applied" in text)
        assert 1 == (await call("quarantine", "replay", "--all", *why))[0]
        assert 2 == (await call("quarantine", "replay", *why))[0]
        assert 2 == (await call("quarantine", "void", *why))[0]
        assert 2 == (await call("quarantine", "void", place))[0]
        assert 1 == (await call("quarantine", "void", "nonsense", *why))[0]
        assert 0 == (await call("quarantine", "void", place, *why))[0]
        assert 0 == (await told(call, "quarantine", "list"))["waiting"]
        assert 0 == (await call("quarantine", "void", place, "--undo", *why))[0]
        audit = await told(call, "quarantine", "list", "--audit")
        assert ["un-void", "void", "replay", "replay"] == [each["action"] for each in audit]
        assert "asked the store" in (await call("quarantine", "list", "--audit"))[1]


@pytest.mark.asyncio
async def test_verification_is_remembered(tmp_path, call):
    """A nightly verification would be known to nobody the day after."""
    async with served_hq(tmp_path) as hq:
        await sold(hq)
        before = (await told(call, "status"))["chains"]
        assert (2, 0, 3) == tuple(
            before[name] for name in ("journals", "verified", "records_unverified")
        )
        verified = await told(call, "ledger", "verify")
        assert (True, 3) == (verified["ok"], verified["records"])
        after = (await told(call, "status"))["chains"]
        assert (2, 0, 0) == tuple(
            after[name] for name in ("verified", "broken", "records_unverified")
        )
        assert "2 of 2 journals verified" in (await call("status"))[1]


@pytest.mark.asyncio
async def test_stall_is_said_once_and_so_is_its_end(tmp_path):
    """The log would be full of one stall, or say nothing of it."""
    async with served_hq(tmp_path) as hq:
        till, _ = await sold(hq)
        await settled(hq, STORE_DAYS, 1)
        journal = till.journals["side"]
        with writing(hq.engine) as conn:
            conn.execute(
                insert(CONTACTS).values(
                    journal_id=journal,
                    last_contact_at="2099-01-01T00:04:30.000Z",
                    tail_seq=5,
                    backlog_bytes=1,
                    oldest_unacked_age_s=0,
                    agent_version="1",
                )
            )
        watch = Watch(hq.engine, lambda: "2099-01-01T00:05:00.000Z")
        with capture_logs() as logs:
            watch.look()
            watch.look()
        [told] = [each for each in logs if each["event"] == "stalled"]
        assert "till-agent status" in told["remedy"]
        with writing(hq.engine) as conn:
            conn.execute(update(CONTACTS).values(tail_seq=0))
        with capture_logs() as logs:
            watch.look()
        assert "goes on again" in [each["event"] for each in logs]


@pytest.mark.asyncio
@pytest.mark.both_databases
@pytest.mark.parametrize(
    "query", ["/v1/quarantine/audit?seq=99999999999999999999", "/v1/stores?store=%00"]
)
async def test_a_value_no_database_holds_is_the_callers_fault(hq, query):
    """A mistyped number would look like a bug of HQ, and its log would fill up."""
    answer = await hq.staff.get(query)
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        detail = answer.json()["detail"]
        assert "64 bits" in detail or "NUL (U+0000)" in detail
