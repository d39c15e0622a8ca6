"""A new device key: agreed with HQ first, and whatever is cut off can be begun again."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqRefused, HqUnreachable
from agent.core.faults import StateFault
from agent.journal import Journal, JournalUnusable, renewals
from agent.sync import enrolment
from agent.sync.renewal import Signer, renew

TILL = "till-1"
NEW = Ed25519PrivateKey.generate()
NEW_KEY = NEW.public_key().public_bytes_raw()


def signers(shop) -> dict[str, Signer]:
    old = shop.loop._orders.device_key
    return {"old": Signer(old, shop.loop._admission._sign), "new": Signer(NEW_KEY, NEW.sign)}


@pytest.mark.asyncio
async def test_the_journals_go_on_under_the_new_key(open_shop, run):
    """If they did not, a renewal would be a new till, and HQ would miss the old one's sales."""
    shop = open_shop(tills=("till-1", "till-2"))
    for till in shop.tills:
        await shop.enrol(till, f"CODE-{till}")
        await shop.sell(2, till)
    async with run(shop.loop):
        await shop.until_sent()
        assert list(shop.tills) == await renew(shop.link, shop.journal, shop.tills, **signers(shop))
        shop.loop.renew(NEW.sign, NEW_KEY)
        await shop.sell(1)
        await shop.until_sent()
        kept = await shop.journal.read(lambda conn: enrolment(conn, TILL))
        assert NEW_KEY.hex() == kept.request.device_key
        assert {"sales", "side"} == set(kept.request.journal_keys)
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_a_restored_hq_readmits_the_renewed_till(shop, run):
    """If it did not, every till that has renewed its key would need a person after a restore."""
    before = shop.hq.backup()
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        await renew(shop.link, shop.journal, shop.tills, **signers(shop))
        shop.loop.renew(NEW.sign, NEW_KEY)
        shop.hq.restore(before)
        await shop.sell(1)
        await shop.until_sent()
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_a_fork_after_a_renewal_goes_on_under_the_new_key(shop, run):
    """If the successor were bound to the old key, HQ would refuse it for good."""
    await shop.enrol()
    await shop.sell(2)
    async with run(shop.loop):
        await shop.until_sent()
        await renew(shop.link, shop.journal, shop.tills, **signers(shop))
        shop.loop.renew(NEW.sign, NEW_KEY)
        rows = shop.hq.rows((await shop.head()).journal_id)
        rows[-1] = type(rows[-1])(2, 1, 1, bytes(16), b"other", bytes(32), bytes(32))
        await shop.sell(1)
        await shop.until_sent()
        kept = await shop.journal.read(lambda conn: enrolment(conn, TILL))
    assert {"side"} == set(kept.request.journal_keys)
    assert "fork" == kept.request.predecessors["sales"].reason


@pytest.mark.asyncio
@pytest.mark.parametrize("refusal", [HqUnreachable, HqRefused])
async def test_what_hq_has_not_agreed_to_changes_nothing(shop, monkeypatch, refusal):
    """If it did, a till could lock itself out by renewing on a bad line."""
    await shop.enrol()
    before = await shop.journal.read(lambda conn: enrolment(conn, TILL))

    async def fails(_request):
        raise refusal("no", remedy="wait")

    with monkeypatch.context() as cut:
        cut.setattr(shop.link, "enrol", fails)
        with pytest.raises(refusal):
            await renew(shop.link, shop.journal, shop.tills, **signers(shop))
    assert before == await shop.journal.read(lambda conn: enrolment(conn, TILL))
    await renew(shop.link, shop.journal, shop.tills, **signers(shop))
    assert before != await shop.journal.read(lambda conn: enrolment(conn, TILL))


@pytest.mark.asyncio
async def test_a_till_that_is_not_enrolled_has_no_key_to_renew(shop):
    """If a key were swapped all the same, its journals would be bound to one that is gone."""
    with pytest.raises(StateFault, match="enrolled"):
        await renew(shop.link, shop.journal, shop.tills, **signers(shop))


@pytest.mark.asyncio
async def test_the_journal_opens_under_the_new_key_and_no_other(shop):
    """If it did not open, a renewal would end a shop; if under any key, a stranger's would do."""
    await shop.enrol()
    old = shop.loop._orders.device_key
    await renew(shop.link, shop.journal, shop.tills, **signers(shop))
    noted = await shop.journal.read(lambda conn: renewals.newest(conn, old))
    assert NEW_KEY == noted
    shop.journal.close()
    named = {"store": "store-1", "tills": ("till-1", "till-3"), "clock": shop.clock}
    with Journal.open(shop.journal.path, device_key=NEW_KEY, **named) as opened:
        assert await opened.read(lambda conn: renewals.is_successor(conn, old, NEW_KEY))
        assert not await opened.read(lambda conn: renewals.is_successor(conn, NEW_KEY, old))
    with pytest.raises(JournalUnusable, match="another device key"):
        Journal.open(shop.journal.path, device_key=bytes(32), **named)
