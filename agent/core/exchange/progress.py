"""When a transfer counts as stalled: entries wait, HQ answers, and nothing has moved for minutes.

A transfer that hangs without an error is what nobody notices for days. So each journal's progress
has a deadline; past it a person is told and the journal's sync starts again from its cursor.
"""

from __future__ import annotations

import msgspec

STALL_MS = 240_000
"""Without progress for so long, a transfer is stalled: with `LOOK_MS` on top below five minutes."""
LOOK_MS = 30_000
"""How often progress is looked at."""


class Progress(msgspec.Struct, frozen=True):
    """When a journal last moved, by a monotonic clock in milliseconds."""

    acked: int
    since_ms: int
    """The last time it moved, had nothing to send, or HQ did not answer."""
    is_stalled: bool = False
    """Past the deadline, until it moves."""
    restarts: int = 0
    """How often it was started again without having moved."""


def begin(acked: int, now_ms: int) -> Progress:
    """Start to watch."""
    return Progress(acked, now_ms)


def look(
    seen: Progress, *, acked: int, tail: int, is_answering: bool, now_ms: int
) -> tuple[Progress, bool]:
    """Look at a journal.

    Args:
        seen: what the last look gave.
        acked: up to here HQ has signed now.
        tail: the journal's end now.
        is_answering: HQ answered at the last exchange: an outage is no stall.
        now_ms: monotonic.

    Returns:
        What to hand to the next look, and whether to start the transfer again now.
    """
    if acked != seen.acked or acked >= tail:
        return begin(acked, now_ms), False
    if not is_answering:
        return Progress(acked, now_ms, seen.is_stalled, seen.restarts), False
    if now_ms - seen.since_ms < STALL_MS:
        return seen, False
    return Progress(acked, now_ms, is_stalled=True, restarts=seen.restarts + 1), True
