"""Entries that come out of a successor journal: each has its effect once, wherever it turns up.

An entry is known by where it was born and by its commitment. Its original may arrive before it,
after it, or never; a fork has two different entries under one number, and both happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, insert, select

from agent.core.entries.bodies import Body, EntryCarried
from agent.core.entries.carried import holds, inner, sealed
from agent.core.faults import StateFault
from central.histories.entry import Entry
from central.histories.pending import maybe_one
from central.histories.succession import reason_of
from central.ledger.origins import origin
from central.ledger.report_tables import CARRIED
from central.ledger.tables import BODIES, CHAIN, ERASE_ORDERS, JOURNALS

CARRIED_OVER = "carried"
SALVAGE = "salvage"
_DAMAGED = "damaged"
_CARRIED_OF = select(CARRIED.c.seq, CARRIED.c.commitment).where(
    CARRIED.c.journal_id == bindparam("of_journal"),
    CARRIED.c.seq.between(bindparam("first_seq"), bindparam("last_seq")),
)
_PROVEN = select(CARRIED.c.at_carrier).where(
    CARRIED.c.journal_id == bindparam("of_journal"), CARRIED.c.verified
)
_TAKEN = _PROVEN.where(CARRIED.c.seq == bindparam("at_seq"), CARRIED.c.at_carrier.is_(False))
_BEFORE = (
    _PROVEN.where(
        CARRIED.c.seq < bindparam("at_seq"), CARRIED.c.via_journal == bindparam("in_journal")
    )
    .order_by(CARRIED.c.seq.desc())
    .limit(1)
)
"""Only the nearest is asked, not all: a successor may carry a long backlog."""


class Opened(NamedTuple):
    """What was inside, and as whom it has its effect."""

    entry: Entry
    body: Body


def opened(conn: Connection, entry: Entry, body: EntryCarried) -> Opened | None:
    """Take an entry out of the one that carries it, and note that it has its effect now.

    Args:
        conn: of the transaction, or savepoint, of the effect.
        entry: the one that carries, as it stands in its own journal.
        body: what it carries.

    Returns:
        The entry as it was born; None if it is erased, or has its effect already.

    Raises:
        StateFault: it is of another till, or not what its commitment says.
        UnknownKind, UnreadableBody: set aside until an update can read it.
    """
    if body.erased_by:
        return None
    body = replace(body, journal=origin(conn, entry.journal_id, body))
    _require_same_till(conn, entry.journal_id, body)
    if body.verified and not holds(body):
        raise _altered(body)
    original = _commitment(conn, body.journal, body.seq)
    is_same = original == body.commitment
    if _is_known(conn, body) or (is_same and _has_bytes(conn, body)):
        # It has, or gets, its effect in its own journal, however its copy may look by now.
        return None
    said = inner(body)
    if said is None or _is_unproven_copy(conn, body):
        return None
    why = SALVAGE if _is_salvage(conn, entry.journal_id, body) else CARRIED_OVER
    place = (entry.journal_id, entry.seq)
    # Under this number HQ holds another entry (a fork): this one then keeps its carrier's.
    is_fork = _is_of_a_copy(conn, entry, body) if original is None else not is_same
    _note(conn, entry, body, why, at_carrier=is_fork)
    journal_id, seq = place if is_fork else (body.journal, body.seq)
    return Opened(Entry(journal_id, seq, entry.now, place, why), said)


def carried_of(conn: Connection, journal_id: str, first: int, last: int) -> Mapping[int, set[str]]:
    """Tell which entries of a journal had their effect out of a successor: seq to commitments."""
    within = {"of_journal": journal_id, "first_seq": first, "last_seq": last}
    found: dict[int, set[str]] = {}
    for row in conn.execute(_CARRIED_OF, within):
        found.setdefault(row.seq, set()).add(row.commitment)
    return found


def places_of(conn: Connection, journal_id: str, seq: int) -> list[tuple[str, int]]:
    """Tell where the bytes of a carried entry lie; none for one that stands in its own journal."""
    query = select(CARRIED.c.via_journal, CARRIED.c.via_seq).where(
        CARRIED.c.journal_id == journal_id, CARRIED.c.seq == seq
    )
    return [(row.via_journal, row.via_seq) for row in conn.execute(query)]


def _is_known(conn: Connection, body: EntryCarried) -> bool:
    query = select(CARRIED.c.via_seq).where(
        CARRIED.c.journal_id == body.journal,
        CARRIED.c.seq == body.seq,
        CARRIED.c.commitment == body.commitment,
    )
    return conn.execute(query).first() is not None


def _is_unproven_copy(conn: Connection, body: EntryCarried) -> bool:
    """Tell whether HQ holds the very bytes of an entry that lost its proof in a damaged file."""
    if body.verified:
        return False
    held = maybe_one(conn, body.journal, body.seq)
    return held is not None and held.body == sealed(body)


def _is_of_a_copy(conn: Connection, entry: Entry, body: EntryCarried) -> bool:
    """Tell whether another copy's entry stands under this number, or under one before it.

    Both are proven, and differ; two copies that have parted never write the same again.
    """
    if not body.verified:
        return False
    known = {"of_journal": body.journal, "at_seq": body.seq, "in_journal": entry.journal_id}
    has_parted = conn.execute(_BEFORE, known).scalar_one_or_none()
    return bool(has_parted) or conn.execute(_TAKEN, known).first() is not None


def _commitment(conn: Connection, journal_id: str, seq: int) -> str | None:
    query = select(CHAIN.c.commitment).where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    held: bytes | None = conn.execute(query).scalar_one_or_none()
    return None if held is None else held.hex()


def _has_bytes(conn: Connection, body: EntryCarried) -> bool:
    """Tell whether the body of the entry that is carried is here, or is gone by an order."""
    held, gone = BODIES.c, ERASE_ORDERS.c
    here = select(held.seq).where(held.journal_id == body.journal, held.seq == body.seq)
    by_order = select(gone.seq).where(
        gone.journal_id == body.journal,
        gone.seq == body.seq,
        gone.commitment == bytes.fromhex(body.commitment),
    )
    return any(conn.execute(query).first() for query in (here, by_order))


def _note(
    conn: Connection, entry: Entry, body: EntryCarried, why: str, *, at_carrier: bool
) -> None:
    row = {
        "journal_id": body.journal,
        "seq": body.seq,
        "commitment": body.commitment,
        "via_journal": entry.journal_id,
        "via_seq": entry.seq,
        "verified": body.verified,
        "at_carrier": at_carrier,
        "why": why,
        "applied_at": entry.now,
    }
    conn.execute(insert(CARRIED), row)


def _is_salvage(conn: Connection, journal_id: str, body: EntryCarried) -> bool:
    return not body.verified or reason_of(conn, journal_id) == _DAMAGED


def _require_same_till(conn: Connection, journal_id: str, body: EntryCarried) -> None:
    """A till carries over what is its own: where HQ knows both journals, they are of one till."""
    query = select(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
    both = conn.execute(query.where(JOURNALS.c.journal_id.in_((journal_id, body.journal)))).all()
    if len(set(both)) > 1:
        raise StateFault(
            f"journal {journal_id} carries entry {body.seq} of journal {body.journal}, which "
            "belongs to another till",
            remedy="find out how that journal's file came to this till; void the entry if it must "
            "not count here",
            name="carried-from-another-till",
        )


def _altered(body: EntryCarried) -> StateFault:
    return StateFault(
        f"the carried entry {body.seq} of journal {body.journal} is not what its commitment says",
        remedy="export the till's journal with till-agent journal export and compare both; void "
        "the entry if its file was changed",
        name="carried-altered",
    )
