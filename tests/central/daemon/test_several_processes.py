"""Several HQ processes on one PostgreSQL: a small run of the proof in `tests.central.kills`."""

from __future__ import annotations

import pytest

from tests.central.kills import run

pytestmark = pytest.mark.long


def test_nothing_is_lost_where_processes_are_killed(postgres):
    """Wrong: a sale is lost or doubled because one of two HQ processes died (I1, I4, I14)."""
    said = run(postgres, seconds=1, tills=2, seed=3)
    assert " kills, " in said
    assert not said.startswith("0 kills")
