"""What is told about sync: to the till page, the command line, the metrics."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import TillId


class Trouble(msgspec.Struct, frozen=True):
    """An alarm about one journal that is still on."""

    till: TillId
    lane: str
    name: str
    """`fork`, `journal-older-than-hq`, `refused` …, see `core.exchange.steps.Alarm`."""
    detail: str


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
