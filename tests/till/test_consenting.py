"""Yes and no said at the till: kept with their proof, and effective at once."""

from __future__ import annotations

import pytest

from agent.core.consent import ConsentRecord, State
from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import Fault, InputFault, StateFault
from agent.core.history import Card
from agent.core.identifiers import PartyId, TillId
from agent.core.recognition import Identifier, IdentifierType
from agent.journal import chains
from agent.till import commands
from agent.till.requests import ConsentRequest, EnrolRequest, IdentifyRequest
from tests.sealed import RULES

NEW = PartyId("019a0000-0000-7000-8000-0000000000e0")
EVE = PartyId("019a0000-0000-7000-8000-00000000e4e0")
OLD_CARD = "LC004123"
PHONE = "+491701234567"
YES = ConsentGiven("marketing", "email", True)
NO = ConsentGiven("marketing", "email", False)
RECORD = "019a3333-0000-7000-8000-000000000001"


def says(party_id=NEW, **more):
    """Have a customer say yes to news by e-mail, unless told otherwise."""
    fields = {"purpose": "marketing", "contact": "email", "given": True, **more}
    return commands.RecordConsent(party_id, ConsentRequest(**fields))


async def enrolled(loop, *consents):
    """Enrol somebody who stands at the till."""
    request = EnrolRequest(name="Grace", phone=PHONE, party_id=NEW, consents=consents)
    await loop.ask(commands.Enrol(request))


async def records(shop):
    """Read the answers in the journal."""
    facts = await shop.journal.read(lambda conn: chains.entries(conn, TillId("till-1"), "side", 0))
    return [body for _, body in facts if isinstance(body, ConsentRecord)]


@pytest.mark.asyncio
async def test_a_yes_ends_the_no_of_the_enrolment(shop):
    """A customer who thinks again would be told that they had said no."""
    async with shop.running() as loop:
        await enrolled(loop, NO)
        assert (NO,) == (await loop.party(NEW)).card.consents
        kept = await loop.ask(says(record_id=RECORD, notice="privacy@3"))
        assert ("given", (YES,)) == (kept.state, kept.consents)
        view = await loop.party(NEW)
        assert "yes to marketing by email" in [line.text for line in view.lines]
        assert kept == await loop.ask(says(record_id=RECORD, notice="privacy@3"))
    (fact,) = await records(shop)
    assert (State.GIVEN, "privacy@3", "s1/till-1", "spoken", "store") == (
        fact.state,
        fact.notice,
        fact.touch_point,
        fact.method,
        fact.channel,
    )
    assert 1 == len(fact.replaces)


@pytest.mark.asyncio
async def test_a_yes_ends_the_no_of_an_enrolment_that_is_closed_for_hq(shop):
    """HQ would hold two answers that know nothing of each other, and go by the no."""
    shop.directory.take_keys([], b"e" * 32)
    async with shop.running() as loop:
        await enrolled(loop, NO)
        kept = await loop.ask(says())
        assert (1, (YES,)) == (len(kept.replaces), kept.consents)
    (fact,) = await records(shop)
    assert fact.replaces == kept.replaces


@pytest.mark.asyncio
async def test_an_answer_holds_at_the_next_till_and_after_a_restart(shop):
    """A no would be forgotten until HQ had heard of it."""
    async with shop.running() as loop:
        await enrolled(loop, YES)
        kept = await loop.ask(says(given=False))
        assert "withdrawn" == kept.state
    ask = commands.Identify(IdentifyRequest(value=PHONE))
    async with shop.running(1) as loop:
        assert (NO,) == (await loop.ask(ask)).card.consents
    shop.close()
    shop.open()
    async with shop.running() as loop:
        assert (NO,) == (await loop.ask(ask)).card.consents


@pytest.mark.asyncio
async def test_a_no_to_everything_is_a_no_to_each(shop):
    """Somebody who wants nothing of the shop would be written to all the same."""
    async with shop.running() as loop:
        await enrolled(loop, YES)
        await loop.ask(says(purpose="any", contact="any", given=False))
        view = await loop.party(NEW)
    assert NO in view.card.consents
    assert not any(each.given for each in view.card.consents)
    line = next(line.text for line in view.lines if line.kind.value == "consents")
    assert "yes" not in line


@pytest.mark.asyncio
async def test_an_objection_stands_until_it_is_taken_back(shop):
    """A click would undo what somebody has expressly forbidden."""
    async with shop.running() as loop:
        await enrolled(loop)
        assert "objected" == (await loop.ask(says(given=False, objection=True))).state
        with pytest.raises(StateFault) as refused:
            await loop.ask(says())
        assert "objection-stands" == refused.value.name
        assert (NO,) == (await loop.party(NEW)).card.consents
        assert (YES,) == (await loop.ask(says(lifts_objection=True))).consents
    assert ["objected", "given"] == [fact.state.value for fact in await records(shop)]


@pytest.mark.asyncio
async def test_a_yes_needs_an_open_card_and_a_no_does_not(shop):
    """Whoever knows a card number could say yes in somebody's name."""
    held = Card(party_id=EVE, name="Eve", consents=(YES,))
    named = [Identifier(IdentifierType.LOYALTY_CARD, OLD_CARD)]
    shop.directory.put_local(held, named, RULES)
    async with shop.running() as loop:
        with pytest.raises(StateFault) as refused:
            await loop.ask(says(EVE))
        assert "identify-first" == refused.value.name
        await loop.ask(commands.Identify(IdentifyRequest(value=OLD_CARD)))
        with pytest.raises(StateFault) as refused:
            await loop.ask(says(EVE))
        assert "identify-better" == refused.value.name
        assert () == (await loop.ask(says(EVE, given=False))).consents


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong", [{"purpose": "Any Thing"}, {"purpose": "any"}, {"valid_until": "soon"}]
)
async def test_an_answer_that_proves_nothing_is_refused(shop, wrong):
    """HQ would get a record that no court understands."""
    async with shop.running() as loop:
        await enrolled(loop)
        with pytest.raises(InputFault) as refused:
            await loop.ask(says(**wrong))
        assert "bad-consent" == refused.value.name
        assert isinstance(refused.value, Fault)
    assert [] == await records(shop)
