"""Facts in which somebody wrote words about a person: notes, tasks, answers to questions.

Words hold whatever a cashier typed: names, addresses, telephone numbers. A till has no use for them
once they are said, so it closes them for HQ (`core.privacy.seal_words`) and keeps the rest.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.prompts.ledger import PromptEvent

Worded = NoteWritten | TaskOpened | TaskClosed | PromptEvent
_FIELDS = {
    NoteWritten: ("note_id", "text"),
    TaskOpened: ("task_id", "text"),
    TaskClosed: ("task_id", "outcome"),
    PromptEvent: ("event_id", "value"),
}
"""Kind of fact → what names it, and which field holds the words."""


def words_of(fact: Worded) -> str:
    """Give the words of a fact; empty where there are none, or where they are closed."""
    words: str = getattr(fact, _FIELDS[type(fact)][1])
    return words


def name_of(fact: Worded) -> tuple[str, str, str]:
    """Name a fact, so that closed words are of it and of no other: person, kind, id."""
    return fact.party_id, type(fact).__name__, getattr(fact, _FIELDS[type(fact)][0])


def with_words(fact: Worded, words: str, sealed: bytes | None = None) -> Worded:
    """Give a fact with other words, or without any where they are closed for HQ."""
    changed = {_FIELDS[type(fact)][1]: words, "sealed": sealed}
    return msgspec.structs.replace(fact, **changed)
