"""All the intake must know of a journal before it weighs a batch, read at once.

Statements are made once: to make and compile one costs more than SQLite takes to run it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    ScalarSelect,
    bindparam,
    exists,
    func,
    select,
)

from agent.core.exchange.intake import Held
from agent.core.exchange.wire import Batch
from agent.core.faults import AccessFault
from central.intake.contacts import Starts
from central.intake.places import REPLACED
from central.intake.renewal import takes_over
from central.intake.rewinds import OPEN as REWIND
from central.intake.shown import has_handed_in, may_show
from central.intake.signatures import Revoked
from central.ledger.authority_tables import SAFE_POSITIONS
from central.ledger.direct import Prepared
from central.ledger.engine import has_turn
from central.ledger.epoch import EPOCH_FACT
from central.ledger.hq import Device
from central.ledger.tables import APPLIED, CHAIN, CURSORS, ERASE_ORDERS, FACTS, JOURNALS

_JOURNAL: BindParameter[str] = bindparam("of_journal")
_HASH_AT = Prepared(
    select(CHAIN.c.hash).where(CHAIN.c.journal_id == _JOURNAL, CHAIN.c.seq == bindparam("at"))
)


class ForeignJournal(AccessFault):
    """A journal that is not the sender's own."""

    name = "not-your-journal"
    title = "The journal belongs to another till"


class TurnNeeded(Exception):
    """What a batch brings concerns more than its own journal: do it again, in turn."""


class Position(NamedTuple):
    """All the intake must know of a journal, read at once."""

    store: str
    till: str
    lane: str
    keyid: str
    ended_why: str
    genesis: bytes
    have_seq: int
    have_hash: bytes
    epoch: str
    rewind: str
    """Epoch of the rewind that is not over yet; empty if there is none."""
    applied_seq: int
    safe_seq: int
    safe_hash: bytes | None
    ordered: bool
    """Something above `have_seq` is ordered erased already."""
    is_shown: bool = False
    """The sender only shows a journal that others left: HQ says what it holds, and adds nothing."""


def read_position(conn: Connection, device: Device, journal_id: str, now: str) -> Position:
    """Read a journal for its own device, and lock its cursor.

    A device may also show what another one left: at a till it stands at now, or in a file it has
    handed in. Only so can a machine that took in an old disk learn that HQ has all of it.

    Args:
        conn: of the intake's transaction.
        device: who has signed; a renewed key takes over here.
        journal_id: as the batch says.
        now: HQ's time, for show.

    Raises:
        ForeignJournal: not a journal of this device.
        Revoked: another device stands at its till now.
        TurnNeeded: a renewed key takes over, and this transaction has no turn.
    """
    row = _POSITION.one_or_none(conn, {"of_journal": journal_id})
    if row is None:
        raise _foreign(device, journal_id)
    position = Position(*row)
    place = position.store, position.till
    if position.keyid != device.keyid and not has_turn(conn):
        raise TurnNeeded
    if position.keyid != device.keyid and not takes_over(conn, device, position.keyid, place, now):
        if not may_show(conn, device.keyid, journal_id, place):
            raise _foreign(device, journal_id)
        return position._replace(is_shown=True)
    if position.ended_why == REPLACED and has_handed_in(conn, device.keyid, journal_id):
        return position._replace(is_shown=True)
    if position.ended_why == REPLACED:
        raise Revoked(
            f"another device stands at till {position.till} of {position.store} now",
            remedy="what this one has not sent yet: till-agent journal export, and at HQ "
            "till-central import-journal",
        )
    return position


def _foreign(device: Device, journal_id: str) -> ForeignJournal:
    return ForeignJournal(
        f"the journal {journal_id[:40]!r} is not bound to till {device.till} of {device.store}",
        remedy="enrol this till again with a new code: "
        f"till-central enrol-code {device.store} {device.till}",
    )


def _fact(key: str) -> ScalarSelect[str]:
    return select(FACTS.c.value).where(FACTS.c.key == key).scalar_subquery()


_HERE = JOURNALS.c.journal_id
_POSITION = Prepared(
    select(
        JOURNALS.c.store,
        JOURNALS.c.till,
        JOURNALS.c.lane,
        JOURNALS.c.keyid,
        func.coalesce(JOURNALS.c.ended_why, ""),
        JOURNALS.c.genesis,
        CURSORS.c.have_seq,
        CURSORS.c.have_hash,
        _fact(EPOCH_FACT),
        func.coalesce(_fact(REWIND), ""),
        func.coalesce(APPLIED.c.seq, 0),
        func.coalesce(SAFE_POSITIONS.c.seq, 0),
        SAFE_POSITIONS.c.hash,
        exists().where(ERASE_ORDERS.c.journal_id == _HERE, ERASE_ORDERS.c.seq > CURSORS.c.have_seq),
    )
    .join(CURSORS, CURSORS.c.journal_id == _HERE)
    .outerjoin(APPLIED, APPLIED.c.journal_id == _HERE)
    .outerjoin(SAFE_POSITIONS, SAFE_POSITIONS.c.journal_id == _HERE)
    .where(_HERE == _JOURNAL)
    .with_for_update(of=CURSORS)
)


def held(conn: Connection, batch: Batch, position: Position, known: Starts) -> Held:
    """Put what was read as the core's decision about a batch takes it."""
    journal_id = batch.journal_id
    return Held(
        journal_id=journal_id,
        epoch=position.epoch,
        genesis=position.genesis,
        have_seq=position.have_seq,
        have_hash=position.have_hash,
        hash_at=partial(hash_at, conn, journal_id),
        retired=frozenset([batch.incarnation] if known.is_retired else []),
    )


def hash_at(conn: Connection, journal_id: str, seq: int) -> bytes | None:
    """Give the chain hash HQ holds at a seq, if it holds one."""
    found = _HASH_AT.one_or_none(conn, {"of_journal": journal_id, "at": seq})
    return None if found is None else found[0]
