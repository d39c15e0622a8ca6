"""Batches, as the agent's own link sends them, to a real HQ."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import zstandard
from http_message_signatures import HTTPMessageSigner
from sqlalchemy import func, select

from agent.contracts.hq import HqRefused
from agent.core.entries.bodies import CashierSigned
from agent.core.exchange.acks import evidence, genuine
from agent.core.exchange.coding import BATCH_MEDIA_TYPE, content_digest, encode_batch
from agent.core.exchange.wire import Ack, Behind, Fork, WireRecord
from agent.core.sale.model import Stamp
from agent.links.packing import packed as links_packed
from agent.links.signing import DeviceSigner
from central.intake.root_key import verifier
from central.ledger.engine import reading
from central.ledger.tables import BODIES, CHAIN, CONTACTS, ERASE_ORDERS, INCIDENTS

pytestmark = pytest.mark.asyncio


def root_verify(till):
    return verifier(bytes.fromhex(till.answer.root_key))


async def post_signed(hq, till, content, *, headers=None, journal_id=None, sign=True):
    """Send any bytes as a batch, signed like one unless told otherwise."""
    sent = {
        "Content-Type": BATCH_MEDIA_TYPE,
        "Content-Encoding": "zstd",
        "X-Sync-Version": "1",
        "Content-Digest": content_digest(content),
    }
    path = f"/v1/journals/{journal_id or till.journals['side']}/batches"
    async with httpx.AsyncClient(trust_env=False) as client:
        request = client.build_request("POST", hq.url + path, content=content, headers=sent)
        if sign:
            DeviceSigner(till.key, till.keyid).sign(request, content)
        request.headers.update(headers or {})
        return await client.send(request)


def packed(batch):
    return zstandard.ZstdCompressor().compress(encode_batch(batch))


async def test_an_accepted_batch_is_stored_byte_for_byte_and_acked_under_hqs_signature(hq):
    """Wrong: what HQ holds is not what the till sealed, or the ack proves nothing."""
    till, link = await hq.enrolled()
    till.seal(5)
    ack = await link.send(till.batch())
    assert (5, till.hash_at("side", 5).hex()) == (ack.seq, ack.hash)
    assert genuine(ack, till.journals["side"], root_verify(till))
    assert [(one.salt, one.body) for one in till.chains["side"]] == [
        (row.salt, row.body) for row in hq.rows(BODIES)
    ]
    assert [one.hash for one in till.chains["side"]] == [row.hash for row in hq.rows(CHAIN)]
    await link.aclose()


async def test_the_same_records_twice_in_other_pieces_are_one_success(hq):
    """Wrong: a reply that was lost makes doubles, or an error, of a resend (P3)."""
    till, link = await hq.enrolled()
    till.seal(6)
    await link.send(till.batch(1, 4))
    again = await link.send(till.batch(2))
    assert isinstance(again, Ack)
    assert 6 == again.seq
    assert list(range(1, 7)) == [row.seq for row in hq.rows(CHAIN)]
    await link.aclose()


async def test_a_gap_is_answered_with_what_is_held(hq):
    """Wrong: HQ takes records out of order, or the till cannot find out where to go on."""
    till, link = await hq.enrolled()
    till.seal(6)
    await link.send(till.batch(1, 2))
    reply = await link.send(till.batch(5))
    assert isinstance(reply, Behind)
    assert ("behind", 2, till.hash_at("side", 2).hex()) == (
        reply.name,
        reply.have_seq,
        reply.have_hash,
    )
    await link.aclose()


@pytest.mark.both_databases
async def test_another_record_under_a_known_number_is_a_fork_and_an_incident(hq):
    """Wrong: HQ overwrites what it holds, or keeps quiet about a rewritten journal (P4)."""
    till, link = await hq.enrolled()
    till.seal(3)
    await link.send(till.batch())
    held = [row.body for row in hq.rows(BODIES)]
    till.chains["side"].clear()
    till.seal(3, body=CashierSigned("x", till.store, till.till, Stamp("2", 1, "b")))
    assert isinstance(await link.send(till.batch()), Fork)
    assert isinstance(await link.send(till.batch()), Fork)
    assert held == [row.body for row in hq.rows(BODIES)]
    assert ["fork"] == [row.name for row in hq.rows(INCIDENTS)]
    await link.aclose()


async def test_two_machines_with_one_journal_never_both_get_acks(hq):
    """Wrong: a copied disk feeds HQ beside the original (I13)."""
    till, link = await hq.enrolled()
    till.seal(2)
    await link.send(till.batch(1, 1))
    assert isinstance(await link.send(till.batch(2, incarnation="clone")), Ack)
    assert isinstance(await link.send(till.batch(2)), Fork)
    await link.aclose()


async def test_a_heartbeat_moves_the_contact_and_nothing_else(hq):
    """Wrong: HQ cannot tell a till that has nothing to say from one that is gone."""
    till, link = await hq.enrolled()
    till.seal(1)
    await link.send(till.batch())
    beat = till.batch(2, backlog_bytes=7, oldest_unacked_age_s=3, agent_version="9.9")
    ack = await link.send(msgspec.structs.replace(beat, tail_seq=4))
    (contact,) = hq.rows(CONTACTS)
    assert (1, 4, 7, 3, "9.9") == (
        ack.seq,
        contact.tail_seq,
        contact.backlog_bytes,
        contact.oldest_unacked_age_s,
        contact.agent_version,
    )
    (store,) = (await hq.staff.get("/v1/stores")).json()
    lane = next(one for one in store["tills"][0]["lanes"] if one["lane"] == "side")
    assert (1, 4, 3) == (lane["have_seq"], lane["tail_seq"], lane["lag"])
    await link.aclose()


@pytest.mark.both_databases
async def test_an_erased_record_travels_as_its_commitment(hq):
    """Wrong: after an erasure at the till its journal could never again reach HQ."""
    till, link = await hq.enrolled()
    till.seal(2)
    gone = till.chains["side"][0]
    erased = WireRecord(1, gone.kind, gone.version, b"", b"", gone.commitment, "order-7")
    whole = till.batch()
    ack = await link.send(msgspec.structs.replace(whole, records=(erased, whole.records[1])))
    assert 2 == ack.seq
    assert [(1, "order-7")] == [(row.seq, row.erased_by) for row in hq.rows(ERASE_ORDERS)]
    assert [2] == [row.seq for row in hq.rows(BODIES)]
    await link.aclose()


async def test_a_device_appends_to_its_own_journals_only(hq):
    """Wrong: one till can write into the books of another."""
    victim, first = await hq.enrolled()
    thief, second = await hq.enrolled("store-0001", "till-2")
    victim.seal(1)
    with pytest.raises(HqRefused) as caught:
        await second.send(victim.batch())
    assert "not-your-journal" == caught.value.name
    assert [] == hq.rows(CHAIN)
    await first.aclose()
    await second.aclose()
    assert thief.keyid != victim.keyid


async def test_an_unknown_device_is_told_so(hq, new_till):
    """Wrong: a till HQ has forgotten cannot tell this from a broken signature."""
    till = new_till()
    till.seal(1)
    link = till.link(hq.url)
    with pytest.raises(HqRefused) as caught:
        await link.send(till.batch())
    assert "unknown-device" == caught.value.name
    assert "enrol-code" in caught.value.remedy
    await link.aclose()


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({"Content-Digest": content_digest(b"other")}, 401, "bad-signature"),
        ({"Signature": "till=:AAAA:"}, 401, "bad-signature"),
        ({"Signature-Input": "nonsense"}, 401, "bad-signature"),
        ({"X-Sync-Version": "2"}, 426, "sync-version"),
        ({"Content-Type": "application/json"}, 415, "wrong-media-type"),
        ({"Content-Encoding": "gzip"}, 415, "wrong-media-type"),
    ],
)
async def test_a_tampered_request_is_refused_with_a_remedy(hq, headers, status, name):
    """Wrong: HQ takes what the till did not sign, or refuses without saying why."""
    till, link = await hq.enrolled()
    till.seal(1)
    reply = await post_signed(hq, till, packed(till.batch()), headers=headers)
    assert (status, f"urn:till-agent:problem:{name}") == (reply.status_code, reply.json()["type"])
    assert "application/problem+json" == reply.headers["content-type"]
    assert reply.json()["remedy"]
    assert [] == hq.rows(CHAIN)
    await link.aclose()


async def test_a_request_without_signature_is_refused(hq):
    """Wrong: anybody who can reach HQ can write."""
    till, link = await hq.enrolled()
    reply = await post_signed(hq, till, b"", sign=False)
    assert (401, "urn:till-agent:problem:bad-signature") == (
        reply.status_code,
        reply.json()["type"],
    )
    await link.aclose()


async def test_a_signature_that_leaves_out_the_digest_is_refused(hq, monkeypatch):
    """Wrong: the content can be exchanged under a genuine signature."""
    till, link = await hq.enrolled()
    till.seal(1)
    monkeypatch.setattr("agent.links.signing.is_plain", lambda _path: False)
    monkeypatch.setattr("agent.links.signing.SIGNED_COMPONENTS", ("@method", "@path"))
    reply = await post_signed(hq, till, packed(till.batch()))
    assert 401 == reply.status_code
    await link.aclose()


@pytest.mark.parametrize("is_plain", [True, False])
async def test_a_query_that_was_changed_on_the_way_is_refused(hq, monkeypatch, is_plain):
    """Wrong: who sits on the way has a till skip changes, or read them from the start for ever."""
    sign = DeviceSigner.sign

    def sign_and_change(self, request, content, version):
        sign(self, request, content, version)
        request.url = request.url.copy_set_param("limit", "1")

    _, link = await hq.enrolled()
    monkeypatch.setattr("agent.links.signing.is_plain", lambda _target: is_plain)
    assert () == (await link.feed("global", "", 0)).items
    monkeypatch.setattr(DeviceSigner, "sign", sign_and_change)
    with pytest.raises(HqRefused) as caught:
        await link.feed("global", "", 0)
    assert "bad-signature" == caught.value.name


@pytest.mark.parametrize("year", [1902, 1970, 2199])
async def test_a_till_with_a_wrong_clock_is_served(hq, monkeypatch, year):
    """Wrong: a till whose clock is off by decades cannot sync (P11)."""
    till, link = await hq.enrolled()
    till.seal(1)
    at = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    monkeypatch.setattr("agent.links.signing.time.time", lambda: at)
    assert 1 == (await link.send(till.batch())).seq
    await link.aclose()


@pytest.mark.parametrize("year", [1970, 2199])
async def test_a_wrong_clock_in_a_signature_of_another_form_is_served(hq, monkeypatch, year):
    """Wrong: only what agents of today write is excused from telling the time (P11)."""
    original = HTTPMessageSigner.sign

    def at_another_time(self, message, **values):
        created = datetime(year, 1, 1, tzinfo=UTC)
        return original(self, message, created=created, **values)

    till, link = await hq.enrolled()
    till.seal(1)
    monkeypatch.setattr("agent.links.signing.is_plain", lambda _path: False)
    monkeypatch.setattr(HTTPMessageSigner, "sign", at_another_time)
    assert 1 == (await link.send(till.batch())).seq
    await link.aclose()


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        (b"no zstd", 400, "malformed-batch"),
        (zstandard.ZstdCompressor().compress(b"no msgpack"), 400, "malformed-batch"),
        (zstandard.ZstdCompressor().compress(b"{}" * 100)[:-9], 400, "malformed-batch"),
        (zstandard.ZstdCompressor().compress(bytes(9 << 20)), 413, "too-large"),
        (bytes((1 << 20) + 1), 413, "too-large"),
    ],
    ids=["noise", "not a batch", "cut off", "bomb", "too long"],
)
async def test_what_is_no_batch_is_refused_and_hq_stays_up(hq, content, status, name):
    """Wrong: noise or a decompression bomb brings HQ down or is taken for a batch."""
    till, link = await hq.enrolled()
    reply = await post_signed(hq, till, content)
    assert (status, f"urn:till-agent:problem:{name}") == (reply.status_code, reply.json()["type"])
    till.seal(1)
    assert 1 == (await link.send(till.batch())).seq
    await link.aclose()


async def test_a_batch_sent_to_another_journals_address_is_refused(hq):
    """Wrong: the address says one journal and the content fills another."""
    till, link = await hq.enrolled()
    till.seal(1)
    reply = await post_signed(hq, till, packed(till.batch()), journal_id=till.journals["sales"])
    assert (400, "urn:till-agent:problem:malformed-batch") == (
        reply.status_code,
        reply.json()["type"],
    )
    await link.aclose()


async def test_an_hq_restored_from_a_backup_heals_from_the_till(hq_at, tmp_path):
    """Wrong: records acknowledged after the backup are lost when HQ is restored (P5, I8)."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with hq_at(live) as hq:
        till, link = await hq.enrolled()
        till.seal(2)
        await link.send(till.batch())
        await link.aclose()
    shutil.copytree(live, backup)
    async with hq_at(live) as hq:
        till.seal(3)
        link = till.link(hq.url)
        before = await link.send(till.batch(3))
        await link.aclose()
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with hq_at(live) as hq:
        link = till.link(hq.url)
        told = await link.send(till.batch(6, last_ack=evidence(before)))
        assert ("epoch", 2) == (told.name, told.have_seq)
        assert told.epoch.startswith("2-")
        healed = await link.send(till.batch(3))
        assert (5, told.epoch) == (healed.seq, healed.epoch)
        assert ["rewind"] == [row.name for row in hq.rows(INCIDENTS)]
        await link.aclose()


async def test_a_forged_last_ack_cannot_bump_the_epoch(hq):
    """Wrong: one broken till makes every store send everything again."""
    till, link = await hq.enrolled()
    till.seal(1)
    ack = evidence(await link.send(till.batch()))
    forged = msgspec.structs.replace(ack, seq=99)
    with pytest.raises(HqRefused) as caught:
        await link.send(till.batch(2, last_ack=forged))
    assert "bad-last-ack" == caught.value.name
    assert ack.epoch == (await link.send(till.batch(2, last_ack=ack))).epoch
    await link.aclose()


@pytest.mark.both_databases
async def test_many_tills_at_once_are_all_taken_in(hq):
    """Wrong: tills that send at the same time lose batches to one another's locks."""
    tills = [await hq.enrolled("store-0001", f"till-{n}") for n in range(8)]

    async def drain(till, link):
        for base in (1, 11, 21):
            till.seal(10)
            assert base + 9 == (await link.send(till.batch(base))).seq
        await link.aclose()

    await asyncio.gather(*(drain(till, link) for till, link in tills))
    with reading(hq.engine) as conn:
        assert 8 * 30 == conn.execute(select(func.count()).select_from(CHAIN)).scalar_one()


async def test_a_batch_by_the_dictionary_is_the_same_batch(hq):
    """Wrong: HQ offers a coding it does not read, or does not say that it reads it."""
    till, link = await hq.enrolled()
    till.seal(5)
    plain = await post_signed(hq, till, packed(till.batch(count=2)))
    assert (200, "zstd, x-till-1") == (plain.status_code, plain.headers["Accept-Encoding"])
    named = {"Content-Encoding": "x-till-1"}
    lean = links_packed(till.batch(base=3, count=2), "x-till-1")
    answer = await post_signed(hq, till, lean, headers=named)
    assert (200, None) == (answer.status_code, answer.headers.get("Accept-Encoding"))
    assert 400 == (await post_signed(hq, till, lean)).status_code
    elsewhere = await post_signed(hq, till, lean, headers=named, journal_id=till.journals["sales"])
    assert (409, "behind") == (elsewhere.status_code, elsewhere.json()["name"])
    assert (
        415 == (await post_signed(hq, till, lean, headers={"Content-Encoding": "dcz"})).status_code
    )
    for _ in range(2):  # Plain at first, and then by the dictionary.
        assert 5 == (await link.send(till.batch(base=5))).seq
    assert [sealed.body for sealed in till.chains["side"]] == [row.body for row in hq.rows(BODIES)]
