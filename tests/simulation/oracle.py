"""What must be true, kept apart from the product: every receipt released, every ack signed.

Plain dictionaries, filled by looking on: a sale is noted when its cashier was told "complete", an
ack when HQ let it go, a record when it lay in a journal. Nothing here is read back from what is
checked against it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import msgspec

from agent.core.exchange.coding import decode_batch
from agent.core.exchange.versions import Versions
from agent.core.exchange.wire import Ack, WireRecord
from agent.journal import chains
from central.intake.content import _unpacked
from tests.simulation import fairness, fates

_ANY = Versions(1, 9)
_SINCE = (
    "SELECT seq, hash FROM chain WHERE seq > ? AND journal = (SELECT no FROM journal WHERE id = ?)"
)


@dataclass(frozen=True)
class Receipt:
    """A fact somebody was told is recorded."""

    journal: str
    seq: int
    hash: bytes
    record: WireRecord
    machine: str
    sale_id: str = ""
    total: int = 0
    currency: str = ""


@dataclass
class Signed:
    """The acks HQ signed for one journal in one life of its database."""

    seq: int = 0
    hash: str = ""
    incarnations: list[str] = field(default_factory=list)


class Oracle:
    """The model the product is compared with."""

    def __init__(self, world):
        self.world = world
        self.released: dict[tuple[str, int, bytes], Receipt] = {}
        self.tried: dict[str, tuple[int, str]] = {}
        """Sale id → (total, currency): of every sale that was ever to be recorded."""
        self.lost: set[tuple[str, int, bytes]] = set()
        """Released, and its only disk is gone before HQ had it."""
        self.moved: dict[str, tuple[int, float]] = {}
        """Journal → how far HQ's word about it goes, and since when."""
        self.hit: set[tuple[str, int, bytes]] = set()
        """Of what was released: what a wound of a till's disk may have changed."""
        self.records: dict[tuple[str, int], set[bytes]] = defaultdict(set)
        """(journal, seq) → hashes that ever lay in a journal."""
        self.signed: dict[str, Signed] = defaultdict(Signed)
        self.words: set[tuple[str, str, int, str]] = set()
        """(epoch, journal, seq, hash) HQ ever signed."""
        self.safe: dict[str, int] = defaultdict(int)
        """Journal → the highest seq HQ ever declared safe."""
        self.owners: dict[str, set[str]] = defaultdict(set)
        """Journal → machines it lay on."""
        self.in_flight: dict[str, int] = defaultdict(int)
        self.acks = self.largest = 0
        self.erased: set[str] = set()
        """Party ids that were erased at HQ."""
        self.broken: list[tuple[str, str]] = []
        """(invariant, what was seen) noted as it happened."""
        self._seen: dict[tuple[str, str], int] = {}

    def release(self, machine, appended, sale=None):
        """Note a fact whose cashier, or page, was told that it is recorded."""
        found = machine.look(
            lambda conn: chains.records(conn, appended.journal_id, appended.seq, 1)
        )
        if not found or found[0].seq != appended.seq:
            place = f"{appended.journal_id[:8]}/{appended.seq}"
            self.broken.append(("I2", f"{machine.name}: {place} was released and is not there"))
            return
        record = found[0]
        key = (appended.journal_id, appended.seq, appended.hash)
        told = (sale.sale_id, sale.total, sale.currency) if sale else ("", 0, "")
        self.released[key] = Receipt(*key, record, machine.name, *told)
        machine.owes.add(key)

    def written(self, machine):
        """Note what lies in a machine's journals since the last look."""
        for head in machine.see(chains.heads):
            place = (machine.name, head.journal_id)
            seen = self._seen.get(place, 0)
            self.owners[head.journal_id].add(machine.name)
            if head.tail_seq > seen:
                for seq, hash_ in machine.rows(_SINCE, seen, head.journal_id):
                    self.records[head.journal_id, seq].add(hash_)
            self._seen[place] = head.tail_seq

    def forget_disk(self, machine):
        """A machine's disk is another one now: look at all of it again."""
        for place in [place for place in self._seen if place[0] == machine.name]:
            del self._seen[place]

    def sent(self, message):
        """Watch a request leave a till."""
        if message.path.endswith("/batches"):
            self.largest = max(self.largest, len(message.content))

    def answered(self, message, status, _headers, body):
        """Watch an answer leave HQ."""
        if message.path.endswith("/batches") and status == 200:
            ack = msgspec.json.decode(body, type=Ack)
            self.acks += 1
            fairness.note(self.moved, ack)
            self.world.lived_in(ack.epoch)
            self.words.add((ack.epoch, ack.journal_id, ack.seq, ack.hash))
            self.safe[ack.journal_id] = max(self.safe[ack.journal_id], ack.safe_seq)
            signed = self.signed[ack.journal_id]
            if ack.seq >= signed.seq:
                signed.seq, signed.hash = ack.seq, ack.hash
            self._note_incarnation(signed, message)

    def heard(self, wire):
        """Watch HQ answer a machine: a copy may have brought what only the other has an ack of."""
        copies = (each for each in self.world.machines if each.is_copied and each.wire is wire)
        if self.world.hq.up and any(each.name not in self.world.witnesses for each in copies):
            fates.make_good(self.world)

    def _note_incarnation(self, signed, message):
        coding = message.request.headers["Content-Encoding"]
        batch = decode_batch(_unpacked(message.content, coding), _ANY)
        known = signed.incarnations
        if not known or known[-1] != batch.incarnation:
            if batch.incarnation in known:
                self.broken.append(
                    ("I13", f"journal {batch.journal_id[:8]}: a start that was over got an ack")
                )
            known.append(batch.incarnation)

    def rewound(self):
        """HQ was put back: what it signed before is no longer its own word."""
        self.signed.clear()

    def reckon(self, machines):
        """Note what is lost for good: on a disk that is gone, and not at HQ."""
        held, carried = self.world.held_at_hq(), self.world.carried_at_hq()
        disks = [machine for machine in machines if not machine.is_gone]
        kept = {key for machine in disks for key in machine.owes | set(machine.carries)}
        for key, receipt in self.released.items():
            if key not in kept and key not in held and receipt.record.body not in carried:
                self.lost.add(key)

    def owed(self):
        """Give every released fact that still must come in."""
        return [receipt for key, receipt in self.released.items() if key not in self.lost]
