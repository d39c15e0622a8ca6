"""A page that a thousand tills ask for is made once, and anew as soon as anything changes."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.faults import FeedGone
from agent.core.exchange.sealed_rows import Master
from agent.core.exchange.wire import PartyRow
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.privacy import Stretching
from central.feed.horizon import forget_deleted, note_day
from central.feed.sealing import PAGES_MAX, Sealer
from central.ledger.engine import writing
from central.ledger.key_tables import renew
from central.ledger.outbox import GLOBAL, publish

MASTER = Master(b"m" * 32, Stretching(cost_log2=10))
CARD = msgspec.json.encode(Card(PartyId("p-1"), "Ada Lovelace"))
PERSON = msgspec.json.encode(PartyRow(msgspec.Raw(CARD)))


def tell(ledger, key, op="put", body=PERSON):
    with writing(ledger) as conn:
        publish(conn, GLOBAL, key, op, body)


@pytest.mark.both_databases
def test_the_same_page_is_made_once(ledger):
    """A thousand new tills would keep HQ busy with the same rows, and sales would wait."""
    sealer = Sealer(ledger, MASTER)
    tell(ledger, "party:p-1")
    first = sealer.page(GLOBAL, "", 500)
    assert sealer.page(GLOBAL, "", 500) is first
    assert sealer.page(GLOBAL, "", 1) is not first


def test_a_change_is_in_the_next_page(ledger):
    """What was published would reach no till that asks from the same place."""
    sealer = Sealer(ledger, MASTER)
    tell(ledger, "party:p-1")
    sealer.page(GLOBAL, "", 500)
    tell(ledger, "party:p-1", "erase", b"null")
    assert ["erase"] == [item.op for item in sealer.page(GLOBAL, "", 500).items]


def test_a_renewed_key_seals_the_page_anew(ledger):
    """Tills would get cards that the key they hold does not open."""
    sealer = Sealer(ledger, MASTER)
    tell(ledger, "party:p-1")
    (before,) = sealer.page(GLOBAL, "", 500).items
    with writing(ledger) as conn:
        renew(conn, GLOBAL, now="2026-11-02", reason="lost")
    (after,) = sealer.page(GLOBAL, "", 500).items
    assert bytes(before.body) != bytes(after.body)


def test_who_is_behind_the_tombstones_is_sent_away(ledger):
    """A till would go on by a remembered page from before a deletion that HQ has forgotten."""
    sealer = Sealer(ledger, MASTER)
    tell(ledger, "item:0")
    old = sealer.page(GLOBAL, "", 500).cursor
    tell(ledger, "item:1", "del")
    tell(ledger, "item:2")
    sealer.page(GLOBAL, old, 500)
    with writing(ledger) as conn:
        for day in ("2026-11-02", "2026-11-03"):
            note_day(conn, day)
        forget_deleted(conn, GLOBAL, days=1)
    with pytest.raises(FeedGone):
        sealer.page(GLOBAL, old, 500)


def test_only_so_many_are_remembered(ledger):
    """HQ's memory would grow with every place a till asks from."""
    sealer = Sealer(ledger, MASTER)
    tell(ledger, "item:1")
    first = sealer.page(GLOBAL, "", 500)
    for limit in range(1, PAGES_MAX + 1):
        sealer.page(GLOBAL, "", limit)
    assert sealer.page(GLOBAL, "", 500) is not first
