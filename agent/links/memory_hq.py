"""A complete small HQ in memory: intake, acks, feeds, enrolment, backups and their restore.

It ships with the product for tests and trials. It decides by the very functions the real HQ uses
(`core.exchange`), and keeps what they tell it to keep in lists.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.contracts.hq import HqRefused
from agent.core.entries.chain import genesis
from agent.core.exchange import credentials, cursors, epochs, intake
from agent.core.exchange.acks import make_ack
from agent.core.exchange.faults import CredentialFault, MalformedBatch
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import FEED_KEY, LEASE, Order, SignedOrder, make_order
from agent.core.exchange.signed import Verify, unhex
from agent.core.exchange.wire import (
    Ack,
    Ancestor,
    Batch,
    Behind,
    Credential,
    EnrolAnswer,
    EnrolRequest,
    FeedItem,
    FeedPage,
    Fork,
    Pace,
    Predecessor,
    Replaced,
)
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.core.loyalty import FACE_VALUE, POINTS_CAPS, grant
from agent.links.memory_sealing import MemorySealing
from agent.links.memory_snapshots import Shelf

ISSUED_AT = "2024-01-01T00:00:00.000Z"
"""This HQ has no clock."""


@dataclass
class MemoryJournal:
    """What HQ keeps of one journal: only ever appended to."""

    genesis: bytes
    rows: list[intake.Row] = field(default_factory=list)
    incarnations: list[str] = field(default_factory=list)
    lane: str = ""
    predecessor: Predecessor | None = None
    safe_seq: int = 0
    """What the oldest backup that could still be restored holds: see `MemoryHq.declare_safe`."""

    @property
    def safe_hash(self) -> bytes:
        """Give the chain hash at the safe position; empty while nothing is safe."""
        return self.rows[self.safe_seq - 1].hash if self.safe_seq else b""


@dataclass
class MemoryFeed:
    """Changes of one scope with the running hash after each."""

    items: list[FeedItem] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)

    def hash_at(self, fseq: int) -> str | None:
        """Give the running hash at an fseq, None beyond the end."""
        return self.hashes[fseq - 1] if fseq <= len(self.hashes) else None


@dataclass
class Database:
    """Everything a backup holds; the root key is not in it."""

    epoch: str
    journals: dict[str, MemoryJournal] = field(default_factory=dict)
    feeds: dict[str, MemoryFeed] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    answers: dict[str, EnrolAnswer] = field(default_factory=dict)
    """Code → answer: who lost a reply may ask the same once more."""
    devices: dict[tuple[str, str], str] = field(default_factory=dict)
    """(store, till) → device key that stands there."""


class MemoryHq:
    """The fake HQ itself; reach it through `MemoryLink`."""

    def __init__(self, root: Ed25519PrivateKey | None = None) -> None:
        """Begin an empty HQ; `root` is its signing key, a new one if not given."""
        self._root = root or Ed25519PrivateKey.generate()
        self.database = Database(epochs.first(bytes(epochs.RANDOM_BYTES)))
        self.incidents: list[intake.Rewound | Fork] = []
        self.shelf = Shelf(self._root.sign)
        self.sealing = MemorySealing(self._root)
        self.region = ""
        """A scope that tills get keys of besides: where their region's customers are."""
        self.pace = Pace()
        """What each ack asks of the till."""
        self.values: dict[tuple[str, str], int] = {}
        """What (owner, unit) may be given leases of, each unit at its face value."""
        self._leases: dict[str, SignedOrder] = {}

    @property
    def root_key(self) -> bytes:
        """The public half of the key that signs credentials and acks."""
        return self._root.public_key().public_bytes_raw()

    def issue_code(self, code: str, store: str, till: str) -> str:
        """Make a one-time enrolment code for a till."""
        self.database.codes[code] = (store, till)
        return code

    def publish(
        self, scope: str, key: str, ver: int, op: str = "put", body: bytes = b"null"
    ) -> None:
        """Append a change to a scope's feed."""
        feed = self.database.feeds.setdefault(scope, MemoryFeed())
        item = FeedItem(len(feed.items) + 1, key, ver, op, msgspec.Raw(body))
        feed.hashes.append(
            cursors.advance(feed.hashes[-1] if feed.hashes else cursors.ORIGIN, item)
        )
        feed.items.append(item)

    def rows(self, journal_id: str) -> list[intake.Row]:
        """Give what is held of a journal, in order."""
        journal = self.database.journals.get(journal_id)
        return journal.rows if journal else []

    def backup(self) -> Database:
        """Copy the database as it is."""
        return copy.deepcopy(self.database)

    def declare_safe(self, backup: Database) -> None:
        """Say in each ack from now on what this backup holds: it will not be thrown away."""
        for journal_id, journal in self.database.journals.items():
            held = backup.journals.get(journal_id)
            journal.safe_seq = min(len(held.rows), len(journal.rows)) if held else 0

    def order(self, scope: str, order_id: str, kind: str, body: msgspec.Struct) -> SignedOrder:
        """Sign an order and publish it."""
        signed = make_order(
            self._root.sign,
            Order(
                order_id=order_id,
                kind=kind,
                scope=scope,
                epoch=self.database.epoch,
                issued_at=ISSUED_AT,
                body=msgspec.Raw(msgspec.json.encode(body)),
            ),
        )
        self.publish(scope, FEED_KEY + order_id, 1, body=msgspec.json.encode(signed))
        return signed

    def lease(self, asked: LeaseAsk) -> SignedOrder:
        """Give a part of a balance of `values`, and the same again under the same id.

        Raises:
            HqRefused: there is not as much.
        """
        if asked.lease_id not in self._leases:
            at = asked.owner, asked.unit
            free = self.values.get(at, 0)
            ask = asked.on(ISSUED_AT[:10], asked.value or free)
            try:
                lease = grant(ask, free=free, worth=FACE_VALUE, caps=POINTS_CAPS)
            except Fault as fault:
                raise HqRefused(fault.detail, remedy=fault.remedy, name=fault.name) from fault
            self.values[at] = free - lease.cap
            scope = f"store:{asked.store}"
            self._leases[asked.lease_id] = self.order(scope, asked.lease_id, LEASE, lease)
        return self._leases[asked.lease_id]

    def restore(self, backup: Database) -> None:
        """Go back to a backup; HQ does not know that it did, the tills will tell it."""
        self.database = copy.deepcopy(backup)

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Trade a code, or a credential once signed, for a credential.

        Raises:
            HqRefused: the code is unknown, used, for another till, or not proven.
        """
        if not credentials.is_proven(request, _verifier(unhex(request.device_key))):
            raise _refused("the sender does not hold the device key it shows", "bad-proof")
        if not request.credential:
            return self._by_code(request)
        try:
            shown = credentials.readmitted(request, self._genuine, _verifier)
        except CredentialFault as fault:
            raise HqRefused(fault.detail, remedy=fault.remedy, name=fault.name) from fault
        self._bind(shown)
        return self._answer(request)

    def _by_code(self, request: EnrolRequest) -> EnrolAnswer:
        before = self.database.answers.get(request.code)
        if before is not None and _is_for(before, request):
            return before
        place = (request.store, request.till)
        if self.database.codes.pop(request.code, None) != place:
            raise _refused("the code is unknown, used up or for another till", "bad-code")
        left = self._left_behind(place, request.device_key)
        answer = msgspec.structs.replace(self._answer(request), replaced=left)
        self.database.answers[request.code] = answer
        self.database.devices[place] = request.device_key
        return answer

    def _answer(self, request: EnrolRequest) -> EnrolAnswer:
        answer = credentials.make_answer(
            self._root.sign,
            request,
            issued_at=ISSUED_AT,
            root_key=self.root_key,
            epoch=self.database.epoch,
            ancestors=self._ancestors(request),
        )
        self._bind(msgspec.json.decode(answer.credential, type=Credential))
        return answer

    def _left_behind(self, place: tuple[str, str], device_key: str) -> tuple[Replaced, ...]:
        """Tell of the journals of the machine that stood there before."""
        if self.database.devices.get(place, device_key) == device_key:
            return ()
        journals = self.database.journals.items()
        return tuple(
            Replaced(one, journal.lane, len(journal.rows), len(journal.rows))
            for one, journal in journals
        )

    def _ancestors(self, request: EnrolRequest) -> tuple[Ancestor, ...]:
        """List the journals that are gone on from, and those before them."""
        found: dict[str, Ancestor] = {}
        waiting = [before.journal_id for before in request.predecessors.values()]
        while waiting:
            journal_id = waiting.pop(0)
            journal = self.database.journals.get(journal_id)
            if journal is not None and journal_id not in found:
                found[journal_id] = Ancestor(journal_id, journal.lane, journal.genesis.hex())
                waiting += [journal.predecessor.journal_id] if journal.predecessor else []
        told = credentials.own_ancestors(request) if request.code else ()
        known = self.database.journals.keys() | found.keys()
        return (*found.values(), *(one for one in told if one.journal_id not in known))

    def receive(self, batch: Batch) -> Ack | Behind | Fork:
        """Decide about a batch, keep what is new, answer.

        Raises:
            HqRefused: the journal is of no enrolled device, or the batch is malformed.
        """
        journal = self.database.journals.get(batch.journal_id)
        if journal is None:
            raise _refused("this HQ does not know the device", "unknown-device")
        try:
            decision = intake.decide(self._held(batch.journal_id, journal), batch, self._genuine)
        except MalformedBatch as fault:
            raise HqRefused(fault.detail, remedy=fault.remedy, name=fault.name) from fault
        return self._carry_out(decision, batch, journal)

    def page(self, scope: str, after: str, limit: int) -> FeedPage:
        """Give the changes after a cursor.

        Raises:
            FeedGone: it is of another feed.
        """
        feed = self.database.feeds.get(scope, MemoryFeed())
        begin = cursors.position(cursors.parse(after), self.database.epoch, feed.hash_at)
        items = [self.sealing.closed(scope, each) for each in feed.items[begin : begin + limit]]
        end = begin + len(items)
        fh = feed.hashes[end - 1] if end else cursors.ORIGIN
        cursor = cursors.Cursor(self.database.epoch, end, fh)
        return FeedPage(cursors.compact(items), str(cursor), more=end < len(feed.items))

    def keys(self) -> SignedKeys:
        """Give the device that enrolled last the keys of its scopes.

        Raises:
            HqRefused: none has.
        """
        if not self.database.devices:
            raise _refused("this HQ does not know the device", "unknown-device")
        (store, _), device_key = list(self.database.devices.items())[-1]
        region = (self.region,) if self.region else ()
        return self.sealing.grant(unhex(device_key), ("global", f"store:{store}", *region))

    def _carry_out(
        self, decision: intake.Decision, batch: Batch, journal: MemoryJournal
    ) -> Ack | Behind | Fork:
        match decision:
            case intake.Accept(rows=rows, seq=seq, hash=hash_):
                journal.rows.extend(rows)
                if batch.incarnation not in journal.incarnations:
                    journal.incarnations.append(batch.incarnation)
                return self._ack(batch.journal_id, seq, hash_)
            case intake.Rewound():
                self.incidents.append(decision)
                seen, random = decision.signed.epoch, bytes(epochs.RANDOM_BYTES)
                self.database.epoch = epochs.following(self.database.epoch, random, seen=seen)
                return intake.behind(self._held(batch.journal_id, journal), "epoch")
            case Fork():
                self.incidents.append(decision)
                return decision
            case Behind():
                return decision

    def _ack(self, journal_id: str, seq: int, hash_: bytes) -> Ack:
        journal = self.database.journals[journal_id]
        return make_ack(
            self._root.sign,
            epoch=self.database.epoch,
            journal_id=journal_id,
            seq=seq,
            hash_=hash_,
            safe_seq=journal.safe_seq,
            safe_hash=journal.safe_hash,
            applied_seq=seq,
            pace=self.pace,
            server_time=ISSUED_AT,
        )

    def _held(self, journal_id: str, journal: MemoryJournal) -> intake.Held:
        rows = journal.rows
        return intake.Held(
            journal_id=journal_id,
            epoch=self.database.epoch,
            genesis=journal.genesis,
            have_seq=len(rows),
            have_hash=rows[-1].hash if rows else journal.genesis,
            hash_at=lambda seq: rows[seq - 1].hash if 0 < seq <= len(rows) else None,
            retired=frozenset(journal.incarnations[:-1]),
        )

    def _bind(self, credential: Credential) -> None:
        """Begin the journals of a device; those that are known stay as they are."""
        for ancestor in credential.ancestors:
            begun = MemoryJournal(unhex(ancestor.genesis), lane=ancestor.lane)
            self.database.journals.setdefault(ancestor.journal_id, begun)
        for lane, journal_id in credential.journals.items():
            before = credential.predecessors.get(lane)
            start = genesis(
                JournalId(journal_id),
                StoreId(credential.store),
                TillId(credential.till),
                lane,
                unhex(credential.journal_keys.get(lane, credential.device_key)),
                unhex(before.hash) if before else b"",
            )
            begun = MemoryJournal(start, lane=lane, predecessor=before)
            self.database.journals.setdefault(journal_id, begun)

    def _genuine(self, signature: bytes, message: bytes) -> bool:
        return _is_genuine(self._root.public_key(), signature, message)


def _verifier(device_key: bytes) -> Verify:
    try:
        key = Ed25519PublicKey.from_public_bytes(device_key)
    except ValueError:
        return lambda _signature, _message: False
    return lambda signature, message: _is_genuine(key, signature, message)


def _is_for(answer: EnrolAnswer, request: EnrolRequest) -> bool:
    given = msgspec.json.decode(answer.credential, type=Credential)
    return (given.device_key, given.journals) == (request.device_key, request.journals)


def _is_genuine(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _refused(detail: str, name: str) -> HqRefused:
    return HqRefused(detail, remedy="enrol this till with a new code of HQ", name=name)
