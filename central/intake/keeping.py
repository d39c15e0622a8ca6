"""Putting accepted records into the inbox, insert-only; what was ordered erased comes back never.

A till that has not heard of an erase order, or an old backup of it, sends the body again: its
commitment is kept, as the chain needs it, and its text is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, select, tuple_

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS
from agent.core.exchange.intake import Row as NewRecord
from agent.core.faults import Fault
from central.ledger.authority_tables import CARRIED_COPIES
from central.ledger.bulk import insert_rows
from central.ledger.origins import origin
from central.ledger.tables import BODIES, CHAIN, ERASE_ORDERS
from central.ledger.upserts import upsert

CARRIED_KIND = KINDS[EntryCarried].kind
_HEX = re.compile(r"[0-9a-f]{1,64}")
_SEQ_MAX = 2**63 - 1


def insert_records(
    conn: Connection, journal_id: str, rows: Sequence[NewRecord], now: str, *, ordered: bool
) -> None:
    """Insert records above what is held, in the order of the tables' columns.

    Args:
        conn: of the intake's transaction.
        journal_id: whose records these are.
        rows: as the core has recomputed them.
        now: HQ's time, for show.
        ordered: some of this journal's entries above what is held are ordered erased already.
    """
    chain = [
        (journal_id, row.seq, row.kind, row.version, row.commitment, row.hash, now) for row in rows
    ]
    insert_rows(conn, CHAIN, chain)
    gone = _ordered(conn, journal_id, rows) if ordered else {}
    committed = {row.seq: row.commitment for row in rows}
    carried = [row for row in rows if row.kind == CARRIED_KIND and row.body]
    if carried:
        gone |= _carried(conn, journal_id, carried)
    gone |= {row.seq: row.erased_by for row in rows if row.erased_by}
    bodies = [(journal_id, row.seq, row.salt, row.body) for row in rows if row.seq not in gone]
    insert_rows(conn, BODIES, bodies)
    if gone:
        noted = [(journal_id, seq, committed[seq], order) for seq, order in gone.items()]
        note_erased(conn, noted, now)


def _ordered(conn: Connection, journal_id: str, rows: Sequence[NewRecord]) -> dict[int, str]:
    query = select(ERASE_ORDERS).where(
        ERASE_ORDERS.c.journal_id == journal_id,
        ERASE_ORDERS.c.seq.between(rows[0].seq, rows[-1].seq),
    )
    ordered = {(row.seq, row.commitment): row.erased_by for row in conn.execute(query)}
    meant = {row.seq: ordered.get((row.seq, row.commitment)) for row in rows}
    return {seq: order for seq, order in meant.items() if order is not None}


def _carried(conn: Connection, journal_id: str, rows: Iterable[NewRecord]) -> dict[int, str]:
    """Note where bodies were carried to; gives those whose original is ordered erased."""
    copies = {row.seq: body for row in rows if (body := _copy(row)) is not None}
    if not copies:
        return {}
    named = {seq: origin(conn, journal_id, body) for seq, body in copies.items()}
    noted = [
        {
            "journal_id": named[seq],
            "seq": body.seq,
            "in_journal": journal_id,
            "in_seq": seq,
            "commitment": body.commitment,
        }
        for seq, body in copies.items()
    ]
    conn.execute(upsert(CARRIED_COPIES).on_conflict_do_nothing(), noted)
    orders = _orders_of(conn, {(named[seq], body.seq) for seq, body in copies.items()})
    meant = {
        seq: orders.get((named[seq], body.seq, body.commitment)) for seq, body in copies.items()
    }
    return {seq: order for seq, order in meant.items() if order is not None}


def _copy(row: NewRecord) -> EntryCarried | None:
    """Read a carried entry; an odd one is set aside later, by who applies it."""
    try:
        body = decode(row.kind, row.version, row.body)
    except (Fault, msgspec.MsgspecError):
        return None
    if not isinstance(body, EntryCarried) or body.erased_by or not _can_be_noted(body):
        return None
    return body


def _can_be_noted(body: EntryCarried) -> bool:
    """Tell whether what it names can be the place of an entry; no database keeps everything."""
    names = all(map(_HEX.fullmatch, (body.journal, body.commitment)))
    return names and 0 < body.seq <= _SEQ_MAX


def _orders_of(conn: Connection, entries: set[tuple[str, int]]) -> dict[tuple[str, int, str], str]:
    place = tuple_(ERASE_ORDERS.c.journal_id, ERASE_ORDERS.c.seq)
    rows = conn.execute(select(ERASE_ORDERS).where(place.in_(entries)))
    return {(row.journal_id, row.seq, row.commitment.hex()): row.erased_by for row in rows}


def note_erased(conn: Connection, gone: Iterable[tuple[str, int, bytes, str]], now: str) -> None:
    """Note entries that are ordered erased: journal, seq, commitment, and whose order it was."""
    names = ("journal_id", "seq", "commitment", "erased_by")
    rows = [dict(zip(names, each, strict=True), recorded_at=now) for each in gone]
    conn.execute(upsert(ERASE_ORDERS).on_conflict_do_nothing(), rows)
