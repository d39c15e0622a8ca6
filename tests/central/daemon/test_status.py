"""Status, metrics and verification of an HQ that has seen tills, as people and machines read it."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from typer.testing import CliRunner

from central.daemon.cli import app
from central.ledger.engine import writing
from central.ledger.tables import INCIDENTS, QUARANTINE


@pytest.mark.asyncio
async def test_status_metrics_and_verify_agree_on_what_is_missing(hq_at, tmp_path, monkeypatch):
    """Wrong: one screen says all is in while another one knows of a gap."""
    monkeypatch.setattr("central.daemon.tables._OUT.width", 200)
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\nstate_dir = "{tmp_path}"\n')

    async def call(*arguments):
        run = CliRunner().invoke
        result = await asyncio.to_thread(run, app, [*arguments, "--config", str(config)])
        return result.exit_code, " ".join(result.stdout.split())

    async with hq_at(tmp_path) as hq:
        till, link = await hq.enrolled()
        till.seal(3)
        await link.send(till.batch(1, 2, oldest_unacked_age_s=90))
        await hq.enrolled()
        with writing(hq.engine) as conn:
            journal_id = till.journals["side"]
            aside = {"name": "n", "reason": "r", "tries": 1, "since": "s"}
            conn.execute(QUARANTINE.insert().values(journal_id=journal_id, seq=2, **aside))
            told = dict.fromkeys(("at", "name", "detail", "remedy"), "told")
            conn.execute(INCIDENTS.insert().values(incident_id="i", **told))
        _, table = await call("status")
        for words in (
            "till-1 (replaced)",
            "1 (oldest 90 s)",
            "1 aside",
            "told told: told",
            "never",
        ):
            assert words in table
        metrics = (await hq.staff.get("/metrics")).text
        labels = '{lane="side",store="store-0001",till="till-1"}'
        assert f"till_central_lag_records{labels} 0.0" in metrics
        assert "till_central_incidents 1.0" in metrics
        code, told = await call("status", "--json")
        status = json.loads(told)
        assert (0, 1, 1) == (code, status["quarantined"], len(status["incidents"]))
        stores = (await hq.staff.get("/v1/stores")).json()
        assert [lane["lag"] for lane in stores[0]["tills"][0]["lanes"]] == [
            lane["lag"] for lane in status["stores"][0]["tills"][0]["lanes"]
        ]
        code, told = await call("ledger", "verify")
        assert (0, True) == (code, "4 journals verified" in told)
        with writing(hq.engine) as conn:
            conn.exec_driver_sql("UPDATE journal_cursor SET have_seq = 9 WHERE have_seq = 2")
        code, told = await call("ledger", "verify")
        assert (1, True) == (code, "side: 9 records, FAULT: the cursor says seq 9" in told)


@pytest.mark.asyncio
async def test_the_schema_names_every_address_of_hq(hq):
    """Wrong: who builds against HQ does not find what it offers."""
    schema = (await hq.staff.get("/schema/openapi.json")).json()
    for path in (
        "/v1/enrol",
        "/v1/journals/{journal_id}/batches",
        "/v1/feeds/{feed_scope}",
        "/v1/stores",
        "/v1/parties/search",
        "/v1/parties/{any_id}/timeline",
        "/v1/channels/{channel}/events",
        "/metrics",
    ):
        assert path in schema["paths"]
    assert msgspec.json.encode(schema)
