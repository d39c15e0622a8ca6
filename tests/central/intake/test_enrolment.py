"""Enrolment over a served HQ: codes, proofs, credentials, readmission."""

from __future__ import annotations

import shutil

import httpx
import msgspec
import pytest

from agent.contracts.hq import HqRefused
from agent.core.exchange.credentials import accept_answer
from agent.core.faults import InputFault
from agent.settings.checks import ID as AGENT_ID
from central.daemon.state import utc_now
from central.intake.codes import ID, issue_code
from central.intake.root_key import verifier
from central.ledger.engine import writing
from central.ledger.tables import CREDENTIALS, CURSORS, ENROL_CODES, JOURNALS


@pytest.mark.asyncio
async def refused(link, request):
    with pytest.raises(HqRefused) as caught:
        await link.enrol(request)
    assert caught.value.remedy
    return caught.value


@pytest.mark.asyncio
async def test_a_code_lets_its_till_in_with_a_credential_of_the_root_key(hq, new_till):
    """Wrong: the till cannot check who it was enrolled with, or its journals are not bound."""
    till = new_till()
    link = till.link(hq.url)
    request = till.request(hq.code(till))
    answer = await link.enrol(request)
    credential = accept_answer(answer, request, verifier(bytes.fromhex(answer.root_key)))
    assert (till.store, till.till, till.journals) == (
        credential.store,
        credential.till,
        credential.journals,
    )
    assert ("global", "store:store-0001") == answer.scopes
    assert set(till.journals.values()) == {row.journal_id for row in hq.rows(JOURNALS)}
    assert {0} == {row.have_seq for row in hq.rows(CURSORS)}
    await link.aclose()


@pytest.mark.asyncio
async def test_the_same_request_again_gets_the_same_answer(hq, new_till):
    """Wrong: a till whose reply was lost has burnt its code."""
    till = new_till()
    link = till.link(hq.url)
    request = till.request(hq.code(till))
    assert await link.enrol(request) == await link.enrol(request)
    await link.aclose()


@pytest.mark.asyncio
async def test_a_code_is_read_as_it_is_read_out(hq, new_till):
    """Wrong: a code typed in small letters or without dashes is refused."""
    till = new_till()
    link = till.link(hq.url)
    code = hq.code(till)
    await link.enrol(till.request(f" {code.lower().replace('-', '')} "))
    await link.aclose()


@pytest.mark.asyncio
async def test_a_used_code_lets_no_second_device_in(hq, new_till):
    """Wrong: whoever overhears a code can enrol a till of their own."""
    till, other = new_till(), new_till()
    code = hq.code(till)
    link = till.link(hq.url)
    await link.enrol(till.request(code))
    fault = await refused(link, other.request(code))
    assert "wrong-code" == fault.name
    assert "another device" in fault.detail
    await link.aclose()


@pytest.mark.asyncio
async def test_a_code_is_for_one_till_and_for_a_day(hq, new_till):
    """Wrong: a code opens another till, or for ever."""
    till, other = new_till(), new_till("store-0001", "till-2")
    link = till.link(hq.url)
    code = hq.code(till)
    assert "another till" in (await refused(link, other.request(code))).detail
    with writing(hq.engine) as conn:
        conn.execute(ENROL_CODES.update().values(expires_at=utc_now()))
    assert "valid until" in (await refused(link, till.request(code))).detail
    assert "not known" in (await refused(link, till.request("00000"))).detail
    assert [] == hq.rows(CREDENTIALS)
    await link.aclose()


@pytest.mark.asyncio
async def test_the_database_holds_no_code_in_clear(hq, new_till):
    """Wrong: who reads a backup can enrol devices."""
    code = hq.code(new_till())
    assert code not in str(hq.rows(ENROL_CODES))
    assert 28 <= len(code.replace("-", "")) * 5 - 100
    await hq.staff.get("/v1/stores")


@pytest.mark.asyncio
async def test_a_request_not_signed_by_its_key_is_refused(hq, new_till):
    """Wrong: somebody enrols a key of somebody else."""
    till, other = new_till(), new_till()
    request = till.request(hq.code(till))
    stolen = msgspec.structs.replace(request, device_key=other.public.hex())
    link = till.link(hq.url)
    assert "no-proof" == (await refused(link, stolen)).name
    await link.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong",
    [
        {"device_key": "zz"},
        {"journals": {"sales": "a" * 32}},
        {"journals": {"sales": "a" * 32, "side": "a" * 32}},
        {"journals": {"sales": "a" * 32, "side": "B" * 32}},
    ],
)
async def test_a_malformed_request_is_refused(hq, new_till, wrong):
    """Wrong: HQ binds journals that could never verify."""
    till = new_till()
    link = till.link(hq.url)
    request = msgspec.structs.replace(till.request(hq.code(till)), **wrong)
    assert "bad-input" == (await refused(link, request)).name
    await link.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize("content", [b"{", b"[]", b'{"code": 1}', b""])
async def test_malformed_json_gets_a_problem(hq, content):
    """Wrong: a mistake in a request brings a stack trace or a wrong status."""
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Content-Type": "application/json"}
        reply = await client.post(f"{hq.url}/v1/enrol", content=content, headers=headers)
    assert 400 == reply.status_code
    assert "application/problem+json" == reply.headers["content-type"]
    assert reply.json()["remedy"]


@pytest.mark.asyncio
async def test_a_new_device_at_a_till_takes_the_old_ones_place(hq):
    """Wrong: a stolen machine still writes after its till was enrolled anew."""
    old, link = await hq.enrolled()
    new, other = await hq.enrolled()
    old.seal(1)
    with pytest.raises(HqRefused) as caught:
        await link.send(old.batch())
    assert "revoked" == caught.value.name
    assert "revoked" == (await refused(link, old.readmission())).name
    (store,) = (await hq.staff.get("/v1/stores")).json()
    assert ["replaced", "active"] == [till["state"] for till in store["tills"]]
    new.seal(1)
    assert 1 == (await other.send(new.batch())).seq
    await link.aclose()
    await other.aclose()


@pytest.mark.asyncio
async def test_a_journal_of_another_till_cannot_be_taken(hq, new_till):
    """Wrong: a copied state directory takes over the books of the original."""
    first, link = await hq.enrolled()
    second = new_till("store-0001", "till-2")
    second.journals = first.journals
    fault = await refused(link, second.request(hq.code(second)))
    assert "journal-taken" == fault.name
    assert {first.keyid} == {row.keyid for row in hq.rows(JOURNALS)}
    await link.aclose()


@pytest.mark.asyncio
async def test_a_rewound_hq_readmits_a_till_it_has_forgotten(hq_at, tmp_path):
    """Wrong: after restoring an old backup every newer till needs a person with a code (P5)."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with hq_at(live):
        pass
    shutil.copytree(live, backup)
    async with hq_at(live) as hq:
        till, link = await hq.enrolled()
        till.seal(2)
        await link.send(till.batch())
        await link.aclose()
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with hq_at(live) as hq:
        link = till.link(hq.url)
        with pytest.raises(HqRefused) as caught:
            await link.send(till.batch())
        assert "unknown-device" == caught.value.name
        again = await link.enrol(till.readmission())
        assert till.answer.credential == again.credential
        assert 2 == (await link.send(till.batch())).seq
        await link.aclose()


@pytest.mark.asyncio
async def test_a_credential_hq_never_signed_admits_nobody(hq, new_till):
    """Wrong: anybody can write themselves a credential."""
    till, link = await hq.enrolled()
    forger = new_till()
    forger.answer = till.answer
    assert "wrong-credential" == (await refused(link, forger.readmission())).name
    await link.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["", " till", "x" * 33, "a\nb", "Till-1", "till_1", "-a", "a-"])
async def test_a_code_needs_real_names(hq, name):
    """Wrong: a typing error makes a code that fits no till."""
    with pytest.raises(InputFault), writing(hq.engine) as conn:
        issue_code(conn, "store-0001", name, utc_now())


def test_a_code_is_for_ids_an_agent_takes():
    """Wrong: HQ makes codes for tills that no agent's settings can name, or refuses real ones."""
    assert AGENT_ID.pattern == ID.pattern


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["succeeded", "imported", "replaced"])
async def test_a_journal_that_is_used_again_has_not_ended(hq, new_till, why):
    """Wrong: HQ shows a journal as ended into which a till sells."""
    till = new_till()
    link = till.link(hq.url)
    await link.enrol(till.request(hq.code(till)))
    ended = {"ended_at": "then", "ended_why": why, "ended_seq": 3, "ended_hash": b"h"}
    with writing(hq.engine) as conn:
        conn.execute(JOURNALS.update().values(**ended, successor="s"))
    await link.enrol(till.request(hq.code(till)))
    columns = (*ended, "successor")
    assert {(None,) * 5} == {tuple(getattr(row, c) for c in columns) for row in hq.rows(JOURNALS)}
    await link.aclose()
