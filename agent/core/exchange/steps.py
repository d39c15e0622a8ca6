"""What happens to one journal's upward sync (events), and what is to be done about it (effects).

A reply carries the turn of the send it answers, a timer the turn of its wait: what arrives late,
twice or out of order is recognised by it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.exchange.wire import Ack, Behind, Fork


class Failure(StrEnum):
    """Why no answer about records came back, by what the till does about it."""

    UNREACHABLE = "unreachable"
    """No durable answer: try again later."""
    REFUSED = "refused"
    """HQ answered no: a person must act; try again now and then, nothing is dropped."""
    FORGOTTEN = "forgotten"
    """HQ had forgotten who this is, and has just been shown: ask at once."""
    VERSION = "sync-version"
    """426: HQ and till share no sync version; one of them must be updated, nothing is dropped."""
    UNREADABLE = "journal-unreadable"
    """The journal itself could not be read: a person must act."""
    SLOW = "slow"
    """No answer within the deadline of a transfer: send fewer records, later."""
    TOO_LARGE = "too-large"
    """413: send fewer records at once."""


class Started(msgspec.Struct, frozen=True):
    """The journal's sync begins (again): the first contact may be spread by HQ's hint."""


class Appended(msgspec.Struct, frozen=True):
    """The journal's tail, after a commit or at the start."""

    tail: int


class AckReceived(msgspec.Struct, frozen=True):
    """HQ's ack, with what the shell looked up for it."""

    turn: int
    ack: Ack
    genuine: bool
    """`acks.genuine(...)`."""
    own_hash: bytes | None
    """The journal's own chain hash at `ack.seq`; None where it has no such record."""
    took_ms: int = 0
    """From sending to the answer, by a monotonic clock."""
    safe_seq: int = 0
    """`acks.genuine_safe(...)`: what the ack proves to be in HQ's backups."""


class BehindReceived(msgspec.Struct, frozen=True):
    """HQ told its position: 409 `behind`, or 410 `epoch`."""

    turn: int
    behind: Behind
    own_hash: bytes | None
    """The journal's own chain hash at `behind.have_seq`; None where it has no such record."""


class ForkReceived(msgspec.Struct, frozen=True):
    """HQ holds a different record under one of our numbers."""

    turn: int
    fork: Fork
    own_hash: bytes | None = None
    """The journal's own chain hash at `fork.seq`; equal where it is the machine that is another."""


class Failed(msgspec.Struct, frozen=True):
    """The send came to nothing."""

    turn: int
    kind: Failure
    detail: str = ""
    remedy: str = ""
    """HQ's own words on what to do; empty where it said none."""


class SlowDown(msgspec.Struct, frozen=True):
    """429 or 503: HQ asks for patience."""

    turn: int
    delay_ms: int


class EpochChanged(msgspec.Struct, frozen=True):
    """HQ was heard, elsewhere, to live in this epoch."""

    epoch: str


class HqSeen(msgspec.Struct, frozen=True):
    """HQ answers again after an outage: why wait any longer?"""


class HeartbeatDue(msgspec.Struct, frozen=True):
    """HQ has not heard from this journal for a while, or does not know what has changed here."""


class Stalled(msgspec.Struct, frozen=True):
    """Entries wait, HQ answers, and nothing has moved for too long (see `exchange.progress`)."""

    detail: str


class TimerFired(msgspec.Struct, frozen=True):
    """A wait is over."""

    turn: int


Event = (
    Started
    | Appended
    | AckReceived
    | BehindReceived
    | ForkReceived
    | Failed
    | SlowDown
    | EpochChanged
    | HqSeen
    | HeartbeatDue
    | Stalled
    | TimerFired
)


class Send(msgspec.Struct, frozen=True):
    """Send at most `limit` records from `base`; with limit 0, ask for HQ's position (heartbeat)."""

    turn: int
    base: int
    limit: int


class Wait(msgspec.Struct, frozen=True):
    """Wait, then report `TimerFired`."""

    turn: int
    ms: int


class MoveAck(msgspec.Struct, frozen=True):
    """Keep this ack durably: HQ's signed position of the journal."""

    ack: Ack
    safe_seq: int = 0
    """Up to here HQ's backups hold it: bodies may be pruned. Never above the ack."""


class NoteHeld(msgspec.Struct, frozen=True):
    """Keep durably that HQ holds a journal that has ended, to its end.

    It signed a later entry, which only a copy of this machine has; what was sent of ours it had
    compared with its own, link by link, before it did.
    """

    epoch: str
    seq: int
    """The journal's end here."""
    hq_seq: int
    """What HQ signed."""


class Succeed(msgspec.Struct, frozen=True):
    """End the journal here and go on in a successor, which carries every entry above `held_seq`.

    Of a journal that has ended already: carry what is above into the one that follows it.
    """

    held_seq: int
    """The last entry that HQ has signed for and still holds with the journal's own hash."""
    reason: str
    """`fork` or `older-than-hq`: see `exchange.wire.Predecessor`."""


class Alarm(msgspec.Struct, frozen=True):
    """Tell a person, once."""

    name: str
    """`fork`, `journal-older-than-hq`, `ack-not-genuine`, `refused`, `record-too-large`,
    `journal-unreadable`, `no-progress`, `stalled`, `sync-version`, `journal-differs`."""
    detail: str
    remedy: str = ""
    """HQ's own words on what to do; empty where it said none."""


Effect = Send | Wait | MoveAck | NoteHeld | Succeed | Alarm
