"""Ask once: the right question at the right time, and never twice.

`definition` says what may be asked where and how often, `ledger` what was asked and answered on
every channel and for how long each question is silent, `choosing` which one is asked now.

A till holds the silences of a card (days, no answers), adds its own entries, and chooses by itself.
An answer or a refusal anywhere silences everywhere; a merge of two customers joins their silences,
and its undoing takes them apart again, because every entry keeps the id it was given under.
"""

from __future__ import annotations

from agent.core.prompts.choosing import Choice, Situation, choose
from agent.core.prompts.definition import Prompt, Reach, catalogue, checked_answer
from agent.core.prompts.ledger import (
    Outcome,
    PromptEvent,
    Silence,
    answers,
    checked_event,
    joined,
    silences,
)

__all__ = [
    "Choice",
    "Outcome",
    "Prompt",
    "PromptEvent",
    "Reach",
    "Silence",
    "Situation",
    "answers",
    "catalogue",
    "checked_answer",
    "checked_event",
    "choose",
    "joined",
    "silences",
]
