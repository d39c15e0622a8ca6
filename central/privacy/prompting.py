"""Ask once: which question, if any, is due in a visit on any channel, and what became of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from sqlalchemy import Connection

from agent.core.card_numbers import refuse_card_numbers
from agent.core.consent import PURPOSES, Asked, check
from agent.core.faults import InputFault
from agent.core.identifiers import PartyId
from agent.core.prompts import (
    Choice,
    Outcome,
    Prompt,
    PromptEvent,
    Silence,
    Situation,
    checked_answer,
    checked_event,
    choose,
    silences,
)
from central.identity.asking import defined, events_of_all, keep_event, known_of
from central.identity.cards import publish_card
from central.identity.parties import canonical, members_of, require_living
from central.identity.persons import persons_of

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The moment at which something may be asked."""

    trigger: Word
    """`enrol`, `identify`, `tender`, `return`, `pick_up`, `service`, `receipt` …"""
    channel: Word
    visit: Word
    """The order or session: at most one question in each."""
    language: str = ""
    facts: dict[str, str] = {}
    """What else is known of the moment: `store` …"""
    refs: dict[str, str] = {}
    """What a question can be about: `{"order": "W1000"}`."""


class PromptAnswer(msgspec.Struct, frozen=True):
    """The question to ask, or why none."""

    party_id: str
    choice: Choice
    prompt: Prompt | None = None
    text: str = ""
    """The question in the language that was asked for, or the nearest there is."""


class PromptsView(msgspec.Struct, frozen=True):
    """What a person was asked, over all their ids."""

    party_id: str
    events: tuple[PromptEvent, ...]
    silent: tuple[Silence, ...]
    """Per question the first day it may be asked again."""


def prompts_view(conn: Connection, any_id: str) -> PromptsView:
    """Show what a person was asked and answered.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    chosen = canonical(conn, any_id)
    events = _events(conn, chosen)
    return PromptsView(chosen, tuple(events), silences(events, defined(conn)))


def next_prompt(conn: Connection, any_id: str, asking: Asking, today: str) -> PromptAnswer:
    """Choose the one question of a visit.

    Raises:
        NotFoundFault: no party ever had this id.
    """
    chosen = canonical(conn, any_id)
    prompts, events = defined(conn), _events(conn, chosen)
    situation = _situation(conn, chosen, asking, today)
    choice = choose(prompts, silences(events, prompts), situation, events)
    prompt = prompts.get(choice.prompt_id)
    return PromptAnswer(chosen, choice, prompt, prompt.text(asking.language) if prompt else "")


def said(conn: Connection, any_id: str, event: PromptEvent, now: str) -> PromptEvent:
    """Keep that something was asked, answered or refused, under the id it was said under.

    Raises:
        NotFoundFault: no party ever had this id.
        InputFault: `other-party`, `bad-prompt-event`, `bad-answer`, `card-number`.
        StateFault: `party-erased`.
    """
    chosen = canonical(conn, any_id)
    if canonical(conn, event.party_id) != chosen:
        raise InputFault(
            f"the entry is of party {event.party_id}, which is somebody else",
            remedy="send it to the address of the party it names",
            name="other-party",
        )
    require_living(conn, [event.party_id])
    refuse_card_numbers({"value": event.value})
    kept = _in_form(checked_event(event), defined(conn).get(event.prompt_id))
    if keep_event(conn, kept, now):
        publish_card(conn, chosen)
    return kept


def _in_form(event: PromptEvent, prompt: Prompt | None) -> PromptEvent:
    if prompt is None or event.outcome is not Outcome.ANSWERED:
        return event
    return msgspec.structs.replace(event, value=checked_answer(prompt, event.value))


def _events(conn: Connection, chosen: PartyId) -> list[PromptEvent]:
    found = events_of_all(conn, members_of(conn, chosen)).values()
    return [event for theirs in found for event in theirs]


def _situation(conn: Connection, chosen: PartyId, asking: Asking, today: str) -> Situation:
    person = persons_of(conn, [chosen])[chosen]
    allowed = (each for each in PURPOSES if check(person.marks, Asked(each), today=today).allowed)
    tier = person.fields.get("tier")
    return Situation(
        trigger=asking.trigger,
        channel=asking.channel,
        today=today,
        visit=asking.visit,
        known=frozenset(known_of(person)),
        allowed=frozenset(allowed),
        facts={**({"tier": tier.value} if tier else {}), **asking.facts},
        refs=asking.refs,
    )
