"""The one question of a visit: asked once, answered once, on every till."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent import ConsentRecord
from agent.core.entries.bodies import ConsentGiven
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import Fault, InputFault, NotFoundFault, StateFault
from agent.core.history import Card
from agent.core.identifiers import PartyId, TillId
from agent.core.prompts import Outcome, Prompt, PromptEvent, Reach, Silence
from agent.core.quantities import Minor
from agent.core.recognition import Identifier, IdentifierType
from agent.journal import chains
from agent.till import commands
from agent.till.requests import (
    AnswerRequest,
    EnrolRequest,
    IdentifyRequest,
    LineRequest,
    ReturnedLine,
    TenderRequest,
)
from tests.sealed import RULES

EVE = PartyId("019a0000-0000-7000-8000-00000000e4e0")
NEW = PartyId("019a0000-0000-7000-8000-0000000000e0")
PHONE = "+491701234567"
OLD_CARD = "LC004123"
SALE = "019a2222-0000-7000-8000-000000000001"
EVENT = "019a4444-0000-7000-8000-000000000001"
STORE = (Reach("store", 10),)


def prompt(prompt_id="news", triggers=("identify",), **more):
    """Make a question of this chain."""
    fields = {"texts": {"en": f"{prompt_id}?"}, "triggers": triggers, "reaches": STORE, **more}
    return Prompt(prompt_id, **fields)


NEWS = prompt(fills=("consent:marketing/email",))
SIZE = prompt("size", kind="choice", choices=("S", "M"), reaches=(Reach("store", 5),))


def publish(shop, *prompts, ver=1):
    """Have HQ say what may be asked."""
    body = msgspec.json.encode(prompts)
    item = FeedItem(fseq=ver, key="rule:prompts", ver=ver, op="put", body=body)
    shop.directory.apply("global", FeedPage((item,), f"e.{ver}.0"))


def hold(shop, **fields):
    """Hold somebody who shows a phone number or an old card."""
    named = [
        Identifier(IdentifierType.PHONE, PHONE),
        Identifier(IdentifierType.LOYALTY_CARD, OLD_CARD),
    ]
    shop.directory.put_local(Card(party_id=EVE, name="Eve", **fields), named, RULES)


def meet(value=PHONE):
    """Somebody presents themselves."""
    return commands.Identify(IdentifyRequest(value=value))


def answers(prompt_id="news", party_id=EVE, **said):
    """Somebody answers."""
    return commands.AnswerPrompt(party_id, prompt_id, AnswerRequest(**said))


async def facts(shop, kind, till="till-1"):
    """Read the facts of a kind."""
    told = await shop.journal.read(lambda conn: chains.entries(conn, TillId(till), "side", 0))
    return [body for _, body in told if isinstance(body, kind)]


async def outcomes(shop, till="till-1"):
    """Read what became of asking."""
    return [(each.prompt_id, each.outcome) for each in await facts(shop, PromptEvent, till)]


@pytest.mark.asyncio
async def test_one_question_is_asked_in_a_visit(shop):
    """A cashier would go through a questionnaire while a queue waits."""
    publish(shop, SIZE, NEWS)
    hold(shop)
    async with shop.running() as loop:
        found = await loop.ask(meet())
        assert ("news", "news?") == (found.prompt.prompt_id, found.prompt.text)
        asked = [line for line in found.lines if line.kind.value == "prompt"]
        assert [("news?", "news")] == [(line.text, line.ref) for line in asked]
        again = await loop.ask(commands.TypedScan(PHONE))
        assert EVE == again.party_id
        assert found.prompt == (await loop.party(EVE)).prompt
        await loop.ask(answers(refused=True))
        assert None is (await loop.party(EVE)).prompt
        assert None is (await loop.ask(meet())).prompt
        told = [event.data for event in await shop.told() if event.type == "prompt"]
    assert [("news", Outcome.ASKED), ("news", Outcome.REFUSED)] == await outcomes(shop)
    assert ["asked", "refused"] == [data["outcome"] for data in told]


@pytest.mark.asyncio
async def test_an_answer_is_known_at_every_till_and_after_a_restart(shop):
    """The customer would be asked the same thing twice."""
    publish(shop, NEWS)
    hold(shop)
    async with shop.running() as loop:
        await loop.ask(meet())
        kept = await loop.ask(answers(answer=" YES ", event_id=EVENT))
        assert ("answered", EVENT, 1) == (kept.outcome, kept.event_id, len(kept.consents))
        assert kept == await loop.ask(answers(answer="yes", event_id=EVENT))
        assert (ConsentGiven("marketing", "email", True),) == (await loop.party(EVE)).card.consents
    (record,) = await facts(shop, ConsentRecord)
    assert (EVENT, "given") == (record.source, record.state.value)
    async with shop.running(1) as loop:
        assert None is (await loop.ask(meet())).prompt
    shop.close()
    shop.open()
    async with shop.running() as loop:
        shop.clock.seconds += 3600
        assert None is (await loop.ask(meet())).prompt
    assert [("news", Outcome.ASKED), ("news", Outcome.ANSWERED)] == await outcomes(shop)


@pytest.mark.asyncio
async def test_what_was_said_on_another_channel_is_not_asked_here(shop):
    """Whoever refused on the web would be asked at the counter the next day."""
    publish(shop, NEWS, SIZE)
    hold(shop, silences=(Silence("news", "2027-01-01"),), known=("shoe",))
    async with shop.running() as loop:
        assert "size" == (await loop.ask(meet())).prompt.prompt_id
    publish(shop, prompt("shoe", fills=("shoe",)), ver=2)
    async with shop.running(1) as loop:
        assert None is (await loop.ask(meet())).prompt


@pytest.mark.asyncio
async def test_nobody_is_asked_whose_card_is_closed(shop):
    """A stranger with a guessed number would answer for somebody."""
    publish(shop, NEWS)
    hold(shop)
    async with shop.running() as loop:
        found = await loop.ask(meet(OLD_CARD))
        assert (EVE, None) == (found.party_id, found.prompt)
        assert "news" == (await loop.ask(meet())).prompt.prompt_id


@pytest.mark.asyncio
async def test_a_question_waits_for_its_moment(shop):
    """The questions of an enrolment, a payment and a return would all come at the door."""
    publish(
        shop,
        prompt("on-enrol", ("enrol",)),
        prompt("on-tender", ("tender",), about="sale"),
        prompt("on-return", ("return",)),
    )
    async with shop.running() as loop:
        await loop.ask(commands.Enrol(EnrolRequest(name="Grace", phone=PHONE, party_id=NEW)))
        assert "on-enrol" == (await loop.party(NEW)).prompt.prompt_id
        await loop.ask(answers("on-enrol", NEW, answer="no"))
        shop.clock.seconds += 1000
        assert None is (await loop.ask(meet())).prompt
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SetCustomer(SALE, NEW))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        tender = TenderRequest(kind="cash", amount=Minor(499))
        await loop.ask(commands.AddTender(SALE, tender))
        question = (await loop.party(NEW)).prompt
        assert ("on-tender", SALE) == (question.prompt_id, question.about)
        await loop.ask(commands.CompleteSale(SALE))
        shop.clock.seconds += 1000
        await loop.ask(meet())
        other = SALE[:-1] + "2"
        await loop.ask(commands.OpenSale(other))
        await loop.ask(commands.SetCustomer(other, NEW))
        back = LineRequest(returns=ReturnedLine(sale_id=SALE, line=1))
        await loop.ask(commands.AddLine(other, back))
        assert "on-return" == (await loop.party(NEW)).prompt.prompt_id


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "name", "kind"),
    [
        (answers("shoe", answer="42"), "no-such-prompt", NotFoundFault),
        (answers("size", answer="XXL"), "bad-answer", InputFault),
        (answers("size", answer="S", refused=True), "answer-or-refusal", InputFault),
        (answers("size"), "answer-or-refusal", InputFault),
        (answers("size", NEW, answer="S"), "identify-first", StateFault),
    ],
)
async def test_what_is_no_answer_is_not_kept(shop, said, name, kind):
    """HQ would silence a question for good because of a slip of the finger."""
    publish(shop, SIZE)
    hold(shop)
    async with shop.running() as loop:
        await loop.ask(meet())
        with pytest.raises(kind) as refused:
            await loop.ask(said)
        assert isinstance(refused.value, Fault)
        assert name == refused.value.name
        assert "size" == (await loop.party(EVE)).prompt.prompt_id
    assert [("size", Outcome.ASKED)] == await outcomes(shop)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b'{"not":"a list"}', b'[{"prompt_id":"No Word"}]', b"[]"])
async def test_questions_that_cannot_be_read_hold_up_nothing(shop, body):
    """A slip at HQ would keep every till from recognising customers."""
    item = FeedItem(fseq=1, key="rule:prompts", ver=1, op="put", body=body)
    shop.directory.apply("global", FeedPage((item,), "e.1.0"))
    hold(shop)
    async with shop.running() as loop:
        found = await loop.ask(meet())
    assert ("found", None) == (found.answer, found.prompt)
