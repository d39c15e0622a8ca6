"""What was asked and answered, on every channel, and for how long it therefore is not asked again.

The ledger is a set: entries are added, never changed, and any order of arrival says the same. What
follows from it is smaller still: per question the day until which it is silent. That is all a till
holds of a person's answers; two such lists join by the later day. No clock orders anything: an
entry only ever adds silence, and what must be asked again is said by an entry that names the old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from agent.core.days import FOREVER, day, plus_days
from agent.core.faults import InputFault
from agent.core.identifiers import ActorId, PartyId
from agent.core.prompts.definition import Prompt


class Outcome(StrEnum):
    """What became of asking."""

    ASKED = "asked"
    """It was shown."""
    ANSWERED = "answered"
    REFUSED = "refused"
    """The customer would rather not say."""
    REOPENED = "reopened"
    """What it names no longer holds: the address bounced, the answer was a mistake."""


class PromptEvent(msgspec.Struct, frozen=True, omit_defaults=True, tag="prompt.event"):
    """One entry of the ledger. `side`; personal, erasable."""

    event_id: str
    """UUIDv7, or the channel's own id with its name in front."""
    prompt_id: str
    party_id: PartyId
    """As observed, never re-keyed."""
    outcome: Outcome
    on: str
    """The business day; silences are counted from it."""
    at: str
    """UTC, ISO 8601; shown."""
    channel: str
    touch_point: str = ""
    visit: str = ""
    """The sale, order or session in which it was asked: at most one prompt in each."""
    ref: str = ""
    """Which order, sale … it is about, of a prompt that is asked once per each."""
    value: str = ""
    """The answer, as `definition.checked_answer` gave it."""
    operator: ActorId | None = None
    voids: tuple[str, ...] = ()
    """Of `reopened`: ids of the entries that no longer hold."""
    sealed: bytes | None = None
    """The answer as a till keeps it: closed for HQ (`core.privacy.seal_words`), and empty above."""


def checked_event(event: PromptEvent) -> PromptEvent:
    """Give an entry back that can be kept; to be called before it is sealed.

    Raises:
        InputFault: `bad-prompt-event`, with everything that is wrong with it.
    """
    if wrong := "; ".join(_wrong(event)):
        raise InputFault(
            f"what was asked cannot be recorded: {wrong}",
            remedy="correct the fields named and send the entry again, under the same id",
            name="bad-prompt-event",
        )
    return event


def _wrong(event: PromptEvent) -> Iterator[str]:
    for field in ("event_id", "prompt_id", "party_id", "at", "channel"):
        if not getattr(event, field).strip():
            yield f"`{field}` is empty"
    try:
        day(event.on)
    except InputFault as fault:
        yield f"`on`: {fault.detail}"
    if (event.outcome is Outcome.REOPENED) != bool(event.voids):
        yield "`voids` belongs to `reopened`, and it names what no longer holds"
    if event.value and event.outcome is not Outcome.ANSWERED:
        yield "`value` belongs to `answered`"


class Silence(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True, order=True):
    """A question that is not asked before a day."""

    prompt_id: str
    until: str
    """The first day it may be asked again; `FOREVER`: never."""
    ref: str = ""


def standing(events: Iterable[PromptEvent]) -> tuple[PromptEvent, ...]:
    """Give the entries that hold, each once, by their ids.

    An entry that reopens cannot itself be reopened: a question is then simply answered again.
    """
    once = {(event.event_id, repr(event)): event for event in events}
    voided = {
        void for event in once.values() if event.outcome is Outcome.REOPENED for void in event.voids
    }
    return tuple(
        once[key]
        for key in sorted(once)
        if key[0] not in voided and once[key].outcome is not Outcome.REOPENED
    )


def silences(
    events: Iterable[PromptEvent], prompts: Mapping[str, Prompt], *, today: str = ""
) -> tuple[Silence, ...]:
    """Say until when each question is silent.

    An answer or a refusal counts on every channel, by the days of the channel it was given on. Of
    a prompt that is not among these, an answer or refusal holds for good: whoever has retired a
    question does not want it asked. So does one whose day cannot be read.

    Args:
        events: of all parties that are this person, in any order.
        prompts: by their ids.
        today: leave out silences that are over by this day; empty: none is left out.

    """
    each = (_silence(event, prompts.get(event.prompt_id)) for event in standing(events))
    return joined(silence for silence in each if silence.until > today)


def joined(*lists: Iterable[Silence]) -> tuple[Silence, ...]:
    """Join silences of several sources: of each question the latest day.

    >>> joined([Silence("zip", "2027-01-01")], [Silence("zip", "2026-12-01")])
    (Silence(prompt_id='zip', until='2027-01-01', ref=''),)
    """
    latest: dict[tuple[str, str], str] = {}
    for silence in (silence for one in lists for silence in one):
        key = (silence.prompt_id, silence.ref)
        latest[key] = max(silence.until, latest.get(key, ""))
    return tuple(Silence(prompt, latest[prompt, ref], ref) for prompt, ref in sorted(latest))


def answers(events: Iterable[PromptEvent]) -> dict[tuple[str, str], PromptEvent]:
    """Give the answer to show of each question: (prompt, ref) → entry.

    Of several that hold, the one said last, as far as clocks can tell: only shown, never decided
    by (P11); equal ones stand by id.
    """
    said = [event for event in standing(events) if event.outcome is Outcome.ANSWERED]
    said.sort(key=lambda event: (event.on, event.at, event.event_id))
    return {(event.prompt_id, event.ref): event for event in said}


def _silence(event: PromptEvent, prompt: Prompt | None) -> Silence:
    days = _days(event, prompt)
    try:
        until = FOREVER if days is None else plus_days(event.on, days)
    except InputFault:
        until = FOREVER
    return Silence(event.prompt_id, until, event.ref)


def _days(event: PromptEvent, prompt: Prompt | None) -> int | None:
    """Give for how many days an entry silences; None: for good."""
    if prompt is None:
        return 0 if event.outcome is Outcome.ASKED else None
    if event.outcome is Outcome.ANSWERED:
        return prompt.valid_days or None
    own = prompt.reach(event.channel)
    reaches = [own] if own else prompt.reaches
    if event.outcome is Outcome.REFUSED:
        return max(reach.refused_days for reach in reaches)
    return max(reach.ignored_days for reach in reaches)
