"""Who may do what: successors, new keys, machines with several tills, revoked and replaced ones."""

from __future__ import annotations

import secrets
import shutil

import httpx
import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqRefused
from agent.core.exchange.credentials import (
    key_id,
    read_credential,
    renewal,
    succession,
)
from agent.core.exchange.wire import ANCESTORS_MAX, Ancestor, Fork, Predecessor
from agent.links.http import HttpLink
from central.intake.orders import revoke
from central.intake.root_key import verifier
from central.ledger.authority_tables import ADMISSIONS, REVOKED_DEVICES
from central.ledger.engine import writing
from central.ledger.tables import CREDENTIALS, INCIDENTS, JOURNALS
from tests.central.intake.machines import (
    kept_of,
    link_of,
    name_of,
    renewed_to,
    successor,
    whole,
)
from tests.central.served import Till, served_hq

pytestmark = pytest.mark.asyncio
NOW = "2026-11-22T06:00:00.000Z"


async def test_a_successor_is_let_in_by_credential_and_both_journals_are_listed(hq):
    """Wrong: after a fork the till's sales stay out until a person comes with a code."""
    till, link = await hq.enrolled()
    till.seal(3)
    await link.send(till.batch())
    new, request = successor(till, seq=2)
    new.answer = await link.enrol(request)
    assert new.answer == await link.enrol(request)
    new.seal(2)
    assert 2 == (await link.send(new.batch())).seq
    old = next(row for row in hq.rows(JOURNALS) if row.journal_id == till.journals["side"])
    assert ("succeeded", 2, till.hash_at("side", 2), new.journals["side"]) == (
        old.ended_why,
        old.ended_seq,
        old.ended_hash,
        old.successor,
    )
    (store,) = (await hq.staff.get("/v1/stores")).json()
    lanes = {lane["journal_id"]: lane for lane in store["tills"][0]["lanes"]}
    assert set(till.journals.values()) | set(new.journals.values()) == set(lanes)
    assert 0 == sum(lane["lag"] for lane in lanes.values())
    assert "active" == store["tills"][0]["state"]
    assert [None] * 3 == whole(hq)


async def test_a_successor_of_anothers_journal_is_refused(hq):
    """Wrong: one till takes over the books of another by calling them its predecessor."""
    victim, _ = await hq.enrolled()
    thief, link = await hq.enrolled("store-0001", "till-2")
    victim_head = Predecessor(victim.journals["side"], 0, victim.genesis("side").hex(), "fork")
    request = succession(
        thief.request(""),
        thief.answer,
        thief.key.sign,
        {"side": (secrets.token_hex(16), thief.public, victim_head)},
    )
    assert "credential-not-genuine" != await name_of(link.enrol(request))
    code = msgspec.structs.replace(
        thief.request(hq.code(thief)),
        journals=thief.journals | {"side": secrets.token_hex(16)},
        predecessors={"side": victim_head},
    )
    assert "not-your-predecessor" == await name_of(link.enrol(code))
    assert 4 == len(hq.rows(JOURNALS))


async def test_a_succession_hq_never_saw_is_taken_and_told(hq):
    """Wrong: a till whose file was put together from two is locked out, or nobody looks at it."""
    till, link = await hq.enrolled()
    till.seal(2)
    await link.send(till.batch())
    new, request = successor(till, seq=2, hash_=bytes(32))
    new.answer = await link.enrol(request)
    new.seal(1)
    assert 1 == (await link.send(new.batch())).seq
    assert ["succession-differs"] == [row.name for row in hq.rows(INCIDENTS)]


async def test_the_old_key_counts_until_the_new_one_has_signed(hq):
    """Wrong: a lost answer during a renewal locks the till out, or both keys stay valid."""
    till, link = await hq.enrolled()
    till.seal(3)
    await link.send(till.batch(1, 1))
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    request = renewal(
        till.request(""), till.answer, new_key=public, old_sign=till.key.sign, new_sign=key.sign
    )
    answer = await link.enrol(request)
    assert answer.credential == (await link.enrol(request)).credential
    assert 2 == (await link.send(till.batch(2, 1))).seq
    renewed = HttpLink(hq.url, private_key=key, keyid=key_id(public))
    hq.links.append(renewed)
    assert 3 == (await renewed.send(till.batch(3))).seq
    assert "revoked" == await name_of(link.send(till.batch(3)))
    assert answer.credential == (await renewed.enrol(request)).credential
    assert [None, None] == whole(hq)
    thief = Ed25519PrivateKey.generate()
    forged = renewal(
        till.request(""),
        till.answer,
        new_key=thief.public_key().public_bytes_raw(),
        old_sign=thief.sign,
        new_sign=thief.sign,
    )
    assert "wrong-credential" == await name_of(link.enrol(forged))


async def test_a_key_is_renewed_again_before_it_has_signed(hq):
    """Wrong: a shop that sells nothing between three renewals is taken for a copied disk."""
    till, link = await hq.enrolled()
    request, answer, signs, links = till.request(""), till.answer, till.key.sign, []
    for _ in range(3):
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        asked = renewal(request, answer, new_key=public, old_sign=signs, new_sign=key.sign)
        answer = await link.enrol(asked)
        request = msgspec.structs.replace(
            asked, credential="", credential_signature="", replaces_key="", replaces_proof=""
        )
        signs = key.sign
        links.append(HttpLink(hq.url, private_key=key, keyid=key_id(public)))
    hq.links += links
    till.seal(2)
    assert 1 == (await links[1].send(till.batch(1, 1))).seq
    assert 2 == (await links[2].send(till.batch(2))).seq
    for old in (link, *links[:2]):
        assert "revoked" == await name_of(old.send(till.batch(2)))
    assert [None, None] == whole(hq)


async def test_a_copy_from_before_a_renewal_is_let_in_again_by_a_code(hq):
    """Wrong: a till put back from an old copy can hand in what it sells since by no means."""
    till, link = await hq.enrolled()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    asked = renewal(
        till.request(""), till.answer, new_key=public, old_sign=till.key.sign, new_sign=key.sign
    )
    await link.enrol(asked)
    renewed = HttpLink(hq.url, private_key=key, keyid=key_id(public))
    hq.links.append(renewed)
    till.seal(2)
    await renewed.send(till.batch(1, 1))
    assert "revoked" == await name_of(link.send(till.batch(2)))
    await link.enrol(till.request(hq.code(till)))
    assert 2 == (await link.send(till.batch(2))).seq
    assert "revoked" == await name_of(renewed.send(till.batch(2)))
    assert [None, None] == whole(hq)


async def test_who_lost_its_credential_brings_what_has_ended_to_an_hq_that_forgot_it(hq):
    """Wrong: after a salvage and a restore the sales before the damage stay at the till."""
    till, new = Till(), Till()
    till.seal(3)
    new.key, new.public, new.keyid = till.key, till.public, till.keyid
    before = Predecessor(till.journals["side"], 3, till.hash_at("side", 3).hex(), "damaged")
    new.born = {"side": (bytes.fromhex(before.hash), till.public)}
    told = Ancestor(before.journal_id, "side", till.genesis("side").hex(), till.public.hex())
    foreign = msgspec.structs.replace(told, journal_id="ab" * 16)
    asked = msgspec.structs.replace(
        new.request(hq.code(new)), predecessors={"side": before}, ancestors=(told, foreign)
    )
    link = new.link(hq.url)
    hq.links.append(link)
    new.answer = await link.enrol(asked)
    new.seal(1)
    assert 1 == (await link.send(new.batch())).seq
    assert 3 == (await link.send(till.batch())).seq
    assert {*till.journals.values(), *new.journals.values()} >= {
        row.journal_id for row in hq.rows(JOURNALS)
    }
    assert not [fault for fault in whole(hq) if fault]


@pytest.mark.parametrize(
    "told",
    [
        [Ancestor("no id", "side", "00" * 32)],
        [Ancestor("ab" * 16, "upper", "00" * 32)],
        [Ancestor("ab" * 16, "side", "00" * 32)] * (ANCESTORS_MAX + 1),
    ],
)
async def test_ended_journals_that_are_none_are_refused(hq, told):
    """Wrong: a device fills HQ's tables by one code, or makes it answer by a traceback."""
    till = Till()
    asked = msgspec.structs.replace(till.request(hq.code(till)), ancestors=tuple(told))
    link = till.link(hq.url)
    hq.links.append(link)
    assert "bad-input" == await name_of(link.enrol(asked))


async def test_a_rewound_hq_takes_back_new_keys_and_successors(tmp_path):
    """Wrong: a till that changed its key or journal after the backup waits for a person (P5)."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with served_hq(live) as hq:
        till, link = await hq.enrolled()
    shutil.copytree(live, backup)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    async with served_hq(live) as hq:
        link = till.link(hq.url)
        hq.links.append(link)
        till.seal(4)
        await link.send(till.batch())
        new, request = successor(till, seq=3)
        new.answer = await link.enrol(request)
        new.seal(2)
        await link.send(new.batch())
        asked = renewal(
            request, new.answer, new_key=public, old_sign=till.key.sign, new_sign=key.sign
        )
        answer = await link.enrol(asked)
        renewed = HttpLink(hq.url, private_key=key, keyid=key_id(public))
        hq.links.append(renewed)
        await renewed.send(new.batch(3))
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with served_hq(live) as hq:
        renewed = HttpLink(hq.url, private_key=key, keyid=key_id(public))
        hq.links.append(renewed)
        assert "unknown-device" == await name_of(renewed.send(new.batch()))
        shown = msgspec.structs.replace(
            asked,
            replaces_key="",
            replaces_proof="",
            credential=answer.credential,
            credential_signature=answer.signature,
        )
        assert answer.credential == (await renewed.enrol(shown)).credential
        assert 2 == (await renewed.send(new.batch())).seq
        assert 3 == (await renewed.send(till.batch(1, 3))).seq
        old = till.link(hq.url)
        hq.links.append(old)
        assert "revoked" == await name_of(old.send(till.batch(4)))
        assert [None] * 3 == whole(hq)


async def test_a_forgotten_predecessor_is_bound_again_by_the_credential(tmp_path):
    """Wrong: what the sealed journal had sent before the rewind can never be sent again (P5)."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with served_hq(live):
        pass
    shutil.copytree(live, backup)
    async with served_hq(live) as hq:
        till, link = await hq.enrolled()
        till.seal(4)
        await link.send(till.batch())
        middle, request = successor(till, seq=3)
        middle.answer = await link.enrol(request)
        middle.seal(2)
        newest = secrets.token_hex(16)
        before = Predecessor(middle.journals["side"], 1, middle.hash_at("side", 1).hex(), "fork")
        again = succession(
            request, middle.answer, till.key.sign, {"side": (newest, till.public, before)}
        )
        answer = await link.enrol(again)
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with served_hq(live) as hq:
        link = till.link(hq.url)
        hq.links.append(link)
        shown = msgspec.structs.replace(
            again, credential=answer.credential, credential_signature=answer.signature
        )
        await link.enrol(shown)
        assert 3 == (await link.send(till.batch(1, 3))).seq
        assert 1 == (await link.send(middle.batch(1, 1))).seq
        assert [None] * 4 == whole(hq)


@pytest_asyncio.fixture
async def machine(hq):
    """One machine with two tills, and their links."""
    first, link = await hq.enrolled()
    second = Till("store-0001", "till-2")
    second.key, second.public, second.keyid = first.key, first.public, first.keyid
    second.answer = await link.enrol(second.request(hq.code(second)))
    return first, second, link


async def test_a_machine_that_loses_one_till_keeps_the_other(hq, machine):
    """Wrong: replacing one till of a machine shuts out its neighbour, or replaces nothing."""
    first, second, link = machine
    for till in (first, second):
        till.seal(1)
        await link.send(till.batch())
    newcomer, other = await hq.enrolled("store-0001", "till-1")
    newcomer.seal(1)
    assert 1 == (await other.send(newcomer.batch())).seq
    first.seal(1)
    second.seal(1)
    assert "revoked" == await name_of(link.send(first.batch(2)))
    assert 2 == (await link.send(second.batch(2))).seq
    left = {(row.lane, row.have_seq) for row in newcomer.answer.replaced}
    assert {("sales", 0), ("side", 1)} == left
    states = {
        (till["till"], till["state"])
        for till in (await hq.staff.get("/v1/stores")).json()[0]["tills"]
    }
    assert {("till-1", "replaced"), ("till-1", "active"), ("till-2", "active")} == states


async def test_a_newer_device_outweighs_the_one_a_rewound_hq_remembers(tmp_path):
    """Wrong: after a rewind the old machine counts, and the one in the shop is locked out (P5)."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with served_hq(live) as hq:
        old, _ = await hq.enrolled()
    shutil.copytree(live, backup)
    async with served_hq(live) as hq:
        new, _ = await hq.enrolled()
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with served_hq(live) as hq:
        one, two = old.link(hq.url), new.link(hq.url)
        hq.links += [one, two]
        old.seal(1)
        new.seal(1)
        assert 1 == (await one.send(old.batch())).seq
        await two.enrol(new.readmission())
        assert 1 == (await two.send(new.batch())).seq
        old.seal(1)
        assert "revoked" == await name_of(one.send(old.batch(2)))
        assert "revoked" == await name_of(one.enrol(old.readmission()))
        generations = {row.generation for row in hq.rows(ADMISSIONS)}
        assert {1, 2} == generations


async def test_a_revoked_key_is_never_let_in_again(hq):
    """Wrong: who stole a machine gets back in with its credential, or with an overheard code."""
    till, link = await hq.enrolled()
    root = read_credential(
        till.answer.credential, till.answer.signature, verifier(bytes.fromhex(till.answer.root_key))
    )
    assert till.keyid == key_id(bytes.fromhex(root.device_key))
    with writing(hq.engine) as conn:
        revoke(conn, hq.root, till.public.hex(), reason="stolen", now=NOW)
    till.seal(1)
    with pytest.raises(HqRefused, match="stolen") as caught:
        await link.send(till.batch())
    assert "revoked" == caught.value.name
    assert "revoked" == await name_of(link.enrol(till.readmission()))
    assert "revoked" == await name_of(link.enrol(till.request(hq.code(till))))
    assert [till.public.hex()] == [row.device_key for row in hq.rows(REVOKED_DEVICES)]
    assert ["stolen"] == [row.revoked_why for row in hq.rows(CREDENTIALS)]


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("global", True), ("store:store-0001", True), ("store:store-0002", False), ("x", False)],
)
async def test_a_device_reads_its_own_scopes_only(hq, scope, allowed):
    """Wrong: a till of one store reads the customers or prices of another."""
    _, link = await hq.enrolled()
    await hq.enrolled("store-0002", "till-1")
    if allowed:
        assert () == (await link.feed(scope, "", 0)).items
    else:
        assert "not-your-scope" == await name_of(link.feed(scope, "", 0))


async def test_a_device_reads_nothing_meant_for_people(hq):
    """Wrong: a till, or whoever took its key, reads the customers or status of the whole chain."""
    till, _ = await hq.enrolled()
    paths = ["/v1/stores", "/v1/parties/x", "/v1/days", "/v1/parties/search"]
    async with httpx.AsyncClient(base_url=hq.url, trust_env=False) as client:
        for path in paths:
            signed = {"Authorization": f"Bearer {till.keyid}"}
            assert 401 == (await client.get(path, headers=signed)).status_code, path


async def test_a_device_reads_another_stores_snapshot_never(hq):
    """Wrong: a snapshot opens what the feed keeps shut."""
    _, link = await hq.enrolled()
    reply = await link._ask("GET", "/v1/snapshots/store:store-0002")
    assert reply[0] in {401, 403, 404}


async def test_a_device_enrols_for_its_own_till_only(hq, new_till):
    """Wrong: a credential opens another till, or is worth anything without its key."""
    till, link = await hq.enrolled()
    for field, value in (("store", "store-0002"), ("till", "till-9")):
        other = msgspec.structs.replace(till.readmission(), **{field: value})
        assert "wrong-credential" == await name_of(link.enrol(other))
    thief = new_till()
    stolen = msgspec.structs.replace(
        thief.request(""),
        credential=till.answer.credential,
        credential_signature=till.answer.signature,
    )
    assert "wrong-credential" == await name_of(link.enrol(stolen))


async def test_a_clone_never_gets_acks_beside_the_original(hq):
    """Wrong: two machines with one journal both write it (I13)."""
    till, link = await hq.enrolled()
    till.seal(2)
    await link.send(till.batch(1, 1))
    clone = till.batch(2, incarnation="f" * 32)
    assert 2 == (await link.send(clone)).seq
    assert isinstance(await link.send(till.batch(2)), Fork)


@pytest.mark.parametrize("renewals", [1, 2])
async def test_a_rewound_hq_takes_back_a_key_renewed_after_its_backup(tmp_path, renewals):
    """Wrong: a till whose key was renewed before a backup and after it waits for a person."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with served_hq(live) as hq:
        till, link = await hq.enrolled()
        first = Ed25519PrivateKey.generate()
        asked = renewed_to(first, till.request(""), till.answer, till.key.sign)
        answer = await link.enrol(asked)
        link = link_of(hq, first)
        till.seal(4)
        await link.send(till.batch(1, 2))
    shutil.copytree(live, backup)
    key = first
    async with served_hq(live) as hq:
        for _ in range(renewals):
            signs, key = key.sign, Ed25519PrivateKey.generate()
            asked = renewed_to(key, kept_of(asked), answer, signs)
            answer = await link_of(hq, first).enrol(asked)
        await link_of(hq, key).send(till.batch(3))
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with served_hq(live) as hq:
        link = link_of(hq, key)
        assert "unknown-device" == await name_of(link.send(till.batch(3)))
        assert answer.credential == (await link.enrol(kept_of(asked, answer))).credential
        assert 4 == (await link.send(till.batch(3))).seq
        assert "revoked" == await name_of(link_of(hq, first).send(till.batch(3)))
        assert [None, None] == whole(hq)
