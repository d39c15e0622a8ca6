"""What an HQ that lost time says of itself, while it gets back what it can."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from sqlalchemy import select

from agent.core.exchange.acks import evidence
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.in_step import agreed
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.wire import PRUNED, WireRecord
from central.intake import orders
from central.intake.rewinds import begin, open_rewind
from central.ledger.authority_tables import SIGNED_ORDERS
from central.ledger.engine import reading, writing
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.tables import (
    BODIES,
    CHAIN,
    CURSORS,
    ERASE_ORDERS,
    INCIDENTS,
)

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"


def published(hq, count):
    """Publish so many changes; gives the cursor behind them."""
    with writing(hq.engine) as conn:
        changes = [Change(f"item:{n}", "put", b"{}") for n in range(count)]
        return publish_many(conn, GLOBAL, changes)


def lose(hq, till, upto, lane="side"):
    """Put a journal back to an older state, as a restored file holds it."""
    journal_id = till.journals[lane]
    with writing(hq.engine) as conn:
        for table in (BODIES, CHAIN):
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table.name}_no_delete")
            conn.execute(table.delete().where(table.c.journal_id == journal_id, table.c.seq > upto))
        conn.execute(
            CURSORS.update()
            .where(CURSORS.c.journal_id == journal_id)
            .values(have_seq=upto, have_hash=till.hash_at(lane, upto))
        )


def incident(hq):
    (found,) = [row for row in hq.rows(INCIDENTS) if row.name == "rewind"]
    return found


class Undone(Exception):
    """Nothing of it is kept."""


def lost_revocation(hq, device):
    """Sign a revocation that is in no backup."""
    with suppress(Undone), writing(hq.engine) as conn:
        order = orders.revoke(conn, hq.root, device.public.hex(), reason="stolen", now=NOW)
        held = SIGNED_ORDERS.c
        row = conn.execute(select(SIGNED_ORDERS).where(held.order_id == order.order_id)).one()
        raise Undone
    return SignedOrder(row.text, row.signature)


async def test_a_swapped_file_is_noticed_at_the_first_contact_and_told(hq):
    """Wrong: somebody puts an old file in place, and nobody at HQ can read what follows (P12)."""
    till, link = await hq.enrolled()
    other, _ = await hq.enrolled("store-0002", "till-1")
    till.seal(4)
    ack = evidence(await link.send(till.batch()))
    lose(hq, till, 2)
    told = await link.send(till.batch(5, last_ack=ack))
    assert ("epoch", 2) == (told.name, told.have_seq)
    found = incident(hq)
    assert found.closed_at is None
    assert "put back to an older state" in found.detail
    assert "still sending: store-0001/till-1" in found.detail
    assert "awaited: store-0001/till-1, store-0002/till-1" in found.detail
    assert "find out who replaced it" in found.remedy
    assert 4 == (await link.send(till.batch(3))).seq
    assert "1 of 4 journals" in incident(hq).detail
    assert other.journals


async def test_the_incident_closes_itself_when_the_last_journal_is_back(hq):
    """Wrong: a rewind that is long over is shown for ever, or one that is not is hidden."""
    till, link = await hq.enrolled()
    till.seal(3)
    ack = evidence(await link.send(till.batch()))
    lose(hq, till, 1)
    await link.send(till.batch(4, last_ack=ack))
    await link.send(till.batch(1, lane="sales"))
    assert incident(hq).closed_at is None
    await link.send(till.batch(2, 1))
    assert incident(hq).closed_at is None
    await link.send(till.batch(3))
    assert incident(hq).closed_at is not None
    with reading(hq.engine) as conn:
        assert "" == open_rewind(conn)
    await link.send(till.batch(4))
    assert "2 of 2 journals of live tills are back" in incident(hq).detail


async def test_who_took_itself_to_be_in_step_is_not_back_before_it_has_shown_its_evidence(hq):
    """Wrong: the incident closes over sales that HQ has not even heard it lacks (P5)."""
    till, link = await hq.enrolled()
    till.seal(3)
    ack = evidence(await link.send(till.batch()))
    await link.send(till.batch(1, lane="sales"))
    with writing(hq.engine) as conn:
        begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
    await link.send(till.batch(1, lane="sales"))
    lose(hq, till, 1)
    till.seal(1)
    said = agreed(ack, ack.epoch, 3, till.hash_at("side", 3))
    told = await link.send(till.batch(4, last_ack=ack, in_step=said))
    assert ("behind", 1) == (told.name, told.have_seq)
    assert "awaited: store-0001/till-1" in incident(hq).detail
    told = await link.send(till.batch(4, last_ack=ack))
    assert ("epoch", 1) == (told.name, told.have_seq)
    assert "still sending: store-0001/till-1" in incident(hq).detail


async def test_what_was_published_and_is_lost_is_listed_by_scope(hq):
    """Wrong: items imported after the backup are missing at HQ, and nobody is told which (P5)."""
    till, link = await hq.enrolled()
    published(hq, 3)
    seen = (await link.feed(GLOBAL, "", 0)).cursor
    with writing(hq.engine) as conn:
        begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
    later = seen.replace(".3.", ".9.")
    cursors = {GLOBAL: later, "store:store-0001": "1-aa.2.bb", "x": "nonsense"}
    await link.send(till.batch(1, feed_cursors=cursors))
    detail = incident(hq).detail
    assert "published and lost here: changes global 4 to 9, store:store-0001 1 to 2" in detail
    assert "import the items and customers of that time again" in detail
    await link.send(till.batch(1, feed_cursors={GLOBAL: seen}))
    assert "global 4 to 9" in incident(hq).detail


@pytest.mark.parametrize("published_too", [0, 1])
async def test_an_order_that_came_back_is_not_listed_as_lost(hq, published_too):
    """Wrong: a person is sent to import again what nobody ever imported."""
    till, link = await hq.enrolled()
    stolen, _ = await hq.enrolled("store-0002", "till-1")
    epoch = (await link.feed(GLOBAL, "", 0)).cursor.partition(".")[0]
    signed = lost_revocation(hq, stolen)
    with writing(hq.engine) as conn:
        begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
    seen = f"{epoch}.{1 + published_too}.{'0' * 16}"
    await link.send(till.batch(1, feed_cursors={GLOBAL: seen}))
    assert f"changes global 1 to {1 + published_too}" in incident(hq).detail
    with writing(hq.engine) as conn:
        orders.take_back(conn, signed, "store-0001", "till-1", "done", root=hq.root, now=NOW)
    detail = incident(hq).detail
    assert "HQ's own orders that came back: 1 revoke" in detail
    listed = "changes global 1 to 2, of which 1 came back as orders" in detail
    assert (bool(published_too), bool(published_too)) == (listed, "published and lost" in detail)


async def test_a_till_that_asks_for_the_feed_first_shows_what_was_published(hq):
    """Wrong: it takes the feed anew before it reports, and what was lost is listed nowhere."""
    till, link = await hq.enrolled()
    published(hq, 3)
    seen = (await link.feed(GLOBAL, "", 0)).cursor
    with writing(hq.engine) as conn:
        begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
    with pytest.raises(FeedGone):
        await link.feed(GLOBAL, seen.replace(".3.", ".9."), 0)
    await link.send(till.batch(1))
    await link.send(till.batch(1, lane="sales"))
    assert "published and lost here: changes global 4 to 9" in incident(hq).detail
    assert incident(hq).closed_at is not None
    with pytest.raises(FeedGone):
        await link.feed(GLOBAL, seen.replace(".3.", ".12."), 0)
    assert "global 4 to 12" in incident(hq).detail
    assert incident(hq).closed_at is not None


async def test_a_till_that_read_another_history_of_the_feed_is_told_apart(hq):
    """Wrong: changes that were replaced by others under the same numbers pass for known."""
    till, link = await hq.enrolled()
    published(hq, 3)
    epoch = (await link.feed(GLOBAL, "", 0)).cursor.partition(".")[0]
    with writing(hq.engine) as conn:
        begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
    await link.send(till.batch(1, feed_cursors={GLOBAL: f"{epoch}.2.{'0' * 16}"}))
    assert "changes global 2 to 2" in incident(hq).detail


async def test_entries_whose_text_no_till_has_any_more_are_listed(hq):
    """Wrong: HQ restored from a backup that was off the list loses text, and nobody is told."""
    till, link = await hq.enrolled()
    till.seal(5)
    ack = evidence(await link.send(till.batch()))
    lose(hq, till, 1)
    told = await link.send(till.batch(6, last_ack=ack, pruned_seq=4))
    assert "epoch" == told.name
    records = tuple(
        WireRecord(one.seq, one.kind, one.version, b"", b"", one.commitment, PRUNED)
        for one in till.chains["side"][1:4]
    )
    pruned = msgspec.structs.replace(till.batch(2, 3, pruned_seq=4), records=records)
    assert 4 == (await link.send(pruned)).seq
    assert 5 == (await link.send(till.batch(5, pruned_seq=4))).seq
    detail = incident(hq).detail
    assert "entries whose text no till has any more: 3 of store-0001/till-1 side" in detail
    assert {PRUNED} == {row.erased_by for row in hq.rows(ERASE_ORDERS)}
    assert [1, 5] == [row.seq for row in hq.rows(BODIES)]


async def test_a_second_rewind_takes_the_place_of_the_first(hq):
    """Wrong: two restores one after the other leave an incident that never ends."""
    await hq.enrolled()
    with writing(hq.engine) as conn:
        first = begin(conn, NOW, seen="", why="restored", restored_from="backup-1")
        second = begin(conn, NOW, seen="9-aa", why="restored", restored_from="backup-2")
        assert second == open_rewind(conn)
    assert ("2", "10") == (first.partition("-")[0], second.partition("-")[0])
    told = {row.closed_at is None: row.detail for row in hq.rows(INCIDENTS)}
    assert {True, False} == set(told)
    assert "then HQ lost time once more" in told[False]
    assert second in told[True]
