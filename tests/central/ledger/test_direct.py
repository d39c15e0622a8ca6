"""Statements on the driver's own cursor: the same rows and the same errors as by SQLAlchemy."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from central.ledger.bulk import Keyed
from central.ledger.direct import Prepared, run, run_many
from central.ledger.engine import looking_up, reading, writing
from central.ledger.tables import CURSORS
from central.ledger.upserts import upsert

HASH = bytes(range(256))
_KEEP = Prepared(upsert(CURSORS))
_MOVE = Prepared(
    update(CURSORS)
    .where(CURSORS.c.journal_id == bindparam("of_journal"))
    .values(have_seq=bindparam("to_seq"))
)
_FIND = Prepared(
    select(CURSORS.c.have_seq, CURSORS.c.have_hash, func.coalesce(None, "told")).where(
        CURSORS.c.journal_id == bindparam("of_journal")
    )
)
_OF_SOME = Keyed(select(CURSORS).order_by(CURSORS.c.journal_id), CURSORS.c.journal_id)


@pytest.mark.both_databases
def test_a_row_comes_back_as_it_was_kept(ledger):
    """Wrong: a hash is changed on its way through the driver, and no chain is genuine any more."""
    row = {"journal_id": "j-1", "have_seq": 3, "have_hash": HASH}
    with writing(ledger) as conn:
        _KEEP.run(conn, row)
        _MOVE.run(conn, {"to_seq": 4, "of_journal": "j-1"})
        assert (4, HASH, "told") == _FIND.one_or_none(conn, {"of_journal": "j-1"})
    with looking_up(ledger) as conn:
        assert (4, HASH, "told") == _FIND.one_or_none(conn, {"of_journal": "j-1"})
        assert _FIND.one_or_none(conn, {"of_journal": "j-2"}) is None
    with reading(ledger) as conn:
        assert [("j-1", 4, HASH)] == conn.execute(select(CURSORS)).all()


@pytest.mark.both_databases
def test_errors_are_those_everybody_knows_what_to_do_about(ledger):
    """Wrong: a database that is busy or full passes for a bug, and is not tried again."""
    row = {"journal_id": "j-1", "have_seq": 3, "have_hash": HASH}
    with writing(ledger) as conn:
        _KEEP.run(conn, row)
    with pytest.raises(IntegrityError, match="journal_cursor"), writing(ledger) as conn:
        _KEEP.run(conn, row)
    for call in (
        lambda conn: run(conn, "SELECT nothing"),
        lambda conn: run_many(conn, "SELECT nothing", [()]),
        lambda conn: Prepared(select(CURSORS).where(func.nothing() == 1)).one_or_none(conn, {}),
    ):
        with pytest.raises(DBAPIError, match="nothing"), writing(ledger) as conn:
            call(conn)


@pytest.mark.both_databases
def test_rows_of_many_keys_come_by_name(ledger):
    """Wrong: a person's consents are read by place, and one column more mixes all of them up."""
    with writing(ledger) as conn:
        for n in range(4):
            _KEEP.run(conn, {"journal_id": f"j-{n}", "have_seq": n, "have_hash": HASH})
    with reading(ledger) as conn:
        found = _OF_SOME.rows(conn, ["j-1", "j-3", 'j-"9'])
        assert [("j-1", 1, HASH), ("j-3", 3, HASH)] == [
            (row.journal_id, row.have_seq, row.have_hash) for row in found
        ]
        assert [] == _OF_SOME.rows(conn, [])


@pytest.mark.both_databases
def test_two_look_ups_of_one_reading_see_one_picture(ledger):
    """Wrong: between a person's ids and their consents somebody merges, and a no is overlooked."""
    with reading(ledger) as conn:
        assert [] == _OF_SOME.rows(conn, ["j-1"])
        with writing(ledger) as other:
            _KEEP.run(other, {"journal_id": "j-1", "have_seq": 1, "have_hash": HASH})
        assert [] == _OF_SOME.rows(conn, ["j-1"])
    with reading(ledger) as conn:
        assert 1 == len(_OF_SOME.rows(conn, ["j-1"]))


@pytest.mark.both_databases
def test_what_was_looked_up_holds_nobody_up(ledger):
    """Wrong: a look-up leaves a transaction open, and its connection shows the past for ever."""
    with looking_up(ledger) as conn:
        assert _FIND.one_or_none(conn, {"of_journal": "j-1"}) is None
        with writing(ledger) as other:
            _KEEP.run(other, {"journal_id": "j-1", "have_seq": 1, "have_hash": HASH})
        assert (1, HASH, "told") == _FIND.one_or_none(conn, {"of_journal": "j-1"})
