"""Small runs of the journeys of a chain; `make rewinds`, `fulldisk` and `cutoff` run longer."""

from __future__ import annotations

import random

import pytest

from tests.journeys.command_kills import command_kills
from tests.journeys.hq_disk_full import can_mount, disk_full
from tests.journeys.rewound import on_postgres, rewound
from tests.journeys.snapshot_kills import snapshot_kills

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def seed():
    """A seed of this run, which is in every failure's outcome."""
    return random.SystemRandom().randrange(2**32)


@pytest.mark.asyncio
@pytest.mark.parametrize("postgres", [False, True], ids=["sqlite", "postgresql"])
async def test_an_hq_put_back_under_sales_has_everything_again(tmp_path, seed, postgres):
    """Wrong: a sale, an enrolment, a revocation or an erasure is lost with HQ's database (P5)."""
    with on_postgres(asked=postgres) as more:
        outcome = await rewound(tmp_path, seed=seed, rewinds=1, deeds=2, more=more)
    assert outcome.rewinds == 1, str(outcome)
    assert outcome.sales > outcome.lost > 0, str(outcome)
    assert outcome.pruned > 0, str(outcome)


@pytest.mark.asyncio
async def test_a_full_disk_at_hq_loses_nothing_and_is_told(tmp_path, seed):
    """Wrong: HQ acks what it has no room for, or refuses it, or says nothing (P3, P12)."""
    if not can_mount():
        pytest.skip("a small file system needs root: mount -t tmpfs")
    outcome = await disk_full(tmp_path, fillings=2, seed=seed)
    assert outcome.fillings == 2, str(outcome)
    assert outcome.kept_waiting > 0, str(outcome)


def test_a_command_that_is_killed_leaves_nothing_half(tmp_path, seed):
    """Wrong: half a backup, export or restore is taken for a whole one."""
    outcome = command_kills(tmp_path, times=2, seconds=3, seed=seed)
    assert outcome.kills.total() + outcome.ended == 16, str(outcome)


@pytest.mark.asyncio
async def test_snapshots_survive_who_makes_and_who_installs_them(tmp_path, seed):
    """Wrong: half a snapshot is given out or installed, or its maker outlives a killed HQ."""
    outcome = await snapshot_kills(tmp_path, times=1, seed=seed)
    assert (outcome.hq_kills, outcome.till_kills, outcome.installed) == (1, 1, 2), str(outcome)
