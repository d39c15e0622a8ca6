"""Journal sync v1 on the wire: the shapes of enrolment, batches, acks and feed pages.

A batch travels as MessagePack (bodies stay byte for byte as sealed), zstd-compressed; everything
else is JSON. No reply ever means "discard".
"""

from __future__ import annotations

import msgspec

from agent.core.privacy.sealing import SealedCard
from agent.core.recognition.means import Identifier

SYNC_VERSION = 1
"""What is written here; what is understood besides is `exchange.versions.SYNC_VERSIONS`."""
BATCH_RECORDS_MAX = 500
"""DESIGN: batch size 500, halved on slow or 413."""


PRUNED = "pruned"
"""Stands for an order's id where the till has only the commitment left: HQ had signed that its
backups hold the body, and asks for it again all the same. HQ keeps the chain whole and lists it."""


class WireRecord(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a journal: its sealed body, or the commitment of an erased one."""

    seq: int
    kind: int
    version: int
    salt: bytes
    """16 bytes; empty when the body was erased."""
    body: bytes
    commitment: bytes = b""
    """Only of an erased record; otherwise the receiver computes it from salt and body."""
    erased_by: str = ""
    """The id of the order that erased it, or `PRUNED`."""


class LastAck(msgspec.Struct, frozen=True, array_like=True):
    """The last ack this till holds, as evidence: valid only under HQ's signature."""

    epoch: str
    seq: int
    hash: bytes
    signature: bytes


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Consecutive records of one journal, from `base`."""

    version: int
    journal_id: str
    """Left empty where the batch travels by the dictionary: the signed address names it."""
    incarnation: str
    base: int
    """seq of the first record; with no records, the next seq: a heartbeat."""
    prev_hash: bytes
    """Chain hash of `base - 1` (the genesis for base 1)."""
    tail_seq: int
    records: tuple[WireRecord, ...]
    last_ack: LastAck | None = None
    oldest_unacked_age_s: int = 0
    backlog_bytes: int = 0
    agent_version: str = ""
    feed_cursors: dict[str, str] = {}
    """Scope → cursor the till has applied: a rewound HQ learns from them what it published."""
    pruned_seq: int = 0
    """Up to here the till no longer has the bodies; never above what HQ declared safe."""
    wall: str = ""
    """The till's clock, UTC, ISO 8601: shown at HQ beside its own, deciding nothing (P11)."""
    in_step: bytes = b""
    """`in_step.agreement` of what both know: `prev_hash` and `last_ack` may be left out by it."""


class Pace(msgspec.Struct, frozen=True):
    """HQ's wish for what comes next."""

    delay_ms: int = 0
    max_records: int = BATCH_RECORDS_MAX
    spread_ms: int = 0
    """Over how long the first contacts after a start or an outage should spread: known stores × ms,
    at most `waits.SPREAD_MS_MAX`. A till keeps it for its next start."""


class Ack(msgspec.Struct, frozen=True):
    """HQ's statement that everything up to `seq` is durable there, signed."""

    epoch: str
    journal_id: str
    seq: int
    hash: str
    """Chain hash at `seq`, hexadecimal."""
    signature: str
    """Ed25519 over `exchange.acks.ack_bytes(...)`, hexadecimal."""
    safe_seq: int = 0
    """Highest seq in HQ's oldest restorable backup; 0 while there is none."""
    applied_seq: int = 0
    next: Pace = Pace()
    safe_hash: str = ""
    """Chain hash at `safe_seq`, hexadecimal; empty while nothing is safe."""
    safe_signature: str = ""
    """Ed25519 over `exchange.acks.safe_bytes(...)`, hexadecimal: a till prunes by nothing less."""
    server_time: str = ""
    """HQ's clock, UTC, ISO 8601: shown, never ordered by."""


class Behind(msgspec.Struct, frozen=True):
    """409 `behind`: HQ holds less than `base - 1`; resend from `have_seq + 1`.

    To a batch that came by `in_step` it says only that HQ stands elsewhere than the till believed:
    resend it whole.
    """

    epoch: str
    have_seq: int
    have_hash: str
    name: str = "behind"


class Fork(msgspec.Struct, frozen=True):
    """409 `fork`: HQ holds a different record under this number. Nothing is overwritten.

    Or HQ has since heard this journal from another start of it: its disk was copied. The till
    keeps selling, raises the alarm and goes on in a successor.
    """

    seq: int
    hq_hash: str
    name: str = "fork"
    common_seq: int = -1
    """The highest seq of this batch (`base - 1` included) where HQ holds the same chain hash;
    -1 where it shares none of them, or does not say."""


class Predecessor(msgspec.Struct, frozen=True):
    """The journal a successor goes on from, and the last entry of it both sides agree on."""

    journal_id: str
    seq: int
    hash: str
    """Chain hash at `seq` (the genesis at 0), hexadecimal: part of the successor's genesis."""
    reason: str
    """`fork`, `older-than-hq`, `damaged`, `replaced` (new hardware), `image` (a copied disk)."""


ANCESTORS_MAX = 100
"""Ended journals a till names at its enrolment: the newest ones, where there are more."""


class Ancestor(msgspec.Struct, frozen=True):
    """A journal that was succeeded: an HQ that has forgotten it takes it in again by this."""

    journal_id: str
    lane: str
    genesis: str
    """Chain hash at 0, hexadecimal."""
    device_key: str = ""
    """Key in its genesis, hexadecimal, where a till tells of it (`EnrolRequest.ancestors`)."""
    before: str = ""
    """Likewise: last hash of what it goes on from, hexadecimal; empty of a till's first journal."""


class EnrolRequest(msgspec.Struct, frozen=True):
    """What an agent sends with its one-time code."""

    code: str
    device_key: str
    """Ed25519 public key, hexadecimal."""
    proof: str
    """Ed25519 signature over `code` and the key, hexadecimal: the sender holds the private half."""
    journals: dict[str, str]
    """Lane (`sales`, `side`) → journal id, of the till the code is for."""
    store: str
    till: str
    credential: str = ""
    """Instead of a code: the credential HQ once signed, so that a rewound HQ readmits this till."""
    credential_signature: str = ""
    predecessors: dict[str, Predecessor] = {}
    """Lane → the journal that this lane's journal succeeds; empty of a till's first journals."""
    replaces_key: str = ""
    """Renewal: the device key that `device_key` takes over from, hexadecimal."""
    replaces_proof: str = ""
    """Renewal: Ed25519 by the old key over `credentials.renewal_bytes(...)`, hexadecimal."""
    journal_keys: dict[str, str] = {}
    """Lane → device key (hexadecimal) in its journal's genesis, where that is an older one than
    `device_key`: a journal stays bound to the key it was begun under."""
    ancestors: tuple[Ancestor, ...] = ()
    """With a code: this till's journals that have ended here. Who has lost its credential would
    else have no way to give an HQ that was put back what stands in them."""


class Credential(msgspec.Struct, frozen=True):
    """HQ's signed statement of who a device is; a rewound HQ readmits a forgotten till by it."""

    store: str
    till: str
    device_key: str
    journals: dict[str, str]
    issued_at: str
    predecessors: dict[str, Predecessor] = {}
    journal_keys: dict[str, str] = {}
    """As in the request."""
    generation: int = 1
    """Counts the devices that a code has let in at this till: of two credentials of one till the
    higher one holds, whatever any clock says. A renewed key keeps it: `lineage` tells those."""
    ancestors: tuple[Ancestor, ...] = ()
    """The journals that `journals` go on from, the latest first; HQ writes them in."""
    lineage: tuple[str, ...] = ()
    """Key ids that this key has taken over from, the newest last; HQ writes them in."""


class Replaced(msgspec.Struct, frozen=True):
    """A journal of the machine that stood at this till before, as far as HQ has it."""

    journal_id: str
    lane: str
    have_seq: int
    """Entries HQ holds."""
    tail_seq: int
    """Entries the old machine last said it had: the difference was never sent."""
    last_contact_at: str = ""
    """HQ's clock, for show."""


class EnrolAnswer(msgspec.Struct, frozen=True):
    """The credential with the signature of HQ's root key, and the keys to check acks by."""

    credential: str
    """Canonical JSON of `Credential`."""
    signature: str
    root_key: str
    epoch: str
    scopes: tuple[str, ...]
    """Feed scopes of this till: `global`, `store:ID`."""
    replaced: tuple[Replaced, ...] = ()
    """Journals of the machine this one takes the place of, if there was one."""


class FeedItem(msgspec.Struct, frozen=True):
    """One change; within a page only the newest of a key is sent."""

    fseq: int
    key: str
    """`item:ID`, `party:ID`, `order:NO`, `rule:NAME`, `signed-order:ID` (see `exchange.orders`),
    `filter:PIECES-NUMBER` (see `exchange.replica`)."""
    ver: int
    op: str
    """`put`, `del` or `erase`."""
    body: msgspec.Raw = msgspec.Raw(b"null")
    """What is kept under the key; of a `del` a `Moved`, or null where it moved to no scope."""


class Moved(msgspec.Struct, frozen=True):
    """Body of a `del`: the key is told of in another scope from now on."""

    scope: str


class FeedPage(msgspec.Struct, frozen=True):
    """Changes after a cursor `epoch.fseq.fh`, and the cursor that follows them."""

    items: tuple[FeedItem, ...]
    cursor: str
    more: bool = False


class PartyRow(msgspec.Struct, frozen=True):
    """A party as HQ keeps it in its feed; what travels is a `SealedRow` made of it."""

    card: msgspec.Raw
    """A `core.history.Card` as JSON."""
    identifiers: tuple[Identifier, ...] = ()
    """By which they are found."""


class SealedRow(msgspec.Struct, frozen=True):
    """Body of a `party:` feed item: opens by what the customer presents (`core.privacy`)."""

    generation: int
    """Of the scope's key."""
    card: SealedCard
    told: int = 0
    """HQ's version of the person's card: where two scopes tell of them, the higher one is now."""


class FilterPiece(msgspec.Struct, frozen=True):
    """Body of a `filter:` feed item: whom the chain knows (`core.privacy.bloom`), a part of it."""

    generation: int
    """Of the scope's key."""
    bits: bytes


class FilterBuilt(msgspec.Struct, frozen=True):
    """Body of `rule:filter`: of the filter that tills have."""

    built_at: str
    """HQ's clock, for show."""
    pieces: int
