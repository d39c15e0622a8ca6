"""Backups over the API: for the admin alone, verified, and with a reason where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.journal import chains, reading
from tests.api.conftest import ADMIN


@pytest.mark.asyncio
async def test_a_backup_is_made_and_shown(agent, tmp_path):
    """The command would have no daemon to ask while tills sell."""
    async with agent.client(ADMIN) as admin:
        answer = await admin.post("/v1/backups", json={"directory": str(tmp_path)})
        assert 201 == answer.status_code
        made = answer.json()
        assert reading(Path(made["path"]), chains.heads)
        assert made["warning"]
        status = (await admin.get("/v1/status")).json()
        assert {"verify", "integrity", "backup", "prune"} == {
            each["task"] for each in status["upkeep"]
        }
        assert "ok" == status["disk"]["level"]
        assert status["disk"]["free"] > 0


@pytest.mark.asyncio
async def test_a_backup_that_cannot_be_made_says_why(agent, tmp_path):
    """A script would take a refusal for a backup."""
    async with agent.client(ADMIN) as admin:
        answer = await admin.post("/v1/backups", json={"directory": str(tmp_path / "away")})
        assert (503, "urn:till-agent:problem:backup-dir-missing") == (
            answer.status_code,
            answer.json()["type"],
        )
        assert 400 == (await admin.post("/v1/backups", json={"directory": "here"})).status_code


@pytest.mark.asyncio
async def test_a_till_may_not_ask_for_one(agent, tmp_path):
    """A page could have the agent write anywhere it may."""
    async with agent.client() as till:
        answer = await till.post("/v1/backups", json={"directory": str(tmp_path)})
        assert 403 == answer.status_code
    assert [] == list(tmp_path.glob("till-agent-*"))


@pytest.mark.asyncio
async def test_the_metrics_tell_of_disk_and_upkeep(agent):
    """Nobody at HQ would see which of a thousand tills fills up."""
    async with agent.client(ADMIN) as admin:
        told = (await admin.get("/metrics")).text
    assert 'till_agent_disk_level{level="ok"} 1.0' in told
    assert 'till_agent_upkeep_failed{task="backup"} 0.0' in told
    for name in ("free", "usable", "reserve"):
        assert f"till_agent_disk_{name}_bytes " in told
