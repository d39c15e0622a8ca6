"""What is told about sync: to the till page, the command line, the metrics."""

from __future__ import annotations

import msgspec

from agent.core.exchange.wire import Predecessor
from agent.core.identifiers import TillId


class Trouble(msgspec.Struct, frozen=True):
    """An alarm about one journal that is still on."""

    till: TillId
    lane: str
    name: str
    """`fork`, `journal-older-than-hq`, `refused` …, see `core.exchange.steps.Alarm`; also
    `pruned-beyond-hq`, `successor-not-bound`, `order-not-genuine`, `revoked`."""
    detail: str
    """Why."""
    since: str = ""
    """Wall clock, UTC, ISO 8601: only shown."""
    about: str = ""
    """The journal's id, or that of the order."""
    remedy: str = ""


class JournalStatus(msgspec.Struct, frozen=True):
    """Is everything of one journal in? What is missing, since when, why."""

    till: TillId
    lane: str
    journal_id: str
    tail: int
    """Entries that HQ is to get from this journal itself."""
    acked: int
    """HQ has signed that it holds them up to here."""
    safe: int
    """HQ has signed that its backups hold them up to here: bodies may be pruned."""
    unsent: int
    """tail − acked."""
    unsent_bytes: int = 0
    """About."""
    oldest_unsent_s: int = 0
    """For how many seconds the oldest of them has waited."""
    epoch: str = ""
    state: str = ""
    """`idle`, `sending`, `paced`, `backing-off`, `spreading`; empty while nothing sends it."""
    is_open: bool = True
    """False of a journal that another one goes on from."""
    succeeds: Predecessor | None = None
    """The journal this one goes on from, where, and why."""
    successor: str = ""
    stalled: bool = False
    said: str = ""
    """All of it in words."""


class SyncStatus(msgspec.Struct, frozen=True):
    """Where sync stands now."""

    enrolled: bool
    """Whether every till of this agent has a credential."""
    online: bool
    """Whether HQ answered at the last exchange."""
    since: str
    """When `online` last changed: wall clock, UTC, ISO 8601."""
    epoch: str
    """HQ's epoch as last heard; empty while it was never heard."""
    backlog: dict[TillId, dict[str, int]]
    """Till → lane (`sales`, `side`) → entries HQ has not acknowledged: tail − acked."""
    last_error: str | None = None
    last_ack_at: str | None = None
    """Wall clock, UTC, ISO 8601."""
    troubles: tuple[Trouble, ...] = ()
    journals: tuple[JournalStatus, ...] = ()
    """In the order they were begun."""
    complete: bool = False
    """Whether HQ holds every entry of every journal."""
    said: str = ""
    """Is everything in? If not, what is missing, since when, and why."""
