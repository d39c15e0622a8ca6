"""Successor journals: where one journal must end, its till's next one goes on, and nothing is lost.

The old journal is sealed as it stands. The new one is bound by its genesis to the last entry that
HQ has, too, says so in its first entry, and carries every later entry of the old one byte for
byte. The till sells on in the same moment: receipt and Z numbers are the new journal's own, so
that none is ever issued twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from agent.core.entries.bodies import EntryCarried, JournalBegun
from agent.core.entries.canonical import decode
from agent.core.entries.carried import carry
from agent.core.entries.chain import SALT_SIZE, commits
from agent.core.entries.kinds import KINDS
from agent.core.exchange.wire import Predecessor
from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.core.sale.model import Stamp
from agent.journal import chains, founding, tails
from agent.journal.connection import Connection
from agent.journal.faults import JournalDamaged
from agent.journal.founding import Entry, Founding
from agent.journal.tails import Tail

FORK, OLDER, DAMAGED = "fork", "older-than-hq", "damaged"
REPLACED, IMAGE = "replaced", "image"
REASONS = (FORK, OLDER, DAMAGED, REPLACED, IMAGE)
"""See `exchange.wire.Predecessor`."""
PAGE = 500
_CARRIED = KINDS[EntryCarried].kind

Random = Callable[[int], bytes]
"""Number of bytes → so many fresh random bytes."""


class Succession(msgspec.Struct, frozen=True):
    """A journal that was sealed, and the one that goes on from it."""

    old_id: JournalId
    new_id: JournalId
    lane: str
    till: TillId
    seq: int
    """The last entry of the old one that HQ has, too."""
    hash: bytes
    """Chain hash there; the genesis at 0."""
    carried: int
    """How many entries of the old one the new one carries."""


class Old(msgspec.Struct, frozen=True):
    """A journal that is to be succeeded."""

    journal_id: JournalId
    store: StoreId
    till: TillId
    lane: str
    device_key: bytes
    held_seq: int
    held_hash: bytes
    """Empty where nothing is known of it any more: the new journal then hangs on nothing."""
    reason: str


def succeed(
    conn: Connection,
    journal_id: JournalId,
    *,
    held_seq: int,
    held_hash: bytes,
    reason: str,
    clock_stamp: Stamp,
    random: Random,
    device_key: bytes | None = None,
) -> Succession:
    """Seal a journal and begin the one that goes on from it, in the caller's transaction.

    Args:
        conn: within the writer's transaction.
        journal_id: an open journal.
        held_seq: the last entry that HQ has just so, too; 0 where it has none.
        held_hash: the chain hash there (the genesis at 0), as HQ said it.
        reason: one of `REASONS`.
        clock_stamp: now.
        random: for the new journal's id and the salts.
        device_key: of this machine, where it is another one than the old journal's.

    Raises:
        NotFoundFault: `no-such-journal`.
        StateFault: `journal-sealed`, it has ended already; `not-held`, the journal does not hold
            that entry with that hash.
        InputFault: `unknown-reason`.
        JournalDamaged: an entry that would have to be carried cannot be read.
    """
    if reason not in REASONS:
        raise InputFault(
            f"{reason!r} is no reason for a successor",
            remedy="name one of: " + ", ".join(REASONS),
            name="unknown-reason",
        )
    number, store, till, lane, own_key, tail_seq = _open_journal(conn, journal_id)
    _check_held(conn, journal_id, held_seq, held_hash)
    founding.seal(conn, number)
    old = Old(journal_id, store, till, lane, device_key or own_key, held_seq, held_hash, reason)
    carried = _carried(conn, number, journal_id, held_seq)
    return begin(conn, old, carried, tail_seq - held_seq, clock_stamp, random)


def begin(
    conn: Connection,
    old: Old,
    carried: Iterator[EntryCarried],
    count: int,
    stamp: Stamp,
    random: Random,
) -> Succession:
    """Begin the journal that goes on from one that is sealed, or lies in another file.

    Args:
        conn: within the writer's transaction.
        old: what it goes on from; no journal of that till and lane may be open.
        carried: the entries to be carried, in their order.
        count: how many they are.
        stamp: now.
        random: for ids and salts.
    """
    new_id = JournalId(random(16).hex())
    number = founding.found(
        conn, Founding(new_id, old.store, old.till, old.lane, old.device_key, old.held_hash)
    )
    if old.held_hash:
        conn.execute(
            "INSERT INTO succession (journal, predecessor, seq, hash, reason)"
            " VALUES (?, ?, ?, ?, ?)",
            (number, old.journal_id, old.held_seq, old.held_hash, old.reason),
        )
    begun = JournalBegun(
        predecessor=old.journal_id,
        seq=old.held_seq,
        hash=old.held_hash.hex(),
        reason=old.reason,
        carried=count,
        at=stamp,
    )
    tail = tails.open_tail(conn, old.till, old.lane)
    tail = _append(conn, tail, begun, random)
    for body in carried:
        tail = _append(conn, tail, body, random)
    return Succession(
        old.journal_id, new_id, old.lane, old.till, old.held_seq, old.held_hash, tail.seq - 1
    )


def predecessor_of(succession: Succession, reason: str) -> Predecessor:
    """Say of a successor what it goes on from, as enrolment does."""
    return Predecessor(succession.old_id, succession.seq, succession.hash.hex(), reason)


def _append(
    conn: Connection, tail: Tail, body: JournalBegun | EntryCarried, random: Random
) -> Tail:
    """Append, and give the journal's new end: reading it back for each entry would cost as much."""
    done = chains.append(conn, tail.till, body, salt=random(SALT_SIZE), tail=tail, lane=tail.lane)
    return msgspec.structs.replace(tail, seq=done.seq, hash=done.hash)


def _open_journal(
    conn: Connection, journal_id: JournalId
) -> tuple[int, StoreId, TillId, str, bytes, int]:
    row = conn.execute(
        "SELECT no, store, till, lane, device_key, tail_seq, sealed FROM head WHERE id = ?",
        (journal_id,),
    ).fetchone()
    if row is None:
        raise NotFoundFault(
            f"journal {journal_id} is not on this agent",
            remedy="`till-agent journal verify` lists those that are",
            name="no-such-journal",
        )
    if row[6]:
        raise StateFault(
            f"journal {journal_id} has ended already",
            remedy="`till-agent journal verify` shows which journal goes on from it",
            name="journal-sealed",
        )
    return row[0], row[1], row[2], row[3], row[4], row[5]


def _check_held(conn: Connection, journal_id: JournalId, seq: int, hash_: bytes) -> None:
    try:
        own = chains.hash_at(conn, journal_id, seq)
    except NotFoundFault:
        own = b""
    if own != hash_:
        raise StateFault(
            f"journal {journal_id} does not hold entry {seq} as it is said to be held elsewhere",
            remedy="compare it with HQ once more, and go on from the last entry both hold",
            name="not-held",
        )


def _carried(
    conn: Connection, number: int, journal_id: JournalId, after: int
) -> Iterator[EntryCarried]:
    """Read what is to be carried."""
    for entry in entries_after(conn, number, after):
        yield carried_of(journal_id, entry)


def entries_after(conn: Connection, number: int, after: int) -> Iterator[Entry]:
    """Read the entries of a journal behind one, page by page.

    Args:
        conn: the file.
        number: of the journal in it.
        after: seq of the last one that is not wanted.
    """
    seq = after
    while page := _page(conn, number, seq):
        yield from page
        seq = page[-1].seq


def _page(conn: Connection, number: int, after: int) -> list[Entry]:
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, c.commitment, c.hash, b.salt, b.bytes, e.order_id"
        " FROM chain c LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " LEFT JOIN erase_order e ON e.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? ORDER BY c.seq LIMIT ?",
        (number, after, PAGE),
    ).fetchall()
    return [Entry(*row) for row in rows]


def carried_of(journal_id: JournalId, entry: Entry, *, verified: bool = True) -> EntryCarried:
    """Wrap an entry of a journal; one that was carried into that journal is carried on as it is.

    Raises:
        JournalDamaged: its body is missing.
    """
    if entry.order_id is None and (entry.salt is None or entry.body is None):
        raise JournalDamaged(
            f"entry {entry.seq} of journal {journal_id} has to be carried over, and its body is "
            "missing",
            remedy="stop the agent, then: till-agent journal salvage",
        )
    verified = verified and _is_sealed(entry)
    again = _carried_before(entry)
    if again is not None:
        return again if verified else msgspec.structs.replace(again, verified=False)
    return carry(
        journal_id,
        entry.seq,
        kind=entry.kind,
        version=entry.version,
        salt=entry.salt or b"",
        body=entry.body or b"",
        committed=entry.commitment,
        erased_by=entry.order_id or "",
        verified=verified,
    )


def _is_sealed(entry: Entry) -> bool:
    """Tell whether an entry's body is the one it committed to, or is gone by an order."""
    if entry.salt is None or entry.body is None:
        return True
    return commits(entry.commitment, entry.salt, entry.body)


def _carried_before(entry: Entry) -> EntryCarried | None:
    if entry.kind != _CARRIED or entry.body is None:
        return None
    try:
        body = decode(entry.kind, entry.version, entry.body)
    except InputFault:
        return None
    return body if isinstance(body, EntryCarried) else None
