"""What every way to HQ must do, over memory and over http alike."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.contracts.hq import HqRefused, HqSlowDown, HqUnreachable, NoSnapshot
from agent.core.entries.chain import commitment, genesis, link
from agent.core.exchange.acks import evidence, genuine
from agent.core.exchange.coding import FEED_ITEMS_MAX
from agent.core.exchange.credentials import accept_answer, make_request, readmission
from agent.core.exchange.cursors import ORIGIN
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import read_order
from agent.core.exchange.snapshots import is_chunk, read_manifest
from agent.core.exchange.wire import Batch, Behind, Fork, WireRecord
from agent.core.loyalty import read_lease

SALES, SIDE = "ab" * 16, "cd" * 16
JOURNALS = {"sales": SALES, "side": SIDE}


def a_request(device, code="CODE"):
    return make_request(
        device.sign,
        code=code,
        device_key=device.public_key().public_bytes_raw(),
        store="store-1",
        till="till-1",
        journals=JOURNALS,
    )


def chain_of(device, bodies):
    """Seal bodies as the journal does: records, and the hash at each seq."""
    key = device.public_key().public_bytes_raw()
    hashes, records = [genesis(SALES, "store-1", "till-1", "sales", key)], []
    for seq, body in enumerate(bodies, 1):
        salt = hashlib.sha256(body).digest()[:16]
        records.append(WireRecord(seq, 1, 1, salt, body))
        hashes.append(link(SALES, seq, hashes[-1], 1, 1, commitment(salt, body)))
    return records, hashes


def a_batch(chain, base, end, **changes):
    records, hashes = chain
    values = {
        "version": 1,
        "journal_id": SALES,
        "incarnation": "first",
        "base": base,
        "prev_hash": hashes[base - 1],
        "tail_seq": len(records),
        "records": tuple(records[base - 1 : end]),
    }
    return Batch(**(values | changes))


def verifier(hq):
    key = Ed25519PublicKey.from_public_bytes(hq.root_key)

    def verify(signature, message):
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


async def enrolled(link_, hq, device):
    hq.issue_code("CODE", "store-1", "till-1")
    return await link_.enrol(a_request(device))


@pytest.mark.asyncio
async def test_a_code_is_traded_for_a_credential_once(way, hq, device):
    """If a code worked twice, whoever finds one could add a till to the chain.

    If a lost answer could not be asked for again, a technician would have to go there twice.
    """
    async with way.reach(hq) as link_:
        answer = await enrolled(link_, hq, device)
        credential = accept_answer(answer, a_request(device), verifier(hq))
        assert JOURNALS == credential.journals
        again = await link_.enrol(a_request(device))
        assert answer.credential == again.credential
        other = msgspec.structs.replace(a_request(device), journals={"sales": SIDE, "side": SALES})
        with pytest.raises(HqRefused) as caught:
            await link_.enrol(other)
        assert "bad-code" == caught.value.name
        assert caught.value.remedy


@pytest.mark.asyncio
async def test_a_code_without_the_key_is_refused(way, hq, device):
    """If it were not, the wire would be enough to enrol a stranger's key."""
    hq.issue_code("CODE", "store-1", "till-1")
    request = msgspec.structs.replace(a_request(device), proof="00" * 64)
    async with way.reach(hq) as link_:
        with pytest.raises(HqRefused) as caught:
            await link_.enrol(request)
    assert "bad-proof" == caught.value.name


@pytest.mark.asyncio
async def test_a_batch_is_acked_under_hqs_signature(way, hq, device):
    """If it were not, nothing would ever count as sent."""
    bodies = [bytes([n]) * n for n in range(1, 41)]
    chain = chain_of(device, bodies)
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        ack = await link_.send(a_batch(chain, 1, 40))
    assert (40, chain[1][40].hex()) == (ack.seq, ack.hash)
    assert genuine(ack, SALES, verifier(hq))
    assert bodies == [row.body for row in hq.rows(SALES)]


@pytest.mark.asyncio
async def test_the_same_batch_twice_is_one_success(way, hq, device):
    """If it were not, a lost reply would double a sale or stop the journal."""
    chain = chain_of(device, [b"1", b"2", b"3"])
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        first = await link_.send(a_batch(chain, 1, 2))
        assert first == await link_.send(a_batch(chain, 1, 2))
        assert 3 == (await link_.send(a_batch(chain, 2, 3))).seq
    assert 3 == len(hq.rows(SALES))


@pytest.mark.asyncio
async def test_behind_fork_and_epoch_arrive_as_values(way, hq, device):
    """If they came as failures, the till would wait instead of resending or raising the alarm."""
    chain = chain_of(device, [b"1", b"2", b"3"])
    other = chain_of(device, [b"1", b"x", b"3"])
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        behind = await link_.send(a_batch(chain, 3, 3))
        assert (0, "behind") == (behind.have_seq, behind.name)
        backup = hq.backup()
        last = evidence(await link_.send(a_batch(chain, 1, 2)))
        fork = await link_.send(a_batch(other, 1, 3))
        assert Fork(2, chain[1][2].hex(), common_seq=1) == fork
        hq.restore(backup)
        rewound = await link_.send(a_batch(chain, 3, 3, last_ack=last))
    assert isinstance(rewound, Behind)
    assert ("epoch", 0, hq.database.epoch) == (rewound.name, rewound.have_seq, rewound.epoch)


@pytest.mark.asyncio
async def test_a_forgotten_till_is_refused_by_name_and_readmitted(way, hq, device):
    """If it were not, an HQ restored from a backup would need an operator at every till."""
    chain = chain_of(device, [b"1"])
    backup = hq.backup()
    async with way.reach(hq) as link_:
        answer = await enrolled(link_, hq, device)
        hq.restore(backup)
        with pytest.raises(HqRefused) as caught:
            await link_.send(a_batch(chain, 1, 1))
        assert "unknown-device" == caught.value.name
        await link_.enrol(readmission(a_request(device), answer, device.sign))
        assert 1 == (await link_.send(a_batch(chain, 1, 1))).seq


@pytest.mark.asyncio
async def test_a_malformed_batch_is_refused_with_a_reason(way, hq, device):
    """If it were an endless retry without a word, nobody would know what to do."""
    chain = chain_of(device, [b"1"])
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        with pytest.raises(HqRefused, match="own tail"):
            await link_.send(a_batch(chain, 1, 1, tail_seq=0))


@pytest.mark.asyncio
async def test_a_feed_is_read_from_the_start_and_on(way, hq, device):
    """If it were not, the till would miss prices and customers, or read them for ever."""
    hq.publish("global", "item:1", 1, body=b'{"name":"Milk"}')
    hq.publish("global", "item:2", 1)
    hq.publish("global", "item:1", 2, op="del")
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        page = await link_.feed("global", "", 0)
        assert [("item:2", "put"), ("item:1", "del")] == [(i.key, i.op) for i in page.items]
        hq.publish("global", "item:3", 1, body=b'{"price":[1.0,  "\xc3\xa4"]}')
        after = await link_.feed("global", page.cursor, 0)
        assert ["item:3"] == [item.key for item in after.items]
        assert not after.more
        assert () == (await link_.feed("global", after.cursor, 0)).items
        assert () == (await link_.feed("store:store-1", "", 0)).items


@pytest.mark.asyncio
async def test_a_long_feed_comes_in_pages(way, hq, device):
    """If a page were cut without saying so, the rest would come with the next change only."""
    for n in range(FEED_ITEMS_MAX + 1):
        hq.publish("global", f"item:{n}", 1)
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        page = await link_.feed("global", "", 0)
        assert (FEED_ITEMS_MAX, True) == (len(page.items), page.more)
        rest = await link_.feed("global", page.cursor, 0)
        assert (1, False) == (len(rest.items), rest.more)


@pytest.mark.asyncio
async def test_a_position_of_another_feed_is_gone(way, hq, device):
    """If it were not, a till would skip what a restored HQ publishes under the same numbers."""
    backup = hq.backup()
    hq.publish("global", "item:1", 1)
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        cursor = (await link_.feed("global", "", 0)).cursor
        hq.restore(backup)
        with pytest.raises(FeedGone):
            await link_.feed("global", cursor, 0)


@pytest.mark.asyncio
async def test_an_hq_that_is_away_is_unreachable_and_can_be_back(way, hq, device):
    """If it were another fault, a till would stop instead of trying again."""
    chain = chain_of(device, [b"1"])
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        await way.cut(link_)
        for ask in (
            lambda: link_.send(a_batch(chain, 1, 1)),
            lambda: link_.feed("global", "", 0),
            lambda: link_.enrol(a_request(device)),
        ):
            with pytest.raises(HqUnreachable) as caught:
                await ask()
            assert caught.value.remedy
        await way.mend(link_)
        assert 1 == (await link_.send(a_batch(chain, 1, 1))).seq


@pytest.mark.asyncio
async def test_a_snapshot_comes_signed_and_in_pieces(way, hq, device):
    """If it did not, a till would read a million customers one by one, or believe anybody's."""
    content = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(200))
    cursor = f"{hq.database.epoch}.0.{ORIGIN}"
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        with pytest.raises(NoSnapshot):
            await link_.snapshot("global")
        hq.shelf.building.add("global")
        with pytest.raises(HqSlowDown):
            await link_.snapshot("global")
        hq.shelf.building.clear()
        made = hq.shelf.offer("global", cursor, content, chunk_bytes=1000)
        manifest = read_manifest(await link_.snapshot("global"), "global", verifier(hq))
        assert (made, 7) == (manifest, len(manifest.chunks))
        pieces = [
            await link_.snapshot_chunk("global", manifest.snapshot_id, n)
            for n in range(len(manifest.chunks))
        ]
        assert all(map(is_chunk, manifest.chunks, pieces))
        for asked in ((manifest.snapshot_id, 7), ("0" * 32, 0)):
            with pytest.raises(NoSnapshot):
                await link_.snapshot_chunk("global", *asked)
        with pytest.raises(NoSnapshot):
            await link_.snapshot("store:store-1")


@pytest.mark.asyncio
async def test_a_snapshot_of_another_epoch_is_none(way, hq, device):
    """If it were one, a till would install what a restored HQ no longer holds."""
    async with way.reach(hq) as link_:
        await enrolled(link_, hq, device)
        hq.shelf.offer("global", f"0-gone.0.{ORIGIN}", b"content")
        with pytest.raises(NoSnapshot):
            await link_.snapshot("global")


@pytest.mark.asyncio
async def test_a_lease_is_given_once_under_hqs_signature(way, hq):
    """If it were not, a lost answer would take a customer's points twice, or anybody give them."""
    hq.values["ada", "points"] = 100
    asked = LeaseAsk("lease-1", "ada", "points", 60, "store-1", "till-1", SIDE, "sale-1")
    async with way.reach(hq) as link_:
        signed = await link_.lease(asked)
        assert signed == await link_.lease(asked)
        order = read_order(signed, verifier(hq))
        lease = read_lease(bytes(order.body))
        assert ("lease-1", 60, SIDE) == (order.order_id, lease.cap, lease.journal)
        with pytest.raises(HqRefused) as caught:
            await link_.lease(msgspec.structs.replace(asked, lease_id="lease-2"))
    assert ("not-enough-value", 40) == (caught.value.name, hq.values["ada", "points"])
    assert "40" in caught.value.remedy
