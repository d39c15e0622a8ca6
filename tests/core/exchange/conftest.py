"""A journal and an HQ made of nothing but values, and keys whose signatures are plain hashes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from agent.core.entries.chain import commitment, genesis, link
from agent.core.exchange import intake
from agent.core.exchange.acks import make_ack
from agent.core.exchange.wire import Batch, LastAck, WireRecord

JOURNAL = "ab" * 16
GENESIS = genesis(JOURNAL, "store-1", "till-1", "sales", bytes(32))


def toy_sign(message: bytes) -> bytes:
    """Stand in for HQ's key: whoever does not know the word cannot sign."""
    return hashlib.sha256(b"root" + message).digest()


def toy_verify(signature: bytes, message: bytes) -> bool:
    return signature == toy_sign(message)


@dataclass
class ToyJournal:
    """A till's journal: records and the chain hash at each seq."""

    records: list[WireRecord] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=lambda: [GENESIS])

    def append(self, body: bytes = b"{}", kind: int = 1) -> WireRecord:
        seq = len(self.hashes)
        salt = hashlib.sha256(str(seq).encode()).digest()[:16]
        sealed = commitment(salt, body)
        record = WireRecord(seq, kind, 1, salt, body)
        self.records.append(record)
        self.hashes.append(link(JOURNAL, seq, self.hashes[-1], kind, 1, sealed))
        return record

    def hash_at(self, seq: int) -> bytes | None:
        return self.hashes[seq] if 0 <= seq < len(self.hashes) else None

    def batch(self, base: int, limit: int, last_ack: LastAck | None = None, **changes) -> Batch:
        records = tuple(self.records[base - 1 : base - 1 + limit])
        values = {
            "version": 1,
            "journal_id": JOURNAL,
            "incarnation": "first",
            "base": base,
            "prev_hash": self.hashes[base - 1],
            "tail_seq": len(self.records),
            "records": records,
            "last_ack": last_ack,
        }
        return Batch(**(values | changes))


@dataclass
class ToyHq:
    """HQ's side: an epoch and insert-only rows."""

    epoch: str = "1-aa"
    rows: list[intake.Row] = field(default_factory=list)
    retired: frozenset[str] = frozenset()

    def held(self) -> intake.Held:
        rows = self.rows
        return intake.Held(
            journal_id=JOURNAL,
            epoch=self.epoch,
            genesis=GENESIS,
            have_seq=len(rows),
            have_hash=rows[-1].hash if rows else GENESIS,
            hash_at=lambda seq: rows[seq - 1].hash if 0 < seq <= len(rows) else None,
            retired=self.retired,
        )

    def decide(self, batch: Batch) -> intake.Decision:
        return intake.decide(self.held(), batch, toy_verify)

    def take(self, batch: Batch):
        """Decide and do it, as HQ does within one transaction."""
        decision = self.decide(batch)
        match decision:
            case intake.Accept(rows=rows, seq=seq, hash=hash_):
                self.rows.extend(rows)
                return self.ack(seq, hash_)
            case intake.Rewound():
                self.epoch = f"{int(self.epoch.partition('-')[0]) + 1}-bb"
                return intake.behind(self.held(), "epoch")
        return decision

    def ack(self, seq: int, hash_: bytes, **changes):
        values = {"epoch": self.epoch, "journal_id": JOURNAL, "seq": seq, "hash_": hash_}
        return make_ack(toy_sign, **(values | changes))


@dataclass
class Dice:
    """Draws that fall the same way in every run of one seed."""

    seed: int
    thrown: int = 0

    def below(self, end: int) -> int:
        self.thrown += 1
        digest = hashlib.sha256(f"{self.seed}/{self.thrown}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % end


@pytest.fixture
def dice(seed) -> Dice:
    return Dice(seed)


@pytest.fixture
def journal() -> ToyJournal:
    return ToyJournal()


@pytest.fixture
def hq() -> ToyHq:
    return ToyHq()


@pytest.fixture
def sign():
    return toy_sign


@pytest.fixture
def verify():
    return toy_verify


@pytest.fixture(scope="session")
def world():
    """Make a journal and an HQ anew, for each example of a property."""
    return lambda: (ToyJournal(), ToyHq())
