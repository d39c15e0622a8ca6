"""HQ's decision about a batch: recompute everything, believe nothing, overwrite nothing.

Pure: the caller reads what it holds of the journal inside its transaction, asks `decide`, and
inserts, commits and only then signs an ack. Overlap is re-verified hash by hash, so that sending
the same records twice, in whatever pieces, is one success (P3), and a different record under a
number HQ holds is a fork and never an overwrite (P4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from agent.core.entries.chain import commitment, linker
from agent.core.exchange.acks import proves
from agent.core.exchange.epochs import counter
from agent.core.exchange.faults import MalformedBatch
from agent.core.exchange.in_step import agreement
from agent.core.exchange.signed import Verify
from agent.core.exchange.wire import Batch, Behind, Fork, LastAck, WireRecord
from agent.core.identifiers import JournalId

SALT_BYTES = 16
HASH_BYTES = 32
_U16 = 1 << 16
_I64 = 1 << 63
"""What a database holds as a number ends below."""
_TEXT_MAX = 1000
"""Longer than anything a till says of itself."""
_REMEDY = "export the journal with till-agent journal export and ask the product's maker"


class Held(msgspec.Struct, frozen=True):
    """What HQ holds of one journal, read in the transaction that will insert."""

    journal_id: str
    epoch: str
    """HQ's present epoch."""
    genesis: bytes
    """`entries.chain.genesis(...)` of the till's credential."""
    have_seq: int
    """Highest seq held; 0 while there is none."""
    have_hash: bytes
    """Chain hash at `have_seq`; the genesis while there is none."""
    hash_at: Callable[[int], bytes | None]
    """Chain hash HQ holds at a seq between 1 and `have_seq`."""
    retired: frozenset[str] = frozenset()
    """Incarnations of this journal that were followed by another one: if one of them speaks
    again, the journal file was copied."""

    def at(self, seq: int) -> bytes | None:
        """Look up the chain hash at a seq from 0 (the genesis) to `have_seq`."""
        if seq == self.have_seq:
            return self.have_hash
        return self.genesis if seq == 0 else self.hash_at(seq)


class Row(msgspec.Struct, frozen=True):
    """One new record with its recomputed commitment and chain hash."""

    seq: int
    kind: int
    version: int
    salt: bytes
    body: bytes
    commitment: bytes
    hash: bytes
    erased_by: str = ""


class Accept(msgspec.Struct, frozen=True):
    """Insert `rows` (none, if all was held already), commit, then sign `seq` and `hash`."""

    rows: tuple[Row, ...]
    seq: int
    hash: bytes


class Rewound(msgspec.Struct, frozen=True):
    """HQ holds less than it has signed: raise an incident, begin the next epoch, answer 410."""

    signed: LastAck
    have_seq: int


Decision = Accept | Behind | Fork | Rewound


def decide(held: Held, batch: Batch, verify: Verify) -> Decision:
    """Decide about one batch.

    Args:
        held: what HQ holds of this journal.
        batch: what the till sent, its sender already established by signature.
        verify: checks a signature by HQ's own root key.

    Returns:
        What to do; a `Behind` named `epoch` travels as 410, `Behind` and `Fork` as 409.

    Raises:
        MalformedBatch: no correct till sends this; answer 400, keep nothing.
    """
    if batch.in_step:
        own = _agreed(held, batch)
        if own is None:
            return behind(held)
        batch = msgspec.structs.replace(batch, prev_hash=own)
    _check_shape(held, batch)
    decision = (
        _check_evidence(held, batch, verify) or _check_position(held, batch) or _take(held, batch)
    )
    if isinstance(decision, Fork):
        return msgspec.structs.replace(decision, common_seq=_common(held, batch))
    return decision


def _agreed(held: Held, batch: Batch) -> bytes | None:
    """Give HQ's own chain hash before a batch, if its till has the same one and the same epoch."""
    before = batch.base - 1
    own = held.at(before) if 0 <= before <= held.have_seq else None
    is_same = own is not None and agreement(held.epoch, before, own) == batch.in_step
    return own if is_same else None


def behind(held: Held, name: str = "behind") -> Behind:
    """Tell a till what HQ holds of its journal."""
    return Behind(held.epoch, held.have_seq, held.have_hash.hex(), name)


def _check_evidence(held: Held, batch: Batch, verify: Verify) -> Behind | Fork | Rewound | None:
    """Weigh the last ack the till holds: HQ may have lost time, or live in a new epoch."""
    last = batch.last_ack
    if last is None:
        return None
    if not proves(last, held.journal_id, verify):
        raise _malformed("its last ack does not carry HQ's signature", "bad-last-ack")
    if _is_lost(held, last):
        return Rewound(last, held.have_seq)
    if last.epoch != held.epoch:
        return behind(held, "epoch")
    return _fork_unless_equal(held, last.seq, last.hash)


def _is_lost(held: Held, last: LastAck) -> bool:
    """HQ signed a later epoch than it lives in, or more in this one than it holds."""
    if last.epoch == held.epoch:
        return last.seq > held.have_seq
    return counter(last.epoch) > counter(held.epoch)


def _check_position(held: Held, batch: Batch) -> Behind | Fork | None:
    if batch.incarnation in held.retired:
        return Fork(held.have_seq, held.have_hash.hex())
    if batch.base - 1 > held.have_seq:
        return behind(held)
    return _fork_unless_equal(held, batch.base - 1, batch.prev_hash)


def _take(held: Held, batch: Batch) -> Accept | Fork:
    rows = []
    for row in _rows(batch):
        if row.seq > held.have_seq:
            rows.append(row)
        elif fork := _fork_unless_equal(held, row.seq, row.hash):
            return fork
    if rows:
        return Accept(tuple(rows), rows[-1].seq, rows[-1].hash)
    return Accept((), held.have_seq, held.have_hash)


def _common(held: Held, batch: Batch) -> int:
    """Find the highest seq of a batch where HQ's chain is the till's; -1 where none is."""
    if batch.base - 1 > held.have_seq or held.at(batch.base - 1) != batch.prev_hash:
        return -1
    seq = batch.base - 1
    for row in _rows(batch):
        if row.seq > held.have_seq or held.at(row.seq) != row.hash:
            break
        seq = row.seq
    return seq


def _rows(batch: Batch) -> Iterator[Row]:
    hash_, link = batch.prev_hash, linker(JournalId(batch.journal_id))
    for record in batch.records:
        sealed = record.commitment if record.erased_by else commitment(record.salt, record.body)
        hash_ = link(record.seq, hash_, record.kind, record.version, sealed)
        yield Row(
            record.seq,
            record.kind,
            record.version,
            record.salt,
            record.body,
            sealed,
            hash_,
            record.erased_by,
        )


def _fork_unless_equal(held: Held, seq: int, hash_: bytes) -> Fork | None:
    own = held.at(seq)
    return None if own == hash_ else Fork(seq, (own or b"").hex())


def _check_shape(held: Held, batch: Batch) -> None:
    """Refuse what would make the hashes below meaningless."""
    if batch.journal_id != held.journal_id:
        raise _malformed(f"it is of journal {batch.journal_id[:40]!r}, not {held.journal_id}")
    if batch.base < 1 or len(batch.prev_hash) != HASH_BYTES:
        raise _malformed("its first record has no place in a chain")
    if batch.tail_seq < batch.base + len(batch.records) - 1:
        raise _malformed("it holds records beyond its own tail")
    _check_said(batch)
    for offset, record in enumerate(batch.records):
        if record.seq != batch.base + offset:
            raise _malformed(f"seq {record.seq} stands where {batch.base + offset} belongs")
        _check_record(record)


def _check_said(batch: Batch) -> None:
    """Refuse what no database can note: HQ's would fail on it at every attempt."""
    pruned, age, backlog = batch.pruned_seq, batch.oldest_unacked_age_s, batch.backlog_bytes
    if not all(-_I64 <= number < _I64 for number in (batch.tail_seq, pruned, age, backlog)):
        raise _malformed("a number in it is out of range")
    texts = [batch.incarnation, batch.agent_version, batch.wall]
    texts += [*batch.feed_cursors, *batch.feed_cursors.values()]
    texts += [record.erased_by for record in batch.records]
    if any("\0" in text or len(text) > _TEXT_MAX for text in texts):
        raise _malformed("a text in it is too long or holds a NUL")


def _check_record(record: WireRecord) -> None:
    if not (0 <= record.kind < _U16 and 0 <= record.version < _U16):
        raise _malformed(f"kind or version of seq {record.seq} is out of range")
    if record.erased_by:
        if record.salt or record.body or len(record.commitment) != HASH_BYTES:
            raise _malformed(f"seq {record.seq} is erased, but not by its commitment alone")
    elif len(record.salt) != SALT_BYTES or record.commitment:
        raise _malformed(f"seq {record.seq} is not a salt and a body")


def _malformed(reason: str, name: str | None = None) -> MalformedBatch:
    return MalformedBatch(f"the batch was not kept: {reason}", remedy=_REMEDY, name=name)
