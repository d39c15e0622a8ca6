"""What may be asked of a customer, when, where, how often: prompts, as data.

A prompt asks for one thing, once. It is worth more on one channel than on another (at the counter a
person waits behind), and is put there by rows of `reaches`; where it has none, it is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from agent.core.days import day
from agent.core.faults import InputFault

TRIGGERS = ("enrol", "identify", "tender", "return", "pick_up", "service", "receipt")
"""Moments at which something may be asked; others may be added by a channel."""
KINDS = ("yes_no", "choice", "text", "number", "day")
"""What an answer is."""
TEXT_MAX = 500
"""Characters of an answer in words."""
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_YES_NO = frozenset({"yes", "no"})


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a prompt is asked, and how soon again."""

    channel: str
    value: int
    """What an answer there is worth: of several prompts the one of most value is asked."""
    refused_days: int = 365
    """For so long nobody asks again, on any channel, after a refusal here."""
    ignored_days: int = 30
    """For so long after it was shown here and not answered."""


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question."""

    prompt_id: str
    """A word; a question that means something else gets another one."""
    texts: dict[str, str]
    """Language (BCP 47) → the question as it is read out or shown; the first one is the default."""
    triggers: tuple[str, ...]
    reaches: tuple[Reach, ...]
    kind: str = "yes_no"
    choices: tuple[str, ...] = ()
    """Of `choice`: the words an answer may be."""
    valid_days: int = 0
    """For so long an answer holds; 0: for good."""
    about: str = ""
    """Asked once per person; or, with a word such as `order` or `sale`, once per each of these."""
    fills: tuple[str, ...] = ()
    """What the answer would tell: `email`, `birth_date`, `consent:marketing/email`. Where all of it
    is known already, nobody asks."""
    needs: tuple[str, ...] = ()
    """What must be allowed to ask: purposes, such as `profiling`."""
    only_if: dict[str, tuple[str, ...]] = {}
    """Fact → the values it may have: `{"tier": ("gold",)}`. A fact nobody knows fits none."""
    first_day: str = ""
    last_day: str = ""

    def reach(self, channel: str) -> Reach | None:
        """Give the row of a channel; None where it is not asked there."""
        return next((reach for reach in self.reaches if reach.channel == channel), None)

    def text(self, language: str) -> str:
        """Give the question in a language, else in its main part, else in the first there is.

        >>> ask = Prompt("zip", {"en": "Postcode?", "de": "Postleitzahl?"}, ("tender",), ())
        >>> ask.text("de-AT"), ask.text("fr")
        ('Postleitzahl?', 'Postcode?')
        """
        main = language.partition("-")[0]
        return self.texts.get(language) or self.texts.get(main) or next(iter(self.texts.values()))


def catalogue(prompts: Iterable[Prompt]) -> dict[str, Prompt]:
    """Give prompts by their ids, all of them checked.

    Raises:
        InputFault: `bad-prompt`, with everything that is wrong with any of them.
    """
    each = tuple(prompts)
    wrong = [f"{prompt.prompt_id!r}: {reason}" for prompt in each for reason in _wrong(prompt)]
    ids = [prompt.prompt_id for prompt in each]
    wrong += [f"{twice!r} stands twice" for twice in sorted({i for i in ids if ids.count(i) > 1})]
    if wrong:
        raise InputFault(
            f"prompts cannot be used: {'; '.join(wrong)}",
            remedy="correct these prompts; none was changed",
            name="bad-prompt",
        )
    return dict(zip(ids, each, strict=True))


def checked_answer(prompt: Prompt, value: str) -> str:
    """Give an answer in the form it is kept.

    Raises:
        InputFault: `bad-answer`: it is not what is asked for; its words are not repeated.

    >>> checked_answer(Prompt("sms", {"en": "SMS?"}, ("enrol",), ()), " Yes ")
    'yes'
    """
    said = value.strip()
    said = said.lower() if prompt.kind == "yes_no" else said
    if not _fits(prompt, said):
        raise InputFault(
            f"that is no answer to {prompt.prompt_id!r}, which takes {_taken(prompt)}",
            remedy="answer in that form, or record that the customer would rather not say",
            name="bad-answer",
        )
    return said


def _fits(prompt: Prompt, said: str) -> bool:
    if prompt.kind == "yes_no":
        return said in _YES_NO
    if prompt.kind == "choice":
        return said in prompt.choices
    if prompt.kind == "number":
        return _NUMBER.fullmatch(said) is not None
    if prompt.kind == "day":
        return _is_day(said)
    return 0 < len(said) <= TEXT_MAX


def _taken(prompt: Prompt) -> str:
    words: Mapping[str, str] = {
        "yes_no": "yes or no",
        "choice": f"one of {', '.join(prompt.choices)}",
        "number": "a whole number",
        "day": "a day such as 2026-11-22",
    }
    return words.get(prompt.kind, f"1 to {TEXT_MAX} characters")


def _wrong(prompt: Prompt) -> Iterator[str]:
    if not _WORD.fullmatch(prompt.prompt_id):
        yield "`prompt_id` is no word of a-z, 0-9, - and _"
    if not prompt.texts or not all(text.strip() for text in prompt.texts.values()):
        yield "`texts` lacks a question"
    if not prompt.triggers:
        yield "`triggers` is empty, so it would never be asked"
    if prompt.kind not in KINDS:
        yield f"`kind` is none of {', '.join(KINDS)}"
    if (prompt.kind == "choice") != bool(prompt.choices):
        yield "`choices` belong to the kind `choice`, and it needs some"
    if prompt.valid_days < 0:
        yield "`valid_days` is negative"
    yield from _wrong_reaches(prompt.reaches)
    yield from _wrong_days(prompt)


def _wrong_reaches(reaches: tuple[Reach, ...]) -> Iterator[str]:
    channels = [reach.channel for reach in reaches]
    if not reaches:
        yield "`reaches` is empty, so it would never be asked"
    if len(set(channels)) < len(channels):
        yield "`reaches` names a channel twice"
    if any(min(reach.refused_days, reach.ignored_days) < 0 for reach in reaches):
        yield "`reaches` has negative days"


def _wrong_days(prompt: Prompt) -> Iterator[str]:
    given = {name: getattr(prompt, name) for name in ("first_day", "last_day")}
    wrong = [name for name, text in given.items() if text and not _is_day(text)]
    yield from (f"`{name}` is no day" for name in wrong)
    if not wrong and prompt.last_day and prompt.last_day < prompt.first_day:
        yield "`last_day` is before `first_day`"


def _is_day(text: str) -> bool:
    try:
        day(text)
    except InputFault:
        return False
    return True
