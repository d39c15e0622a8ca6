"""Two different entries under one number: each gets the place where its proof lies.

A copied till writes under the same numbers as its original. What HQ holds in that journal itself
stands there; what a successor carried of the other copy stands under its carrier's number. The
carried one may come first: it then stands under its own number until the other one arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, update

from central.histories.booking import Spoken, reach
from central.ledger.customer_tables import CASH_MOVEMENTS, SALES, Z_REPORTS
from central.ledger.report_tables import CARRIED

_KEYED_HERE = (CASH_MOVEMENTS, Z_REPORTS)
"""Their keys begin with the journal: a row is taken out and put in again, not changed in place."""


class _Place(NamedTuple):
    journal_id: str
    seq: int

    def of(self, table: Table) -> ColumnElement[bool]:
        """Select what stands here."""
        here: ColumnElement[bool] = table.c.journal_id == self.journal_id
        return here & (table.c.seq == self.seq)


def settle(conn: Connection, journal_id: str, seq: int, commitment: str) -> None:
    """Give the number to the entry that HQ holds under it; others move to their carriers'.

    What is not proven stays where it is: it may be the same entry, and damaged.

    Args:
        conn: of the transaction, or savepoint, in which the entry is applied.
        journal_id: the journal it stands in.
        seq: its number there.
        commitment: what the chain says of it, hexadecimal.
    """
    number = _Place(journal_id, seq)
    query = select(CARRIED).where(number.of(CARRIED), CARRIED.c.verified)
    carried = conn.execute(query).all()
    for each in carried:
        if each.commitment != commitment and not each.at_carrier:
            for one in _from_there(conn, each):
                _move(conn, _Place(one.journal_id, one.seq), _via(one))
                _note(conn, one, at_carrier=True)
    for each in carried:
        if each.commitment == commitment and each.at_carrier:
            _move(conn, _via(each), number)
            _note(conn, each, at_carrier=False)


def _from_there(conn: Connection, parted: Row[Any]) -> Sequence[Row[Any]]:
    """List what its successor carried of a copy from an entry on: nothing of it is shared."""
    held = CARRIED.c
    query = select(CARRIED).where(
        held.journal_id == parted.journal_id,
        held.seq >= parted.seq,
        held.via_journal == parted.via_journal,
        held.verified,
        held.at_carrier.is_(False),
    )
    return conn.execute(query).all()


def _via(carried: Row[Any]) -> _Place:
    return _Place(carried.via_journal, carried.via_seq)


def _note(conn: Connection, carried: Row[Any], *, at_carrier: bool) -> None:
    here = _Place(carried.journal_id, carried.seq).of(CARRIED)
    this = here & (CARRIED.c.commitment == carried.commitment)
    conn.execute(update(CARRIED).where(this).values(at_carrier=at_carrier))


def _move(conn: Connection, before: _Place, after: _Place) -> None:
    """Move what an entry has done, and say that its day is spoken of in the other journal, too."""
    moved: list[Row[Any]] = []
    for table in (SALES, *_KEYED_HERE):
        moved += conn.execute(select(table).where(before.of(table))).all()
    conn.execute(update(SALES).where(before.of(SALES)).values(after._asdict()))
    for table in _KEYED_HERE:
        _put_again(conn, table, before, after)
    reach(conn, [Spoken(row.store, row.till, row.business_date, *after) for row in moved])


def _put_again(conn: Connection, table: Table, before: _Place, after: _Place) -> None:
    rows = conn.execute(select(table).where(before.of(table))).mappings().all()
    if rows:
        conn.execute(delete(table).where(before.of(table)))
        conn.execute(insert(table), [dict(row) | after._asdict() for row in rows])
