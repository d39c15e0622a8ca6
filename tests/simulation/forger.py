"""Who answers a till in HQ's place: everything in the answer fits, but for the key it is signed by.

It reads what the till sends, says that all of it is held and safe, with the till's own hashes, and
names the digest of its words. Only HQ's signature tells the till that nobody holds anything.
"""

from __future__ import annotations

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.exchange.acks import make_ack
from agent.core.exchange.coding import content_digest, decode_batch
from agent.core.exchange.intake import _rows
from agent.core.exchange.versions import Versions
from central.intake.content import _unpacked

_ANY = Versions(1, 9)
_FIRST_EPOCH = f"1-{bytes(8).hex()}"


def forged(message, rng):
    """Answer a batch: status, headers, body."""
    coding = message.request.headers["Content-Encoding"]
    batch = decode_batch(_unpacked(message.content, coding), _ANY)
    seq, hash_ = batch.base - 1, batch.prev_hash
    for row in _rows(batch):
        seq, hash_ = row.seq, row.hash
    ack = make_ack(
        Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)).sign,
        epoch=batch.last_ack.epoch if batch.last_ack else _FIRST_EPOCH,
        journal_id=batch.journal_id or message.path.split("/")[3],
        seq=seq,
        hash_=hash_,
        safe_seq=seq,
        safe_hash=hash_,
    )
    body = msgspec.json.encode(ack)
    fields = {"Content-Type": "application/json", "Content-Digest": content_digest(body)}
    return 200, fields, body
