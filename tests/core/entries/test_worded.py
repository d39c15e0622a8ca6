"""Words about a person can be taken out of a fact, and put back into the same one."""

from __future__ import annotations

import pytest

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.entries.worded import name_of, with_words, words_of
from agent.core.identifiers import PartyId, StoreId, TillId
from agent.core.prompts.ledger import Outcome, PromptEvent
from agent.core.sale.model import Stamp

ADA = PartyId("party-1")
PLACE = (ADA, StoreId("store-1"), TillId("till-1"), Stamp("2026-11-23", 1, "b"))
ASKED = ("shoe-size", ADA, Outcome.ANSWERED, "2026-11-23", "2026-11-23T08:00:00Z", "store")


@pytest.mark.parametrize(
    "fact",
    [
        NoteWritten("id-1", *PLACE, "call Ada"),
        TaskOpened("id-1", *PLACE, "call Ada"),
        TaskClosed("id-1", *PLACE, "call Ada"),
        PromptEvent("id-1", *ASKED, value="call Ada"),
    ],
)
def test_words_leave_a_fact_and_come_back(fact):
    """A kind of fact would keep its words in the clear, or lose them on their way to HQ."""
    closed = with_words(fact, "", b"sealed")
    assert ("call Ada", "", b"sealed") == (words_of(fact), words_of(closed), closed.sealed)
    assert "Ada" not in repr(closed)
    assert fact == with_words(closed, "call Ada")
    assert name_of(fact) == name_of(closed) == (ADA, type(fact).__name__, "id-1")
