"""The ack: HQ's signed statement that a journal is durable there up to a seq.

A till keeps the last one as evidence. A rewound HQ recognises its own signature under a position
it no longer has, and so learns that it lost time (invariants I1, I8); nobody else can make it
believe that.
"""

from __future__ import annotations

from typing import TypedDict

import msgspec

from agent.core.exchange.signed import Sign, Verify, statement, unhex
from agent.core.exchange.wire import Ack, LastAck, Pace

_DOMAIN = b"till-agent ack v1"
_SAFE_DOMAIN = b"till-agent safe v1"
_SEQ_BYTES = 8
_SEQ_MAX = 2**63 - 1


def ack_bytes(epoch: str, journal_id: str, seq: int, hash_: bytes) -> bytes:
    """Write what HQ signs: that the chain hash of this journal at `seq` is durable as `hash_`.

    Raises:
        OverflowError: seq is negative or needs more than 64 bits.
    """
    position = seq.to_bytes(_SEQ_BYTES, "big")
    return statement(_DOMAIN, epoch.encode(), journal_id.encode(), position, hash_)


def safe_bytes(journal_id: str, seq: int, hash_: bytes) -> bytes:
    """Write what HQ signs: that its oldest restorable backup holds this journal up to `seq`.

    Without an epoch: a backup stays what it is, whatever HQ is restored from.

    Raises:
        OverflowError: seq is negative or needs more than 64 bits.
    """
    position = seq.to_bytes(_SEQ_BYTES, "big")
    return statement(_SAFE_DOMAIN, journal_id.encode(), position, hash_)


def make_ack(
    sign: Sign,
    *,
    epoch: str,
    journal_id: str,
    seq: int,
    hash_: bytes,
    safe_seq: int = 0,
    applied_seq: int = 0,
    pace: Pace | None = None,
    safe_hash: bytes = b"",
    server_time: str = "",
) -> Ack:
    """Sign a position; to be called only after the commit that makes it durable has returned.

    Args:
        sign: by HQ's root key.
        epoch: the one HQ lives in.
        journal_id: whose position.
        seq: durable up to here.
        hash_: chain hash at `seq`.
        safe_seq: what HQ's oldest restorable backup holds, signed as well; never above `seq`.
        applied_seq: what shows in histories.
        pace: HQ's wish for what comes next.
        safe_hash: chain hash at `safe_seq`; without it nothing is said to be safe.
        server_time: HQ's clock, to show.
    """
    safe = make_safe(sign, journal_id, safe_seq if safe_seq <= seq else 0, safe_hash)
    ack = Ack(
        epoch=epoch,
        journal_id=journal_id,
        seq=seq,
        hash=hash_.hex(),
        signature=sign(ack_bytes(epoch, journal_id, seq, hash_)).hex(),
        applied_seq=applied_seq,
        next=pace or Pace(),
        server_time=server_time,
    )
    return msgspec.structs.replace(ack, **safe)


class SafeFields(TypedDict):
    """The fields of an ack that tell a safe position; see `wire.Ack`."""

    safe_seq: int
    safe_hash: str
    safe_signature: str


def make_safe(sign: Sign, journal_id: str, seq: int, hash_: bytes | None) -> SafeFields:
    """Sign that HQ's oldest restorable backup, opened and verified, holds a journal up to `seq`.

    Without a hash nothing is signed: a position no backup was found to hold is not safe.
    """
    if seq < 1 or not hash_:
        return SafeFields(safe_seq=0, safe_hash="", safe_signature="")
    signature = sign(safe_bytes(journal_id, seq, hash_))
    return SafeFields(safe_seq=seq, safe_hash=hash_.hex(), safe_signature=signature.hex())


def genuine_safe(ack: Ack, journal_id: str, own_hash: bytes | None, verify: Verify) -> int:
    """Give the safe position of an ack, if HQ signed it over the journal's own hash; 0 else.

    Args:
        ack: genuine already (`genuine`).
        journal_id: whose ack it is.
        own_hash: the journal's own chain hash at `ack.safe_seq`; None where it has no such entry.
        verify: checks a signature by HQ's root key.
    """
    hash_ = unhex(ack.safe_hash)
    if not 0 < ack.safe_seq <= ack.seq or hash_ != own_hash:
        return 0
    message = safe_bytes(journal_id, ack.safe_seq, hash_)
    return ack.safe_seq if verify(unhex(ack.safe_signature), message) else 0


def genuine(ack: Ack, journal_id: str, verify: Verify) -> bool:
    """Tell whether HQ signed this ack, and for this journal."""
    if ack.journal_id != journal_id or not 0 <= ack.seq <= _SEQ_MAX:
        return False
    message = ack_bytes(ack.epoch, journal_id, ack.seq, unhex(ack.hash))
    return verify(unhex(ack.signature), message)


def evidence(ack: Ack) -> LastAck:
    """Keep of an ack what proves it: this travels back to HQ with every batch."""
    return LastAck(ack.epoch, ack.seq, unhex(ack.hash), unhex(ack.signature))


def proves(last: LastAck, journal_id: str, verify: Verify) -> bool:
    """Tell whether kept evidence carries HQ's signature for this journal."""
    if not 0 <= last.seq <= _SEQ_MAX:
        return False
    return verify(last.signature, ack_bytes(last.epoch, journal_id, last.seq, last.hash))
