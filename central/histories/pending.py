"""Which entries wait for the applier: what was received above what was applied."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from central.ledger.tables import APPLIED, BODIES, CHAIN, CURSORS, ERASE_ORDERS
from central.ledger.upserts import upsert

BATCH = 500
"""Entries of one transaction: so long the intake has to wait, some tenths of a second at most."""


class Received(NamedTuple):
    """One entry as it stands in the ledger."""

    journal_id: str
    seq: int
    kind: int
    version: int
    body: bytes | None
    erased: bool
    commitment: bytes


def journals_behind(conn: Connection) -> list[str]:
    """List the journals that hold entries which were not applied yet."""
    return list(conn.execute(_BEHIND).scalars())


def waiting(conn: Connection, journal_id: str, limit: int = BATCH) -> list[Received]:
    """Read the next entries of a journal above its applied position."""
    after = conn.execute(_APPLIED, {"of_journal": journal_id}).scalar_one_or_none() or 0
    above = {"of_journal": journal_id, "after_seq": after, "at_most": limit}
    return [_entry(row) for row in conn.execute(_NEXT, above)]


def one(conn: Connection, journal_id: str, seq: int) -> Received:
    """Read one entry that was received."""
    return _entry(conn.execute(_ONE, {"of_journal": journal_id, "at_seq": seq}).one())


def maybe_one(conn: Connection, journal_id: str, seq: int) -> Received | None:
    """Read one entry, if it was received in its own journal."""
    row = conn.execute(_ONE, {"of_journal": journal_id, "at_seq": seq}).one_or_none()
    return None if row is None else _entry(row)


def move(conn: Connection, journal_id: str, seq: int) -> None:
    """Note that everything up to `seq` was applied or set aside."""
    conn.execute(_MOVE, {"journal_id": journal_id, "seq": seq})


def _received() -> Select[tuple[object, ...]]:
    on_body = (BODIES.c.journal_id == CHAIN.c.journal_id) & (BODIES.c.seq == CHAIN.c.seq)
    on_erased = (ERASE_ORDERS.c.journal_id == CHAIN.c.journal_id) & (
        ERASE_ORDERS.c.seq == CHAIN.c.seq
    )
    on_erased &= ERASE_ORDERS.c.commitment == CHAIN.c.commitment
    return (
        select(CHAIN, BODIES.c.body, ERASE_ORDERS.c.erased_by)
        .select_from(CHAIN)
        .outerjoin(BODIES, on_body)
        .outerjoin(ERASE_ORDERS, on_erased)
    )


def _entry(row: Row[tuple[object, ...]]) -> Received:
    return Received(
        row.journal_id,
        row.seq,
        row.kind,
        row.version,
        row.body,
        row.erased_by is not None,
        row.commitment,
    )


_BEHIND = (
    select(CURSORS.c.journal_id)
    .outerjoin(APPLIED, APPLIED.c.journal_id == CURSORS.c.journal_id)
    .where(CURSORS.c.have_seq > func.coalesce(APPLIED.c.seq, 0))
    .order_by(CURSORS.c.journal_id)
)
_APPLIED = select(APPLIED.c.seq).where(APPLIED.c.journal_id == bindparam("of_journal"))
_NEW_POSITION = upsert(APPLIED)
_MOVE = _NEW_POSITION.on_conflict_do_update(
    index_elements=["journal_id"], set_={"seq": _NEW_POSITION.excluded.seq}
)
_NEXT = (
    _received()
    .where(CHAIN.c.journal_id == bindparam("of_journal"), CHAIN.c.seq > bindparam("after_seq"))
    .order_by(CHAIN.c.seq)
    .limit(bindparam("at_most"))
)
_ONE = _received().where(
    CHAIN.c.journal_id == bindparam("of_journal"), CHAIN.c.seq == bindparam("at_seq")
)
