"""Journals to and from archive files (`core.entries.archive`): written, checked, taken in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.core.entries.archive import (
    FORMAT,
    LINE_MAX,
    VERSION,
    ArchiveEnd,
    ArchiveHeader,
    ArchiveJournal,
    ArchiveReader,
    ArchiveRecord,
    ArchiveRefused,
    ArchiveWriter,
    Part,
    Succeeds,
)
from agent.core.entries.verbatim import written
from agent.core.faults import StateFault
from agent.core.identifiers import JournalId, StoreId
from agent.journal import vanished
from agent.journal.connection import Connection
from agent.journal.device_key import DeviceKey
from agent.journal.filling import Filling
from agent.journal.founding import Entry, Founding
from agent.journal.lineage import predecessor
from agent.journal.links import JournalRow, journals

PAGE = 500


class Checked(msgspec.Struct, frozen=True):
    """What an archive holds, every byte of it proven."""

    store: StoreId
    made_at: str
    device_key: str
    """Of the device that wrote and signed it, hexadecimal."""
    journals: tuple[ArchiveJournal, ...]
    records: int


class TakenIn(msgspec.Struct, frozen=True):
    """What became of one journal of an archive."""

    journal: JournalId
    till: str
    lane: str
    entries: int
    taken: bool
    """False where the very same entries are here already."""


def lines(conn: Connection, store: StoreId, made_at: str, key: DeviceKey) -> Iterator[bytes]:
    """Write every journal of a file as the lines of an archive, reading page by page."""
    writer = ArchiveWriter()
    yield writer.line(ArchiveHeader(FORMAT, VERSION, store, made_at))
    for journal in journals(conn):
        yield writer.line(_journal(conn, journal))
        for entry in _entries(conn, journal):
            yield writer.line(_record(entry))
    yield writer.end(key.public_bytes, key.private.sign)


def parts(path: Path) -> Iterator[Part]:
    """Read an archive line by line; it is proven only when the last part has been given.

    Raises:
        ArchiveRefused: a line cannot follow those before it, or the file stops before its end.
        OSError: it cannot be read.
    """
    reader = ArchiveReader(signed_by)
    with path.open("rb") as file:
        while line := file.readline(LINE_MAX):
            yield reader.take(line)
    reader.finish()


def check(path: Path) -> Checked:
    """Prove an archive from its first to its last byte.

    Raises:
        ArchiveRefused: it is not what a till-agent wrote, or not all of it.
        OSError: it cannot be read.
    """
    header, held, records, end = None, [], 0, None
    for part in parts(path):
        match part:
            case ArchiveHeader():
                header = part
            case ArchiveJournal():
                held.append(part)
            case ArchiveRecord():
                records += 1
            case ArchiveEnd():
                end = part
    if header is None or end is None:
        raise ArchiveRefused("line 0: the file is empty", remedy="name an archive of journals")
    return Checked(header.store, header.made_at, end.device_key, tuple(held), records)


def take_in(conn: Connection, path: Path, at: str) -> list[TakenIn]:
    """Take the journals of an archive into this file, sealed, to be sent to HQ.

    Args:
        conn: within the writer's transaction: all of the archive comes in, or nothing.
        path: the archive; proven while it is read.
        at: `Stamp.wall` of now.

    Returns:
        What became of each journal; one whose every entry is here already changes nothing.

    Raises:
        ArchiveRefused: it is not what a till-agent wrote, or not all of it.
        StateFault: `journal-differs`: a journal is here with other, or fewer, entries.
        OSError: the file cannot be read.
    """
    taken: list[TakenIn] = []
    journal: ArchiveJournal | None = None
    filling: Filling | None = None
    for part in parts(path):
        if isinstance(part, ArchiveRecord):
            if filling is not None:
                filling.add(_entry(part), at)
        elif journal is not None:
            taken.append(_closed(journal, filling))
            journal, filling = None, None
        if isinstance(part, ArchiveJournal):
            journal, filling = part, _begun(conn, part)
    if any(each.taken for each in taken):
        vanished.forget(conn)
    return taken


def signed_by(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 key (raw, RFC 8032) signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def write(file: BinaryIO, content: Iterator[bytes]) -> int:
    """Write lines into a file; gives how many."""
    count = 0
    for line in content:
        file.write(line)
        count += 1
    return count


def _journal(conn: Connection, journal: JournalRow) -> ArchiveJournal:
    row = conn.execute("SELECT tail_hash FROM head WHERE no = ?", (journal.no,)).fetchall()[0]
    before = predecessor(conn, journal.id)
    succeeds = None
    if before is not None:
        succeeds = Succeeds(JournalId(before.journal_id), before.seq, before.hash, before.reason)
    return ArchiveJournal(
        journal=journal.id,
        store=journal.store,
        till=journal.till,
        lane=journal.lane,
        device_key=journal.device_key.hex(),
        predecessor=journal.predecessor.hex(),
        genesis=journal.genesis.hex(),
        tail_seq=journal.tail_seq,
        tail_hash=row[0].hex(),
        sealed=journal.sealed != 0,
        succeeds=succeeds,
    )


def _entries(conn: Connection, journal: JournalRow) -> Iterator[Entry]:
    seq = 0
    while seq < journal.tail_seq:
        rows = conn.execute(
            "SELECT c.seq, c.kind, c.version, c.commitment, c.hash, b.salt, b.bytes, e.order_id"
            " FROM chain c LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
            " LEFT JOIN erase_order e ON e.place = (c.journal << 40 | c.seq)"
            " WHERE c.journal = ? AND c.seq > ? ORDER BY c.seq LIMIT ?",
            (journal.no, seq, PAGE),
        ).fetchall()
        if not rows:
            return
        yield from (Entry(*row) for row in rows)
        seq = rows[-1][0]


def _record(entry: Entry) -> ArchiveRecord:
    body, raw = written(entry.body or b"")
    return ArchiveRecord(
        seq=entry.seq,
        kind=entry.kind,
        version=entry.version,
        commitment=entry.commitment.hex(),
        hash=entry.hash.hex(),
        salt=(entry.salt or b"").hex(),
        body=body,
        erased_by=entry.order_id or "",
        pruned=entry.body is None and entry.order_id is None,
        raw=raw,
    )


def _entry(record: ArchiveRecord) -> Entry:
    gone = bool(record.erased_by) or record.pruned
    return Entry(
        record.seq,
        record.kind,
        record.version,
        bytes.fromhex(record.commitment),
        bytes.fromhex(record.hash),
        None if gone else bytes.fromhex(record.salt),
        None if gone else record.sealed,
        record.erased_by or None,
    )


def _begun(conn: Connection, journal: ArchiveJournal) -> Filling | None:
    """Found a journal that is new here; of one that is here, see that it is the very same."""
    if _is_here(conn, journal):
        return None
    founding = Founding(
        journal_id=journal.journal,
        store=journal.store,
        till=journal.till,
        lane=journal.lane,
        device_key=bytes.fromhex(journal.device_key),
        predecessor=bytes.fromhex(journal.predecessor),
    )
    filling = Filling(conn, founding)
    before = journal.succeeds
    if before is not None:
        conn.execute(
            "INSERT INTO succession (journal, predecessor, seq, hash, reason)"
            " VALUES (?, ?, ?, ?, ?)",
            (filling.number, before.journal, before.seq, bytes.fromhex(before.hash), before.reason),
        )
    return filling


def _is_here(conn: Connection, journal: ArchiveJournal) -> bool:
    row = conn.execute(
        "SELECT genesis, tail_seq, (SELECT hash FROM chain WHERE journal = no AND seq = ?2)"
        " FROM head WHERE id = ?1",
        (journal.journal, journal.tail_seq),
    ).fetchone()
    if row is None:
        return False
    held = row[0] if journal.tail_seq == 0 else row[2]
    if held is None or held.hex() != journal.tail_hash:
        raise StateFault(
            f"journal {journal.journal} is here, up to entry {row[1]}, and the archive holds other "
            f"entries of it, or more (up to {journal.tail_seq})",
            remedy="take the archive in at HQ, which can tell: till-central import-journal FILE",
            name="journal-differs",
        )
    return True


def _closed(journal: ArchiveJournal, filling: Filling | None) -> TakenIn:
    if filling is not None:
        filling.close()
    return TakenIn(
        journal.journal, journal.till, journal.lane, journal.tail_seq, taken=filling is not None
    )
