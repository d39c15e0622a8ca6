"""`python -m tests.simulation.flips --records 1000`: every byte changed once, on the wire, at HQ.

A batch as it travels: HQ must refuse it (its digest and signature cover every byte). The same
batch with its wrapping taken off, as if the digest were not there: what HQ would take in must be
exactly what was sent, or chain to a hash the till does not have. HQ's inbox: recomputing a record
must find every changed byte of it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

import httpx
import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSignaturesException
from http_message_signatures.algorithms import ED25519

from agent.core.entries.canonical import encode
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.kinds import KINDS
from agent.core.exchange.coding import SIGNED_COMPONENTS, decode_batch, encode_batch
from agent.core.exchange.intake import Accept, Held, decide
from agent.core.exchange.wire import SYNC_VERSION, Batch, WireRecord
from agent.core.faults import Fault
from agent.core.sale.model import Stamp
from agent.links.signing import DeviceSigner
from central.intake.signatures import _verifier
from central.ledger.hq import SignedMessage
from central.ledger.verify import _Broken, _check_link, _Record
from tests.simulation import facts

JOURNAL = "ab" * 16
PATH = f"http://hq/v1/journals/{JOURNAL}/batches"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GENESIS = genesis(JOURNAL, "store-1", "till-1", "sales", KEY.public_key().public_bytes_raw())
_KIND = KINDS[facts.SaleCompleted]


def batch_of(count):
    """Seal so many sales into one batch."""
    rng, stamp = random.Random("flips"), Stamp("2026-03-02T08:00:00.000Z", 1, "boot")
    records = []
    for seq in range(1, count + 1):
        sale = facts.sale(rng, "store-1", "till-1", f"sale-{seq}", f"n-{seq}", stamp)
        records.append(WireRecord(seq, _KIND.kind, _KIND.version, rng.randbytes(16), encode(sale)))
    return Batch(SYNC_VERSION, JOURNAL, "11" * 16, 1, GENESIS, count, tuple(records))


def on_the_wire(batch, step=1):
    """Change every byte of a signed batch; gives how many, and which passed unnoticed."""
    content = zstandard.ZstdCompressor(level=3).compress(encode_batch(batch))
    request = httpx.Request("POST", PATH, content=content)
    DeviceSigner(KEY, "device").sign(request, content)
    verifier = _verifier(_OneKey())
    passed = [
        at for at in range(0, len(content), step) if _is_taken(verifier, request, content, at)
    ]
    assert _is_taken(verifier, request, content, None)
    return len(range(0, len(content), step)), passed


class _OneKey:
    """Knows the one device there is."""

    algorithm_id = ED25519.algorithm_id

    def resolve_public_key(self, _key_id):
        return KEY.public_key()


def _is_taken(verifier, request, content, at):
    body = content if at is None else changed(content, at)
    message = SignedMessage("POST", PATH, request.headers, body)
    try:
        verifier.verify(message, max_age=None, require_components=SIGNED_COMPONENTS, body=body)
    except HTTPMessageSignaturesException:
        return False
    return True


def without_digest(batch, step=1):
    """Change every byte of the unpacked batch; gives how many, and which would do harm."""
    data, held = encode_batch(batch), _held()
    whole = decide(held, batch, _nobody)
    harmful = []
    for at in range(0, len(data), step):
        try:
            taken = decide(held, decode_batch(changed(data, at)), _nobody)
        except (Fault, msgspec.MsgspecError):
            continue
        if isinstance(taken, Accept) and not _is_harmless(taken, whole):
            harmful.append(at)
    return len(range(0, len(data), step)), harmful


def _is_harmless(taken, whole):
    """The same records, or fewer of them, or an ack the till sees is not its own."""
    return (
        taken.rows == whole.rows[: len(taken.rows)] or taken.hash != whole.rows[taken.seq - 1].hash
    )


def _held():
    return Held(JOURNAL, "1-00", GENESIS, 0, GENESIS, lambda _seq: None)


def _nobody(_signature, _message):
    return False


def at_hq(batch, step=1):
    """Change every byte of every column of HQ's rows; gives how many, and which went unseen."""
    before, count, unseen = GENESIS, 0, []
    for sent in batch.records:
        sealed = commitment(sent.salt, sent.body)
        hash_ = link(JOURNAL, sent.seq, before, sent.kind, sent.version, sealed)
        row = _Record(sent.seq, sent.kind, sent.version, sealed, hash_, sent.salt, sent.body, None)
        for name in ("commitment", "hash", "salt", "body"):
            value = getattr(row, name)
            for at in range(0, len(value), step):
                count += 1
                if not _is_seen(row._replace(**{name: changed(value, at)}), before):
                    unseen.append((sent.seq, name, at))
        for name in ("seq", "kind", "version"):
            count += 1
            if not _is_seen(row._replace(**{name: getattr(row, name) ^ 1}), before):
                unseen.append((sent.seq, name, 0))
        before = hash_
    return count, unseen


def _is_seen(row, before):
    try:
        _check_link(JOURNAL, row, before)
    except (_Broken, Fault):
        return True
    return False


def changed(data, at):
    """Change one byte, to any other value, the same one in each run."""
    other = 1 + (at * 2654435761) % 255
    return data[:at] + bytes([data[at] ^ other]) + data[at + 1 :]


def main():
    """Change every byte; 1 if one went unseen."""
    parser = argparse.ArgumentParser(prog="flips", description=__doc__)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--bare-records", type=int, default=20)
    asked = parser.parse_args()
    batch, bare, bad = batch_of(asked.records), batch_of(asked.bare_records), 0
    for what, proof, given in (
        (f"a batch of {asked.records} records on the wire", on_the_wire, batch),
        (f"a batch of {asked.bare_records} records without its digest", without_digest, bare),
        (f"{asked.records} records in HQ's inbox", at_hq, batch),
    ):
        began = time.monotonic()
        count, missed = proof(given)
        bad += len(missed)
        sys.stdout.write(
            f"{what}: {count} bytes changed, {len(missed)} unseen {missed[:5]},"
            f" {time.monotonic() - began:.0f} s\n"
        )
        sys.stdout.flush()
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
