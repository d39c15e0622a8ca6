"""Journals as a file: every entry byte for byte, provable by whoever gets it, whenever.

JSON lines, each in the one canonical spelling: a header; per journal a line that binds it, then its
entries from the first one on, without a gap; at the end the counts, the SHA-256 of every byte
before it (FIPS 180-4), and a signature over both by the device that wrote the file (Ed25519,
RFC 8032). A file that was cut off, changed by a bit, or put together from two is refused, with the
line.

Writer and reader go line by line, so that a file of any size takes no more memory than a line.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec

from agent.core.entries.chain import Link, commitment, genesis, linker
from agent.core.entries.verbatim import read_back, written
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, StoreId, TillId

FORMAT = "till-agent journals"
VERSION = 1
LINE_MAX = 64 << 20
"""Bytes: more than any entry; who reads lines need not read further for an end of line."""
_END = b"tj1\x03"
_COUNT_BYTES = 8

VerifyBy = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, message) → whether it is genuine; never raises for any bytes."""


class ArchiveRefused(InputFault):
    """The file is not what a till-agent wrote, or not all of it."""

    name = "archive-refused"
    title = "The journal archive cannot be used"


class Succeeds(msgspec.Struct, frozen=True):
    """The journal that a successor goes on from."""

    journal: JournalId
    seq: int
    hash: str
    reason: str


class ArchiveHeader(msgspec.Struct, frozen=True, omit_defaults=True, tag="archive"):
    """The first line."""

    format: str
    version: int
    store: StoreId
    made_at: str
    """The writer's clock, for show."""
    program: str = ""


class ArchiveJournal(msgspec.Struct, frozen=True, omit_defaults=True, tag="journal"):
    """One journal: what it is bound to; its entries follow."""

    journal: JournalId
    store: StoreId
    till: TillId
    lane: str
    device_key: str
    """Ed25519 public key, hexadecimal, like every hash here."""
    predecessor: str
    """The hash it goes on from; empty of a till's first journal."""
    genesis: str
    tail_seq: int
    tail_hash: str
    sealed: bool = False
    succeeds: Succeeds | None = None


class ArchiveRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag="record"):
    """One entry of the journal before it."""

    seq: int
    kind: int
    version: int
    commitment: str
    hash: str
    salt: str = ""
    """Empty of an entry without its body."""
    body: str = ""
    """The sealed bytes, which are JSON text."""
    erased_by: str = ""
    pruned: bool = False
    """The body was let go of, because HQ holds it for good."""
    raw: str = ""
    """The sealed bytes in base64 where they are no text (`verbatim`); `body` is empty then."""

    @property
    def sealed(self) -> bytes:
        """Give the sealed bytes."""
        return read_back(self.body, self.raw)


class ArchiveEnd(msgspec.Struct, frozen=True, tag="end"):
    """The last line."""

    journals: int
    records: int
    digest: str
    """SHA-256 of all lines before, with their line ends."""
    device_key: str
    """Of who wrote the file."""
    signature: str
    """Over `end_bytes(...)`."""


Part = ArchiveHeader | ArchiveJournal | ArchiveRecord | ArchiveEnd

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER: msgspec.json.Decoder[Part] = msgspec.json.Decoder(Part, strict=True)


def end_bytes(digest: bytes, journals: int, records: int) -> bytes:
    """Write what the device signs: fields of fixed width behind a mark of their own."""
    counts = b"".join(count.to_bytes(_COUNT_BYTES, "big") for count in (journals, records))
    return _END + digest + counts


class ArchiveWriter:
    """Makes the lines of an archive, in order: header, journals with their records, end."""

    def __init__(self) -> None:
        self._digest = sha256()
        self.journals = 0
        self.records = 0

    def line(self, part: ArchiveHeader | ArchiveJournal | ArchiveRecord) -> bytes:
        """Write the next line, its end included."""
        self.journals += isinstance(part, ArchiveJournal)
        self.records += isinstance(part, ArchiveRecord)
        text = _ENCODER.encode(part) + b"\n"
        self._digest.update(text)
        return text

    def end(self, device_key: bytes, sign: Callable[[bytes], bytes]) -> bytes:
        """Write the last line.

        Args:
            device_key: Ed25519 public key of who writes.
            sign: message → signature by that key.
        """
        digest = self._digest.digest()
        signature = sign(end_bytes(digest, self.journals, self.records))
        end = ArchiveEnd(
            self.journals, self.records, digest.hex(), device_key.hex(), signature.hex()
        )
        return _ENCODER.encode(end) + b"\n"


class ArchiveReader:
    """Proves an archive line by line; nothing is proven before `finish` has returned."""

    def __init__(self, verify: VerifyBy) -> None:
        self._verify = verify
        self._digest = sha256()
        self._linked: Link | None = None
        self._journals: set[JournalId] = set()
        self._journal: ArchiveJournal | None = None
        self._hash = b""
        self._header: ArchiveHeader | None = None
        self._end: ArchiveEnd | None = None
        self.lines = 0
        self.records = 0
        self.seq = 0
        """Of the last entry of the journal under way."""

    def take(self, line: bytes) -> Part:
        """Take the next line, with its end.

        Raises:
            ArchiveRefused: it cannot follow what came before, with its number and the reason.
        """
        self.lines += 1
        part = self._decoded(line)
        if self._end is not None:
            raise self._refused("something follows the end")
        match part:
            case ArchiveHeader():
                self._take_header(part)
            case ArchiveJournal():
                self._take_journal(part)
            case ArchiveRecord():
                self._take_record(part)
            case _:
                self._take_end(part)
        self._digest.update(line)
        return part

    def finish(self) -> ArchiveEnd:
        """Say that there are no more lines; gives the end.

        Raises:
            ArchiveRefused: the file stops before its end.
        """
        if self._end is None:
            raise self._refused("the file stops before its end: the rest is missing")
        return self._end

    def _decoded(self, line: bytes) -> Part:
        try:
            part = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise self._refused(f"it is no line of an archive: {problem}") from problem
        if _ENCODER.encode(part) + b"\n" != line:
            raise self._refused("it is not written as this program writes it")
        if self._header is None and not isinstance(part, ArchiveHeader):
            raise self._refused("the file does not begin with the header")
        return part

    def _take_header(self, header: ArchiveHeader) -> None:
        if self._header is not None:
            raise self._refused("a second header: two files were put together")
        if (header.format, header.version) != (FORMAT, VERSION):
            raise self._refused(
                f"the file is {header.format!r} in version {header.version}; this program reads "
                f"{FORMAT!r} in version {VERSION}"
            )
        self._header = header

    def _take_journal(self, journal: ArchiveJournal) -> None:
        self._close_journal()
        if journal.journal in self._journals:
            raise self._refused(f"journal {journal.journal} is there twice")
        try:
            self._hash = _genesis_of(journal)
            self._linked = linker(journal.journal)
        except (InputFault, ValueError) as problem:
            raise self._refused(f"it cannot be a journal: {problem}") from problem
        if self._hash.hex() != journal.genesis:
            raise self._refused("its genesis does not bind it to its store, till and device")
        if journal.succeeds is not None and journal.succeeds.hash != journal.predecessor:
            raise self._refused("it does not go on from the entry its genesis names")
        self._journals.add(journal.journal)
        self._journal = journal
        self.seq = 0

    def _take_record(self, record: ArchiveRecord) -> None:
        if self._journal is None or self._linked is None:
            raise self._refused("an entry stands before any journal")
        if record.seq != self.seq + 1:
            raise self._refused(f"entry {record.seq} stands where {self.seq + 1} is due")
        try:
            committed = bytes.fromhex(record.commitment)
            sealed = _is_sealed(record, committed)
            self._hash = self._linked(
                record.seq, self._hash, record.kind, record.version, committed
            )
        except (InputFault, ValueError) as problem:
            raise self._refused(f"entry {record.seq} cannot be one: {problem}") from problem
        if not sealed:
            raise self._refused(f"the body of entry {record.seq} is not the one that was sealed")
        if self._hash.hex() != record.hash:
            raise self._refused(
                f"the hash of entry {record.seq} is not that of its content and predecessor"
            )
        self.seq = record.seq
        self.records += 1

    def _close_journal(self) -> None:
        journal = self._journal
        if journal is None:
            return
        if (self.seq, self._hash.hex()) != (journal.tail_seq, journal.tail_hash):
            raise self._refused(
                f"journal {journal.journal} ends at entry {self.seq}, its line says "
                f"{journal.tail_seq}"
            )

    def _take_end(self, end: ArchiveEnd) -> None:
        self._close_journal()
        digest = self._digest.digest()
        counts = (len(self._journals), self.records)
        if (end.journals, end.records, end.digest) != (*counts, digest.hex()):
            raise self._refused("the lines before it are not those it was written for")
        key, signature = _exactly(end.device_key), _exactly(end.signature)
        if key is None or signature is None:
            raise self._refused("its key or signature is not hexadecimal")
        if not self._verify(key, signature, end_bytes(digest, *counts)):
            raise self._refused("it is not signed by the device it names")
        self._end = end

    def _refused(self, reason: str) -> ArchiveRefused:
        return ArchiveRefused(
            f"line {self.lines}: {reason}",
            remedy="take the file from where it was written once more, and compare the copies "
            "(sha256sum); a till writes a new one by: till-agent journal export FILE",
        )


def _exactly(text: str) -> bytes | None:
    """Read hexadecimal in its one spelling; None for anything else."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if raw.hex() == text else None


def _is_sealed(record: ArchiveRecord, committed: bytes) -> bool:
    """Tell whether a body is what its commitment says; one that is gone leaves nothing behind."""
    if record.erased_by or record.pruned:
        return not (record.salt or record.body or record.raw)
    is_written = written(record.sealed) == (record.body, record.raw)
    return is_written and commitment(bytes.fromhex(record.salt), record.sealed) == committed


def _genesis_of(journal: ArchiveJournal) -> bytes:
    return genesis(
        journal.journal,
        journal.store,
        journal.till,
        journal.lane,
        bytes.fromhex(journal.device_key),
        bytes.fromhex(journal.predecessor),
    )
