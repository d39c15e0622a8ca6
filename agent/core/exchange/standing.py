"""Where one journal's upward sync stands: the state that `upward.step` moves on."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.exchange.wire import BATCH_RECORDS_MAX


class Mode(StrEnum):
    """What the journal's sync is doing."""

    IDLE = "idle"
    SENDING = "sending"
    PACED = "paced"
    """HQ asked to be left alone for a while."""
    BACKING_OFF = "backing-off"
    """The last attempt failed."""
    SPREADING = "spreading"
    """The first contact after a start or an outage, spread over a while by HQ's hint."""


class Search(msgspec.Struct, frozen=True):
    """Halving the journal for the last position that HQ has signed for and still holds."""

    low: int
    """HQ holds our hash here; 0 is the genesis."""
    high: int
    """Not to be looked for from here on: HQ holds another hash, or has never signed."""
    reason: str
    detail: str

    @property
    def asked(self) -> int:
        """Give the position to ask about next."""
        return (self.low + self.high) // 2


class Upward(msgspec.Struct, frozen=True):
    """Where one journal's sync stands."""

    tail: int = 0
    acked: int = 0
    """Up to here HQ has signed, as far as it still holds it: the backlog is `tail - acked`."""
    held: int = 0
    """Up to here HQ is believed to hold: the next batch begins above."""
    safe: int = 0
    """Up to here HQ's backups hold it."""
    epoch: str = ""
    sure: bool = False
    """HQ has told its position since the last doubt."""
    mode: Mode = Mode.IDLE
    turn: int = 0
    sending: int = 0
    """Highest seq in the batch in flight; `held` in a heartbeat."""
    limit: int = BATCH_RECORDS_MAX
    failures: int = 0
    """In a row."""
    repositioned: bool = False
    """HQ has told us to resend, and has acked nothing since, nor given cause for doubt."""
    alarmed: str = ""
    """The last alarm's name, until an ack: it is told once, not at every retry."""
    spread_ms: int = 0
    """HQ's hint for first contacts."""
    is_lean: bool = False
    """The batch in flight may leave its evidence out (`in_step`): nothing has been unclear since
    HQ's last ack."""
    is_closed: bool = False
    """A successor goes on from `tail`: what was appended above it travels there."""
    search: Search | None = None
    """HQ holds another past: where is the last position both share?"""
    is_foreign: bool = False
    """Another machine's, taken in here: HQ is shown it, and nothing ever goes on from it here."""

    @property
    def shows_evidence(self) -> bool:
        """Tell whether HQ is shown our evidence of an epoch that it has said is over.

        Whoever has just said so would only say it again. After an outage it may be an HQ that was
        put back once more, to that very epoch, and would else never learn what it has lost.
        """
        return not self.repositioned


def resume(
    *,
    tail: int,
    acked: int,
    epoch: str,
    safe: int = 0,
    hint_ms: int = 0,
    is_closed: bool = False,
    is_foreign: bool = False,
) -> Upward:
    """Begin from what the journal has kept; HQ is asked before anything is believed.

    Args:
        tail: the journal's end; where a successor goes on from it, that position.
        acked: HQ's last signed position.
        epoch: the one it was signed in.
        safe: what HQ's backups were said to hold.
        hint_ms: over how long first contacts are to spread, as HQ last said.
        is_closed: a successor goes on from `tail`.
        is_foreign: it is another machine's, and as closed as any.
    """
    acked = min(acked, tail)
    return Upward(
        tail=tail,
        acked=acked,
        held=acked,
        safe=min(safe, acked),
        epoch=epoch,
        spread_ms=hint_ms,
        is_closed=is_closed or is_foreign,
        is_foreign=is_foreign,
    )
