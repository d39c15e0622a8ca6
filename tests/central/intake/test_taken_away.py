"""A served HQ whose database file is taken away: no ack leaves, and what was acked is kept."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from sqlalchemy import select

from agent.contracts.hq import HqSlowDown
from central.ledger.engine import LedgerMoved, open_engine, reading
from central.ledger.tables import CURSORS
from tests.central.served import served_hq

pytestmark = pytest.mark.asyncio


async def test_an_hq_whose_database_was_taken_away_acks_nothing_and_ends(tmp_path, migrated):
    """Wrong: tills believe acks for sales that lie in a deleted file, until HQ is next started."""
    file = shutil.copy(migrated, tmp_path / "central.sqlite")
    till = []
    with pytest.raises(LedgerMoved, match="is gone"):
        await sell_and_delete(tmp_path, file, till)
    assert 1 == held_there(file, *till)


async def sell_and_delete(directory, file, tills):
    async with served_hq(directory) as hq:
        till, link = await hq.enrolled()
        tills.append(till)
        till.seal(2)
        assert 1 == (await link.send(till.batch(count=1))).seq
        file.unlink()
        with pytest.raises(HqSlowDown, match="is gone"):
            await link.send(till.batch(base=2))
        await asyncio.wait_for(asyncio.shield(hq.running), 30)


def held_there(file, till):
    engine = open_engine(file)
    with reading(engine) as conn:
        query = select(CURSORS.c.have_seq).where(CURSORS.c.journal_id == till.journals["side"])
        found = conn.execute(query).scalar_one()
    engine.dispose()
    return found
