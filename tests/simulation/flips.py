"""`python -m tests.simulation.flips --records 1000`: every byte changed once, on the wire, at HQ.

A request as it travels, its content and all of its head that is signed, or signs: HQ must refuse
it, whichever way it checks it: by the one form every agent writes, or by the library that reads
any. The same batch with its wrapping taken off, as if the digest were not there: what HQ would
take in must be exactly what was sent, or chain to a hash the till does not have. HQ's inbox:
recomputing a record must find every changed byte of it. A till in step with HQ sends less: that
is taken apart, too.
"""

from __future__ import annotations

import argparse
import base64
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.entries.canonical import encode
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.kinds import KINDS
from agent.core.exchange.coding import decode_batch, encode_batch
from agent.core.exchange.credentials import key_id
from agent.core.exchange.in_step import agreement, lean
from agent.core.exchange.intake import Accept, Held, decide
from agent.core.exchange.request_signatures import recognised
from agent.core.exchange.wire import SYNC_VERSION, Batch, WireRecord
from agent.core.faults import AccessFault, Fault
from agent.core.sale.model import Stamp
from agent.links.signing import DeviceSigner
from central.intake.signatures import Signatures
from central.ledger.engine import open_engine, writing
from central.ledger.hq import HQ_PLACE, SignedMessage
from central.ledger.tables import CREDENTIALS
from central.ledger.verify import _Broken, _check_link, _Record
from tests.simulation import facts

JOURNAL = "ab" * 16
PATH = f"/v1/journals/{JOURNAL}/batches"
ASKED = "/v1/feeds/store:store-1?after=1-ab.7.0123456789abcdef&wait=20&limit=50"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYID = key_id(KEY.public_key().public_bytes_raw())
GENESIS = genesis(JOURNAL, "store-1", "till-1", "sales", KEY.public_key().public_bytes_raw())
EPOCH = "1-00"
_KIND = KINDS[facts.SaleCompleted]


def batch_of(count):
    """Seal so many sales into one batch."""
    rng, stamp = random.Random("flips"), Stamp("2026-03-02T08:00:00.000Z", 1, "boot")
    records = []
    for seq in range(1, count + 1):
        sale = facts.sale(rng, "store-1", "till-1", f"sale-{seq}", f"n-{seq}", stamp)
        records.append(WireRecord(seq, _KIND.kind, _KIND.version, rng.randbytes(16), encode(sale)))
    return Batch(SYNC_VERSION, JOURNAL, "11" * 16, 1, GENESIS, count, tuple(records))


def in_step_of(batch):
    """Have a till in step with HQ send it: without its place in the chain, and without evidence."""
    said = agreement(EPOCH, batch.base - 1, batch.prev_hash)
    return lean(msgspec.structs.replace(batch, in_step=said))


def on_the_wire(batch, step=1):
    """Change every byte of a signed batch; gives how many, and which passed unnoticed."""
    request = _signed(batch)
    with _hq() as signatures:
        assert _is_taken(signatures, request)
        flipped = range(0, len(request.body), step)
        passed = [
            at
            for at in flipped
            if _is_taken(signatures, request._replace(body=changed(request.body, at)))
        ]
    return len(flipped), passed


def in_the_head(batch, step=1):
    """Change every bit of what is signed of a head, and of the signature.

    Gives how many, and which of them passed though they mean something else.
    """
    count, passed = 0, []
    with _hq() as signatures:
        for request in (_signed(batch), _message("GET", ASKED, b"")):
            for name, value in _parts(request):
                for bit in range(0, 8 * len(value), step):
                    count += 1
                    other = _text(_flipped(value.encode(), bit))
                    taken = _is_taken(signatures, _with(request, name, other))
                    if taken and not _is_same(name, value, other):
                        passed.append((name, bit))
    return count, passed


def _signed(batch):
    return _message("POST", PATH, zstandard.ZstdCompressor(level=3).compress(encode_batch(batch)))


def _message(method, target, content):
    """Sign a request as an agent does."""
    request = httpx.Request(method, HQ_PLACE + target, content=content)
    DeviceSigner(KEY, KEYID).sign(request, content)
    signed = {"content-digest", "x-sync-version", "signature-input", "signature"}
    head = {name: value for name, value in request.headers.items() if name in signed}
    assert signed == set(head)
    assert recognised(method, target, head.items(), content) is not None
    return SignedMessage(method, HQ_PLACE + target, head, content)


@contextmanager
def _hq():
    """Have HQ's own check of signatures, by a database that knows the one device there is."""
    with tempfile.TemporaryDirectory() as directory:
        engine = open_engine(Path(directory) / "central.sqlite")
        key = KEY.public_key().public_bytes_raw().hex()
        place = {"store": "store-1", "till": "till-1", "credential": "", "signature": ""}
        with writing(engine) as conn:
            CREDENTIALS.create(conn)
            row = {"keyid": KEYID, "device_key": key, "issued_at": "", **place}
            conn.execute(CREDENTIALS.insert().values(row))
        yield Signatures(engine)
        engine.dispose()


def _is_taken(signatures, request):
    try:
        signatures(request)
    except AccessFault:
        return False
    return True


def _parts(request):
    """Give all that is signed, or signs: method, path and query, names and values of fields."""
    yield "@method", request.method
    yield "@target", request.url.removeprefix(HQ_PLACE)
    for name, value in request.headers.items():
        yield f"name of {name}", name
        yield name, value


def _with(request, name, other):
    """Put a part into a request in another way."""
    if name == "@method":
        return request._replace(method=other)
    if name == "@target":
        return request._replace(url=HQ_PLACE + other)
    held = name.removeprefix("name of ")
    field = (held, other) if held == name else (other, request.headers[held])
    return request._replace(headers=dict([*_others(request, held), field]))


def _others(request, name):
    return ((each, value) for each, value in request.headers.items() if each != name)


def _is_same(name, value, other):
    """A name in other letters; the last bits of a base64 text, which stand for nothing."""
    if name.startswith("name of "):
        return value == other.lower()
    return name == "signature" and _bytes(value) == _bytes(other)


def _bytes(signature):
    label, _, text = signature.partition("=:")
    return label, base64.b64decode(text.removesuffix(":"), validate=True)


def _flipped(data, bit):
    at = bit // 8
    return data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]


def _text(head):
    """Read bytes of a head as the server does."""
    return head.decode("latin-1")


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
    return Held(JOURNAL, EPOCH, GENESIS, 0, GENESIS, lambda _seq: None)


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
        ("the head of a signed request", in_the_head, bare),
        (f"a batch of {asked.bare_records} records without its digest", without_digest, bare),
        ("the same, of a till in step with HQ", without_digest, in_step_of(bare)),
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
