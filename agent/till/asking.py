"""Asking a customer: the one question that is due in a visit, and what becomes of it.

`core.prompts` chooses; here the moment is described, and what was asked and said is written. An
answer or a refusal holds at this till at once, and on every channel once HQ has heard of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import structlog

from agent.core.consent import PURPOSES, Asked, ConsentRecord, check
from agent.core.entries.bodies import Body
from agent.core.faults import InputFault, NotFoundFault
from agent.core.history import STORE_CHANNEL, Card
from agent.core.history.till_card import READY
from agent.core.identifiers import PartyId
from agent.core.prompts import (
    Choice,
    Outcome,
    Prompt,
    PromptEvent,
    Situation,
    checked_answer,
    checked_event,
    choose,
)
from agent.core.recognition import Part, opens
from agent.core.sale.model import Sale
from agent.core.space import Work
from agent.directory import DirectoryFault
from agent.till.cards import known, own_bodies
from agent.till.closing import closed_words
from agent.till.commands import AnswerPrompt
from agent.till.consenting import Answer, recorded, require_met
from agent.till.desk import Desk
from agent.till.meeting import Met
from agent.till.replies import PromptAnswered, Question
from agent.till.telling import Event, customer_event, prompt_event

IDENTIFY, ENROL, TENDER, RETURN = "identify", "enrol", "tender", "return"
"""The moments at which a till may ask."""
_CONSENT = "consent:"

log = structlog.get_logger(__name__)


class Asking(NamedTuple):
    """A question that is asked now, with what there is to write and to tell of it."""

    met: Met
    facts: tuple[Body, ...] = ()
    tell: tuple[Event, ...] = ()


async def asking(desk: Desk, party_id: PartyId, met: Met, trigger: str) -> Asking:
    """Choose the question of a visit, if one is due at this moment.

    Args:
        desk: the till's.
        party_id: who is here.
        met: how they presented themselves; a question is for those whose card is open.
        trigger: the moment.

    Returns:
        The meeting with the question in it: to be remembered once the facts are durable.
    """
    prompts = desk.prompts.all()
    if not prompts or not _may_ask(desk, met):
        return Asking(met)
    try:
        held = await known(desk, party_id)
    except DirectoryFault as fault:
        # A question is never worth the sale it is asked in (P6).
        log.warning("nobody is asked: what is known of them cannot be read", why=str(fault))
        return Asking(met)
    choice = Choice(("nothing is held of them",))
    if held is not None:
        now = _situation(desk, held.card, met, trigger)
        choice = choose(prompts, held.card.silences, now, held.asked)
    prompt = prompts.get(choice.prompt_id)
    if prompt is None:
        return Asking(met._replace(question=None))
    met = met._replace(question=_question(desk, prompt, choice))
    if choice.again:
        return Asking(met)
    said = _event(desk, party_id, met, prompt.prompt_id, Outcome.ASKED, ref=choice.ref)
    return Asking(met, (said,), (prompt_event(said, desk.open_sale()),))


async def keep_asking(desk: Desk, sale: Sale, *tell: Event, moment: str) -> None:
    """Keep a basket, and ask its customer what is due at this moment of it.

    Args:
        desk: the till's.
        sale: as it stands now.
        tell: events of it.
        moment: a trigger; empty: it is none.
    """
    if not moment or sale.party_id is None:
        await desk.keep(sale, *tell)
        return
    asked = await asking(desk, sale.party_id, desk.meeting(sale.party_id), moment)
    await desk.keep(sale, *tell, *asked.tell, facts=asked.facts)
    if asked.facts:
        desk.met(sale.party_id, asked.met)


async def answer(desk: Desk, ask: AnswerPrompt) -> PromptAnswered:
    """Keep what a customer said to a question, or that they would rather not say.

    Raises:
        StateFault: `identify-first`, `identify-better`, `objection-stands`.
        NotFoundFault: `no-such-prompt`.
        InputFault: `answer-or-refusal`, `bad-answer`.
        NoRoom: `disk-full`.
    """
    require_met(desk, ask.party_id)
    before = await _answered_before(desk, ask)
    if before is not None:
        return before
    prompt = _prompt(desk, ask)
    desk.require_room(Work.SIDE, "no answer is kept; ask another time")
    met = desk.meeting(ask.party_id)
    event = _said(desk, ask, prompt, met)
    held = await known(desk, ask.party_id)
    consents = [
        recorded(desk, ask.party_id, held.card if held else None, each)
        for each in _consents(prompt, event, lifts=ask.request.lifts_objection)
    ]
    tell = [prompt_event(event, desk.open_sale()), customer_event(ask.party_id, "found")]
    await desk.commit(lambda _conn: None, facts=[closed_words(desk, event), *consents], tell=tell)
    if met.question is not None and met.question.prompt_id == prompt.prompt_id:
        desk.met(ask.party_id, met._replace(question=None))
    return _answer(event, consents)


def _may_ask(desk: Desk, met: Met) -> bool:
    has_room = desk.journal.space.verdict().allows(Work.SIDE)
    return has_room and opens(met.strength, Part.PROMPT)


def _situation(desk: Desk, card: Card, met: Met, trigger: str) -> Situation:
    today = desk.business_date(desk.clock.stamp())
    answered = {f"{_CONSENT}{each.purpose}/{each.contact}" for each in card.consents}
    allowed = (each for each in PURPOSES if check(card.marks, Asked(each), today=today).allowed)
    facts = {"store": str(desk.store.id), **({"tier": card.tier} if card.tier else {})}
    return Situation(
        trigger=trigger,
        channel=STORE_CHANNEL,
        today=today,
        visit=met.visit,
        known=frozenset({*card.known, *answered, *_shown(card)}),
        allowed=frozenset(allowed),
        facts=facts,
        refs=dict(_refs(desk, card)),
    )


def _shown(card: Card) -> Iterator[str]:
    """Name what the card itself says."""
    yield from (name for name in ("name", "tier", "points") if getattr(card, name))


def _refs(desk: Desk, card: Card) -> Iterator[tuple[str, str]]:
    """Name what a question can be about here: the sale, and an order that waits."""
    sale = desk.open_sale()
    if sale is not None:
        yield "sale", sale.sale_id
    for order in card.orders:
        if order.state == READY and order.collect_at == desk.store.id:
            yield "order", order.order_no
            return


def _question(desk: Desk, prompt: Prompt, choice: Choice) -> Question:
    return Question(
        prompt_id=prompt.prompt_id,
        text=prompt.text(desk.store.language),
        kind=prompt.kind,
        choices=prompt.choices,
        about=choice.ref,
    )


def _prompt(desk: Desk, ask: AnswerPrompt) -> Prompt:
    prompt = desk.prompts.all().get(ask.prompt_id)
    if prompt is None:
        raise NotFoundFault(
            f"nobody asks {ask.prompt_id!r} here",
            remedy="answer the question that stands on the card; HQ may have taken it back",
            name="no-such-prompt",
        )
    return prompt


def _said(desk: Desk, ask: AnswerPrompt, prompt: Prompt, met: Met) -> PromptEvent:
    request = ask.request
    if (request.answer is None) != request.refused:
        raise InputFault(
            "the customer has either answered, or would rather not say",
            remedy='send "answer", or "refused": true',
            name="answer-or-refusal",
        )
    shown = met.question
    about = shown.about if shown and shown.prompt_id == prompt.prompt_id else ""
    return _event(
        desk,
        ask.party_id,
        met,
        prompt.prompt_id,
        Outcome.REFUSED if request.answer is None else Outcome.ANSWERED,
        ref=request.about or about,
        value="" if request.answer is None else checked_answer(prompt, request.answer),
        event_id=request.event_id,
    )


def _event(
    desk: Desk,
    party_id: PartyId,
    met: Met,
    prompt_id: str,
    outcome: Outcome,
    *,
    ref: str,
    value: str = "",
    event_id: str | None = None,
) -> PromptEvent:
    stamp = desk.clock.stamp()
    return checked_event(
        PromptEvent(
            event_id=event_id or desk.clock.uuid7(),
            prompt_id=prompt_id,
            party_id=party_id,
            outcome=outcome,
            on=desk.business_date(stamp),
            at=stamp.wall,
            channel=STORE_CHANNEL,
            touch_point=desk.touch_point(),
            visit=met.visit,
            ref=ref,
            value=value,
            operator=desk.actor,
        )
    )


def _consents(prompt: Prompt, event: PromptEvent, *, lifts: bool) -> Iterator[Answer]:
    """Read a yes or no to a use of the customer's data as the answer to it that it is."""
    if prompt.kind != "yes_no" or event.outcome is not Outcome.ANSWERED:
        return
    for fill in prompt.fills:
        purpose, slash, contact = fill.removeprefix(_CONSENT).partition("/")
        if fill.startswith(_CONSENT) and slash:
            is_yes = event.value == "yes"
            yield Answer(purpose, contact, given=is_yes, lifts=lifts, source=event.event_id)


async def _answered_before(desk: Desk, ask: AnswerPrompt) -> PromptAnswered | None:
    if ask.request.event_id is None:
        return None
    bodies = await own_bodies(desk, ask.party_id)
    events = [each for each in bodies if isinstance(each, PromptEvent)]
    same = next((each for each in events if each.event_id == ask.request.event_id), None)
    if same is None:
        return None
    records = [each for each in bodies if isinstance(each, ConsentRecord)]
    return _answer(same, [each for each in records if each.source == same.event_id])


def _answer(event: PromptEvent, consents: list[ConsentRecord]) -> PromptAnswered:
    return PromptAnswered(
        event.event_id,
        event.prompt_id,
        event.outcome.value,
        tuple(each.record_id for each in consents),
    )
