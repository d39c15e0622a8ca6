"""A till in step with HQ: sixteen bytes in place of its evidence.

While HQ has acked, in the epoch both know, all that comes before a batch, nothing is left to prove:
a digest of what both hold stands for the chain hash and for HQ's last signature, 96 bytes that no
compressor makes smaller. HQ takes the digest of what it holds itself. Where the two differ (HQ was
put back, an epoch began, another machine spoke for this journal) HQ answers `behind` and keeps
nothing, and the till sends the batch whole, with its evidence: what HQ learns then is what it
would have learned at once.
"""

from __future__ import annotations

import hashlib

import msgspec

from agent.core.exchange.signed import statement
from agent.core.exchange.wire import Batch, LastAck

AGREEMENT_BYTES = 16
_DOMAIN = b"till-agent in step v1"
_SEQ_BYTES = 8


def agreement(epoch: str, seq: int, hash_: bytes) -> bytes:
    """Digest what HQ and a till in step with it both hold: the first 16 bytes of a SHA-256.

    Args:
        epoch: the one HQ lives in.
        seq: HQ holds the journal up to here, at least; 0 to 2**63 - 1.
        hash_: chain hash at `seq`.
    """
    stated = statement(_DOMAIN, epoch.encode(), seq.to_bytes(_SEQ_BYTES, "big"), hash_)
    return hashlib.sha256(stated).digest()[:AGREEMENT_BYTES]


def agreed(last: LastAck | None, epoch: str, seq: int, hash_: bytes) -> bytes:
    """Give the digest of a till's position, if HQ's last ack is of this very position; else empty.

    Args:
        last: the last ack the till holds.
        epoch: the one the till believes HQ lives in.
        seq: of the entry before the batch.
        hash_: the till's own chain hash there.
    """
    if last is None or (last.epoch, last.seq, last.hash) != (epoch, seq, hash_):
        return b""
    return agreement(epoch, seq, hash_)


def lean(batch: Batch) -> Batch:
    """Leave out what the digest stands for, where there is one."""
    if not batch.in_step:
        return batch
    return msgspec.structs.replace(batch, prev_hash=b"", last_ack=None)


def told_whole(batch: Batch) -> Batch:
    """Leave out the digest: for an HQ that does not know of it."""
    return msgspec.structs.replace(batch, in_step=b"")
