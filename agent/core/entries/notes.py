"""What staff write for one another about a customer: notes, and tasks handed from desk to desk."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ActorId, PartyId, StoreId, TillId
from agent.core.sale.model import Stamp


class NoteWritten(msgspec.Struct, frozen=True, omit_defaults=True, tag="note.written"):
    """A note about a customer. Journal `side`; personal, erasable."""

    note_id: str
    party_id: PartyId
    store: StoreId
    till: TillId
    at: Stamp
    text: str
    audience: str = "all"
    """Who it is for: `all`, `service`, or a store's id."""
    valid_until: str = ""
    """The last day it is shown; empty: until somebody is erased."""
    about: str | None = None
    """The order or sale it belongs to."""
    actor: ActorId | None = None
    sealed: bytes | None = None
    """The text, closed for HQ (`core.privacy.seal_words`); empty above where that is here."""


class TaskOpened(msgspec.Struct, frozen=True, omit_defaults=True, tag="task.opened"):
    """Something another desk is asked to do for a customer. `side`; personal, erasable."""

    task_id: str
    party_id: PartyId
    store: StoreId
    till: TillId
    at: Stamp
    text: str
    audience: str = "service"
    """Who is to do it: `service`, or a store's id."""
    due_on: str = ""
    """ISO 8601 day; empty: nobody said."""
    about: str | None = None
    actor: ActorId | None = None
    sealed: bytes | None = None
    """The text, closed for HQ (`core.privacy.seal_words`); empty above where that is here."""


class TaskClosed(msgspec.Struct, frozen=True, omit_defaults=True, tag="task.closed"):
    """A task is done, or will not be. `side`; personal, erasable."""

    task_id: str
    party_id: PartyId
    store: StoreId
    till: TillId
    at: Stamp
    outcome: str
    """What was done, in words."""
    actor: ActorId | None = None
    sealed: bytes | None = None
    """The outcome, closed for HQ (`core.privacy.seal_words`); empty above where that is here."""
