"""Journals that come in as a file: the same decision and the same inbox as batches.

For a till that has no way to HQ, and for an old disk. The whole file is proven before anything of
it is taken in; then each journal comes in batch by batch, overlap compared hash by hash, so that
the same file twice changes nothing and a different entry is a fork, never an overwrite (P3, P4).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, exists, select

from agent.core.entries.archive import (
    LINE_MAX,
    ArchiveEnd,
    ArchiveHeader,
    ArchiveJournal,
    ArchiveReader,
    ArchiveRecord,
    Part,
)
from agent.core.exchange.credentials import key_id
from agent.core.exchange.intake import Accept
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import BATCH_RECORDS_MAX, SYNC_VERSION, Batch, Fork, WireRecord
from agent.core.faults import AccessFault, InputFault
from central.intake.archived import Source, bind, note, take
from central.intake.root_key import RootKey, verifier
from central.ledger.authority_tables import ADMISSIONS, REVOKED_DEVICES
from central.ledger.engine import reading, transact
from central.ledger.tables import CREDENTIALS

TAKEN, HELD, FORK, PRUNED = "taken", "held", "fork", "pruned"


class NotApproved(AccessFault):
    """A file of a device HQ does not know, and nobody said that it is good."""

    name = "not-approved"
    title = "The file needs somebody's word"


class ImportedJournal(msgspec.Struct, frozen=True):
    """What became of one journal of a file."""

    journal_id: str
    store: str
    till: str
    lane: str
    entries: int
    """In the file."""
    before_seq: int
    """What HQ held of it."""
    after_seq: int
    """What it holds now."""
    outcome: str
    """`taken`; `held`: all was here; `fork`: HQ holds another entry under a number; `pruned`: the
    file lacks the text of an entry that HQ lacks, too."""
    detail: str = ""

    @property
    def is_good(self) -> bool:
        """Whether HQ now has all that the file has."""
        return self.outcome in {TAKEN, HELD}


class Imported(msgspec.Struct, frozen=True):
    """What became of a file."""

    file: str
    store: str
    made_at: str
    device_key: str
    """Of who wrote and signed it."""
    approved: bool
    """Somebody vouched for it, since HQ does not know the device."""
    journals: tuple[ImportedJournal, ...]


class _Proven(msgspec.Struct, frozen=True):
    """A file that was read from its first to its last byte."""

    header: ArchiveHeader
    journals: tuple[ArchiveJournal, ...]
    end: ArchiveEnd


def import_archive(
    engine: Engine, root: RootKey, path: Path, now: str, *, approved_by: str = ""
) -> Imported:
    """Take in the journals of an exported file.

    Args:
        engine: the ledger.
        root: knows HQ's own signatures.
        path: written by `till-agent journal export`.
        now: HQ's time, for show.
        approved_by: who vouches for a file of a device HQ does not know; empty: nobody.

    Raises:
        ArchiveRefused: it is not what a till-agent wrote, or not all of it; nothing was kept.
        NotApproved: it needs somebody's word; nothing was kept.
        InputFault: it cannot be read.
        LedgerBusy: another writer held the database for too long; what is said to be taken in
            is kept, the same call goes on from there.
    """
    proven = _prove(path)
    with reading(engine) as conn:
        doubts = _doubts(conn, proven)
    if doubts and not approved_by:
        raise NotApproved(
            f"{path} was not taken in: {'; '.join(doubts)}",
            remedy="find out where the file comes from; if it is good: "
            "till-central import-journal FILE --approve NAME",
        )
    done = _Import(engine, root, proven, now, approved_by if doubts else "")
    return Imported(
        str(path),
        proven.header.store,
        proven.header.made_at,
        proven.end.device_key,
        bool(doubts),
        tuple(done.journals(_parts(path))),
    )


def _parts(path: Path) -> Iterator[Part]:
    reader = ArchiveReader(lambda key, signature, message: verifier(key)(signature, message))
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_MAX):
                yield reader.take(line)
    except OSError as error:
        raise InputFault(
            f"{path} cannot be read: {error.strerror}",
            remedy="name a file written by: till-agent journal export",
        ) from error
    reader.finish()


def _prove(path: Path) -> _Proven:
    """Read the whole file before anything of it is believed."""
    header, journals, end = None, [], None
    for part in _parts(path):
        if isinstance(part, ArchiveHeader):
            header = part
        elif isinstance(part, ArchiveJournal):
            journals.append(part)
        elif isinstance(part, ArchiveEnd):
            end = part
    if header is None or end is None:
        raise InputFault(f"{path} is empty", remedy="name a file of: till-agent journal export")
    return _Proven(header, tuple(journals), end)


def _doubts(conn: Connection, proven: _Proven) -> list[str]:
    """Say why a file cannot be taken in on HQ's own knowledge.

    A device may hand in what it began itself, and what others left at a till it stands or stood at.
    """
    key = proven.end.device_key
    if not _is_known(conn, key):
        return [f"HQ does not let the device in that signed it (key {key})"]
    foreign = [
        journal
        for journal in proven.journals
        if journal.device_key != key and not _stood_at(conn, key, journal)
    ]
    return [
        f"journal {journal.journal} is of till {journal.till} of {journal.store}, where the device "
        "that signed the file never stood"
        for journal in foreign
    ]


def _is_known(conn: Connection, device_key: str) -> bool:
    """Tell whether HQ ever let a device in; one that was revoked is as good as unknown."""
    revoked = exists().where(REVOKED_DEVICES.c.device_key == device_key)
    query = select(CREDENTIALS.c.keyid).where(CREDENTIALS.c.device_key == device_key, ~revoked)
    return conn.execute(query).first() is not None


def _stood_at(conn: Connection, device_key: str, journal: ArchiveJournal) -> bool:
    """Tell whether HQ ever let a device in at a journal's till.

    One whose key was renewed, or that another machine took the place of, wrote its file while it
    was let in there, or holds what it held then.
    """
    query = select(ADMISSIONS.c.keyid).where(
        ADMISSIONS.c.keyid == key_id(unhex(device_key)),
        ADMISSIONS.c.store == journal.store,
        ADMISSIONS.c.till == journal.till,
    )
    return conn.execute(query).first() is not None


class _Import:
    """One file on its way in."""

    def __init__(
        self, engine: Engine, root: RootKey, proven: _Proven, now: str, approved_by: str
    ) -> None:
        self._engine, self._root, self._now = engine, root, now
        end = proven.end
        self._source = Source(secrets.token_hex(16), end.digest, end.device_key, approved_by)

    def journals(self, parts: Iterator[Part]) -> Iterator[ImportedJournal]:
        """Take in one journal after another."""
        journal: ArchiveJournal | None = None
        records: list[ArchiveRecord] = []
        state: _Progress | None = None
        for part in parts:
            if isinstance(part, ArchiveRecord):
                records.append(part)
                if state is not None and len(records) >= BATCH_RECORDS_MAX:
                    self._send(state, records)
                    records = []
                continue
            if journal is not None and state is not None:
                self._send(state, records)
                yield self._noted(journal, state)
            journal, records, state = None, [], None
            if isinstance(part, ArchiveJournal):
                journal, state = part, _Progress(part, self._bound(part))

    def _bound(self, journal: ArchiveJournal) -> int:
        return transact(self._engine, partial(bind, journal=journal, now=self._now))

    def _send(self, state: _Progress, records: list[ArchiveRecord]) -> None:
        """Hand a piece of a journal to the decision every batch goes through."""
        batch = state.batch(records)
        if batch is None:
            return
        taking = partial(take, batch=batch, root=self._root, now=self._now, source=self._source)
        decision = transact(self._engine, taking)
        if isinstance(decision, Accept):
            state.after = max(state.after, decision.seq)
        elif isinstance(decision, Fork):
            state.stop(FORK, f"HQ holds another entry {decision.seq} than the file")
        else:
            state.stop(PRUNED, f"HQ lacks entries below {batch.base}, and the file has no text")

    def _noted(self, journal: ArchiveJournal, state: _Progress) -> ImportedJournal:
        """Write into HQ's books what became of a journal."""
        done = ImportedJournal(
            journal.journal,
            journal.store,
            journal.till,
            journal.lane,
            journal.tail_seq,
            state.before,
            state.after,
            state.outcome or (TAKEN if state.after > state.before else HELD),
            state.detail,
        )
        noting = partial(
            note,
            source=self._source,
            now=self._now,
            journal_id=journal.journal,
            outcome=done.outcome,
            detail=done.detail,
            before_seq=done.before_seq,
            after_seq=done.after_seq,
        )
        transact(self._engine, noting)
        return done


class _Progress:
    """How far one journal is in."""

    def __init__(self, journal: ArchiveJournal, before: int) -> None:
        self._journal = journal
        self._seq, self._hash = 0, unhex(journal.genesis)
        self.before = self.after = before
        self.outcome = self.detail = ""

    def stop(self, outcome: str, detail: str) -> None:
        """Let nothing more of this journal in."""
        self.outcome, self.detail = outcome, detail

    def batch(self, records: list[ArchiveRecord]) -> Batch | None:
        """Make a batch of the next entries; those without their text only lead up to it."""
        if self.outcome:
            return None
        gone = max((at for at, record in enumerate(records, 1) if record.pruned), default=0)
        prev_hash = unhex(records[gone - 1].hash) if gone else self._hash
        base = self._seq + gone + 1
        if records:
            self._seq, self._hash = records[-1].seq, unhex(records[-1].hash)
        return Batch(
            version=SYNC_VERSION,
            journal_id=self._journal.journal,
            incarnation="",
            base=base,
            prev_hash=prev_hash,
            tail_seq=self._journal.tail_seq,
            records=tuple(map(_wire, records[gone:])),
        )


def _wire(record: ArchiveRecord) -> WireRecord:
    if record.erased_by:
        committed = unhex(record.commitment)
        return WireRecord(
            record.seq, record.kind, record.version, b"", b"", committed, record.erased_by
        )
    return WireRecord(record.seq, record.kind, record.version, unhex(record.salt), record.sealed)
