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


class Forger:
    """One who reads along: what a batch leaves out, it has heard in those before."""

    def __init__(self):
        self._hashes, self._epoch = {}, _FIRST_EPOCH

    def listen(self, message):
        """Read a batch on its way; gives its journal and the last seq and hash of it."""
        coding = message.request.headers["Content-Encoding"]
        batch = decode_batch(_unpacked(message.content, coding), _ANY)
        journal_id = batch.journal_id or message.path.split("/")[3]
        seq = batch.base - 1
        hash_ = batch.prev_hash or self._hashes.get((journal_id, seq), b"")
        if batch.last_ack:
            self._epoch = batch.last_ack.epoch
        whole = msgspec.structs.replace(batch, journal_id=journal_id, prev_hash=hash_)
        for row in _rows(whole) if hash_ else ():
            seq, hash_ = row.seq, row.hash
            self._hashes[journal_id, seq] = hash_
        return journal_id, seq, hash_

    def forged(self, message, rng):
        """Answer a batch: status, headers, body."""
        journal_id, seq, hash_ = self.listen(message)
        ack = make_ack(
            Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)).sign,
            epoch=self._epoch,
            journal_id=journal_id,
            seq=seq,
            hash_=hash_,
            safe_seq=seq,
            safe_hash=hash_,
        )
        body = msgspec.json.encode(ack)
        fields = {"Content-Type": "application/json", "Content-Digest": content_digest(body)}
        return 200, fields, body
