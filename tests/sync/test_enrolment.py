"""Enrolment: the right till at the right HQ, or a plain word about what is wrong."""

from __future__ import annotations

import msgspec
import pytest

from agent.contracts.hq import HqRefused, HqUnreachable
from agent.core.exchange.faults import CredentialFault
from agent.core.faults import NotFoundFault
from agent.journal import registry
from agent.journal.root_key import verifier
from agent.links import MemoryHq
from agent.sync import enrolment

TILL = "till-1"


@pytest.mark.asyncio
async def test_the_credential_is_kept_without_the_code(shop):
    """If the code were kept, a stolen disk would hold a key to HQ's door."""
    given = await shop.enrol()
    kept = await shop.journal.read(lambda conn: enrolment(conn, TILL))
    assert given == kept
    assert ("store-1", TILL) == (kept.request.store, kept.till)
    assert ("", shop.hq.root_key) == (kept.request.code, kept.root_key)
    assert ("global", "store:store-1") == kept.answer.scopes


@pytest.mark.asyncio
async def test_what_is_kept_and_no_enrolment_any_more_is_none(shop):
    """A byte that has changed on the disk would end sync with a traceback."""
    await shop.enrol()

    def hurt(conn):
        kept = registry.get(conn, "enrolled/till-1")
        registry.put(conn, "enrolled/till-1", {"tilm": kept.pop("till"), **kept})

    await shop.journal.write(hurt)
    assert await shop.journal.read(lambda conn: enrolment(conn, TILL)) is None


@pytest.mark.asyncio
async def test_a_wrong_code_keeps_nothing(shop):
    """If it did, the loop would send to an HQ that does not know the till."""
    with pytest.raises(HqRefused, match="code"):
        await shop.enrol(code="OTHER", till="till-9" and TILL, store="store-2")
    assert await shop.journal.read(lambda conn: enrolment(conn, TILL)) is None


@pytest.mark.asyncio
async def test_a_till_that_is_not_here_is_said_so(shop):
    """If HQ were asked, its code would be used up for nothing."""
    with pytest.raises(NotFoundFault, match="till-9"):
        await shop.enrol(till="till-9")
    assert "CODE" in shop.hq.database.codes


@pytest.mark.asyncio
async def test_another_hq_is_refused_by_its_root_key(open_shop):
    """If it were not, a second till's enrolment could move the agent to a stranger."""
    shop = open_shop(tills=("till-1", "till-2"))
    await shop.enrol("till-1", "ONE")
    stranger = MemoryHq()
    shop.hq = shop.link.hq = stranger
    with pytest.raises(CredentialFault, match="another root key") as caught:
        await shop.enrol("till-2", "TWO")
    assert "another-hq" == caught.value.name


@pytest.mark.asyncio
async def test_a_pinned_root_key_is_compared(shop):
    """If it were not, pinning would be for show."""
    with pytest.raises(CredentialFault, match="another root key"):
        await shop.enrol(root_key=bytes(32))


@pytest.mark.asyncio
async def test_an_answer_changed_on_the_way_is_refused(shop, monkeypatch):
    """If it were kept, the till would be bound to what a stranger wrote."""
    ask = shop.link.enrol

    async def changed(request):
        answer = await ask(request)
        text = answer.credential.replace("till-1", "till-2")
        return msgspec.structs.replace(answer, credential=text)

    monkeypatch.setattr(shop.link, "enrol", changed)
    with pytest.raises(CredentialFault, match="signature"):
        await shop.enrol()


def test_a_root_key_that_is_none_is_a_fault():
    """If it were a crash, a damaged registry would stop the whole agent."""
    with pytest.raises(CredentialFault, match="root key"):
        verifier(b"short")


@pytest.mark.asyncio
async def test_a_short_outage_does_not_waste_the_technicians_way(shop, monkeypatch):
    """If one lost answer ended the enrolment, somebody would have to type the code again."""
    asked = []
    enrol = shop.link.enrol

    async def falters(request):
        asked.append(request)
        if len(asked) == 1:
            raise HqUnreachable("no answer", remedy="try again")
        return await enrol(request)

    monkeypatch.setattr(shop.link, "enrol", falters)
    await shop.enrol()
    assert len(asked) == 2
    assert asked[0] == asked[1]


@pytest.mark.asyncio
async def test_a_refusal_is_not_asked_again(shop, monkeypatch):
    """If it were, a wrong code would be tried three times, and the technician kept waiting."""
    asked = []

    async def refuses(request):
        asked.append(request)
        raise HqRefused("the code is not known", remedy="get a new one")

    monkeypatch.setattr(shop.link, "enrol", refuses)
    with pytest.raises(HqRefused):
        await shop.enrol()
    assert len(asked) == 1
