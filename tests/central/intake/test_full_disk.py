"""HQ's disk is full: nothing is acknowledged, nobody is refused, and all of it comes later."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from agent.contracts.hq import HqSlowDown
from central.ledger.tables import CHAIN, CURSORS, QUARANTINE

pytestmark = pytest.mark.asyncio
UNLIMITED = 2**30


@contextmanager
def full(engine):
    """Let the database not grow by a page; SQLite says of it what it says of a full disk."""
    pages = [1]

    def limit(conn):
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        pages[0] = UNLIMITED


async def test_a_till_is_asked_to_come_again_and_then_all_of_it_is_there_once(hq):
    """Wrong: an ack for what is on no disk, or a refusal of what nothing is wrong with (P3)."""
    till, link = await hq.enrolled()
    till.seal(400)
    with full(hq.engine):
        with pytest.raises(HqSlowDown, match="nothing more can be kept"):
            await link.send(till.batch())
        assert [] == hq.rows(CHAIN)
    ack = await link.send(till.batch())
    assert 400 == ack.seq == len(hq.rows(CHAIN))
    (cursor,) = [row for row in hq.rows(CURSORS) if row.journal_id == ack.journal_id]
    assert 400 == cursor.have_seq
    assert [] == hq.rows(QUARANTINE)
