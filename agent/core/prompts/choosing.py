"""Which question, if any, is asked now: at most one per visit, the one of most value.

Everything a question depends on comes in as the situation; the same decision is made at the till,
offline as well, and at HQ for every other channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agent.core.days import day
from agent.core.prompts.definition import Prompt
from agent.core.prompts.ledger import Outcome, PromptEvent, Silence


class Situation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The moment at which something may be asked."""

    trigger: str
    channel: str
    today: str
    """The business day."""
    visit: str
    """The sale, order or session."""
    known: frozenset[str] = frozenset()
    """What is known of the person: `email`, `birth_date`, and `consent:PURPOSE/CONTACT` for each
    answer there is, a no and an objection included."""
    allowed: frozenset[str] = frozenset()
    """Purposes the person allows, as `consent.check` says."""
    facts: dict[str, str] = {}
    """`tier`, `store` …"""
    refs: dict[str, str] = {}
    """What a question can be about: `{"order": "W1000"}`."""


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to ask, or why nothing."""

    why: tuple[str, ...]
    """Sentences for a person: of the prompt chosen, or of the visit."""
    prompt_id: str = ""
    """Empty: nothing is asked."""
    ref: str = ""
    again: bool = False
    """It is on the counter already: shown, not answered yet; no new entry is made of it."""


def choose(
    prompts: Mapping[str, Prompt],
    silent: Iterable[Silence],
    situation: Situation,
    of_visit: Sequence[PromptEvent] = (),
) -> Choice:
    """Choose.

    Args:
        prompts: by their ids, as of `definition.catalogue`.
        silent: of the person, those of entries made since included.
        situation: the moment.
        of_visit: the ledger's entries of this same visit.

    Raises:
        InputFault: `bad-day`: `today` is no day.
    """
    today = day(situation.today).isoformat()
    asked = [each for each in of_visit if each.visit == situation.visit]
    if asked:
        return _in_this_visit(prompts, asked)
    over = {(silence.prompt_id, silence.ref) for silence in silent if silence.until > today}
    fitting = [
        (prompt, value)
        for prompt in prompts.values()
        if (value := _value(prompt, situation, today)) is not None
        and (prompt.prompt_id, _ref(prompt, situation)) not in over
    ]
    if not fitting:
        return Choice(("there is nothing to ask that is not known, answered or silent",))
    prompt, value = min(fitting, key=lambda each: (-each[1], each[0].prompt_id))
    why = f"of {len(fitting)} that may be asked it is worth most here: {value}"
    return Choice((why,), prompt.prompt_id, _ref(prompt, situation))


def _in_this_visit(prompts: Mapping[str, Prompt], asked: Sequence[PromptEvent]) -> Choice:
    first = min(asked, key=lambda each: (each.outcome is not Outcome.ASKED, each.event_id))
    closed = any(each.outcome is not Outcome.ASKED for each in asked)
    if closed or first.prompt_id not in prompts:
        return Choice(("one question per visit, and it was asked",))
    why = "it was shown in this visit and is not answered yet"
    return Choice((why,), first.prompt_id, first.ref, again=True)


def _value(prompt: Prompt, situation: Situation, today: str) -> int | None:
    """Give what an answer is worth here; None where it is not to be asked."""
    reach = prompt.reach(situation.channel)
    if reach is None or situation.trigger not in prompt.triggers:
        return None
    if not prompt.first_day <= today <= (prompt.last_day or today):
        return None
    return reach.value if _wanted(prompt, situation) else None


def _wanted(prompt: Prompt, situation: Situation) -> bool:
    if prompt.about and prompt.about not in situation.refs:
        return False
    if prompt.fills and situation.known.issuperset(prompt.fills):
        return False
    if not situation.allowed.issuperset(prompt.needs):
        return False
    return all(situation.facts.get(fact) in fits for fact, fits in prompt.only_if.items())


def _ref(prompt: Prompt, situation: Situation) -> str:
    return situation.refs[prompt.about] if prompt.about else ""
