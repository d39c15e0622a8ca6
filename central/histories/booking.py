"""HQ's own order of application: what the export follows, and what tells a late entry from others.

A till's time orders nothing, and neither does the number of an entry: journals come in side by
side. So each entry that counts gets the next place in HQ's order, in the transaction of its
effect. The row that gives the places is taken last and held until the commit: a lower place never
becomes visible after a higher one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, select, tuple_

from agent.core.entries.bodies import (
    Body,
    CashMoved,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from central.histories.entry import Entry
from central.ledger.bulk import insert_rows
from central.ledger.customer_tables import CASH_MOVEMENTS, SALES
from central.ledger.epoch import current_epoch
from central.ledger.report_tables import (
    BOOK_EPOCHS,
    BOOK_HEADS,
    BOOKED,
    CANCELLED,
    CLOSING,
    DAY_REACH,
    FLOAT,
    PAID_IN,
    PAID_OUT,
    SALE,
    STORE_DAYS,
    STREAM,
)
from central.ledger.upserts import upsert

HASH_CHARACTERS = 16
OFFLINE = "offline"


class Booking(NamedTuple):
    """One entry that counts, before it has its place."""

    entry: Entry
    type: str
    ref: str
    """The sale's id; of a closing its Z number; of a cash movement its own id."""
    store: str
    till: str
    business_date: str
    currency: str


class Spoken(NamedTuple):
    """An entry that speaks of a business date."""

    store: str
    till: str
    business_date: str
    journal_id: str
    seq: int


def booking_of(entry: Entry, body: Body) -> Booking | None:
    """Say what is booked of an entry; None of one that moves no money and closes nothing."""
    match body:
        case SaleCompleted():
            return _booking(entry, body, SALE, body.sale_id, body.currency)
        case SaleCancelled():
            return _booking(entry, body, CANCELLED, body.sale_id, "")
        case TillOpened():
            return _booking(entry, body, FLOAT, "", body.currency)
        case CashMoved():
            kind = PAID_IN if body.amount >= 0 else PAID_OUT
            return _booking(entry, body, kind, body.cash_id, body.currency)
        case TillClosed():
            return _booking(entry, body, CLOSING, str(body.z_number), body.currency)
        case _:
            return None


def book(conn: Connection, bookings: Sequence[Booking], now: str) -> None:
    """Give each its place, and note late what comes after its day was declared complete.

    Args:
        conn: of `writing`; call it last, since the order is locked until the commit.
        bookings: in the order of their effects.
        now: HQ's time, for show.
    """
    if not bookings:
        return
    reach(conn, map(_spoken, bookings))
    declared = _declared(conn, bookings)
    _reopen(conn, bookings, declared, now)
    place, running = _head(conn)
    _begin_epoch(conn, place + 1)
    rows = []
    for booking in bookings:
        place += 1
        running = following(running, place, booking.entry.journal_id, booking.entry.seq)
        is_late = (booking.store, booking.business_date) in declared
        whole = _with_currency(conn, booking)
        rows.append(_row(whole, place, running, now, is_late=is_late))
    insert_rows(conn, BOOKED, rows)
    _move(conn, place, running)


def following(running: str, place: int, journal_id: str, seq: int) -> str:
    """Run the hash of the order on by one entry: two orders that differ never agree again.

    >>> following("", 1, "ab" * 16, 7)
    'e9d74dcfbb0aafe9'
    """
    text = f"{running} {place} {journal_id} {seq}"
    return sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]


def _booking(
    entry: Entry,
    body: SaleCompleted | SaleCancelled | TillOpened | CashMoved | TillClosed,
    kind: str,
    ref: str,
    currency: str,
) -> Booking:
    return Booking(entry, kind, ref, body.store, body.till, body.business_date, currency)


def _with_currency(conn: Connection, booking: Booking) -> Booking:
    """A cancelled basket names no currency: it is that of the sale before it."""
    if booking.currency or booking.type != CANCELLED:
        return booking
    for table in (SALES, CASH_MOVEMENTS):
        query = (
            select(table.c.currency)
            .where(table.c.journal_id == booking.entry.journal_id)
            .order_by(table.c.seq.desc())
            .limit(1)
        )
        found = conn.execute(query).scalar_one_or_none()
        if found is not None:
            return booking._replace(currency=found)
    return booking


def _row(
    booking: Booking, place: int, running: str, now: str, *, is_late: bool
) -> tuple[str | int, ...]:
    """Give the values in the order of the table's columns."""
    entry = booking.entry
    return (
        STREAM,
        place,
        booking.type,
        entry.journal_id,
        entry.seq,
        *entry.place,
        booking.ref,
        booking.store,
        booking.till,
        booking.business_date,
        booking.currency,
        (entry.why or OFFLINE) if is_late else "",
        entry.why or "own",
        now,
        running,
    )


def _head(conn: Connection) -> tuple[int, str]:
    row = conn.execute(_HEAD).one_or_none()
    return (0, "") if row is None else (row.place, row.running_hash)


def _move(conn: Connection, place: int, running: str) -> None:
    conn.execute(_MOVE, {"stream": STREAM, "place": place, "running_hash": running})


def _begin_epoch(conn: Connection, first_place: int) -> None:
    row = {"stream": STREAM, "epoch": current_epoch(conn), "first_place": first_place}
    conn.execute(_BEGUN, row)


def _declared(conn: Connection, bookings: Iterable[Booking]) -> set[tuple[str, str]]:
    """Tell which of the days of these entries had been declared complete before."""
    days = list({(booking.store, booking.business_date) for booking in bookings})
    return {(store, date) for store, date in conn.execute(_DECLARED, {"days": days})}


def _reopen(
    conn: Connection, bookings: Iterable[Booking], declared: set[tuple[str, str]], now: str
) -> None:
    """Have the days of these entries looked at again; what was declared stays declared."""
    days = Counter((booking.store, booking.business_date) for booking in bookings)
    rows = [
        {
            "store": store,
            "business_date": date,
            "state": "open",
            "since": now,
            "late": count if (store, date) in declared else 0,
        }
        for (store, date), count in sorted(days.items())
    ]
    conn.execute(_REOPENED, rows)


def reach(conn: Connection, spoken: Iterable[Spoken]) -> None:
    """Note from which entry to which a journal speaks of each business date."""
    found: dict[tuple[str, ...], list[int]] = {}
    for *day, seq in spoken:
        found.setdefault(tuple(day), []).append(seq)
    keys = ("store", "till", "business_date", "journal_id")
    rows = [
        dict(zip(keys, day, strict=True)) | {"first_seq": min(seqs), "last_seq": max(seqs)}
        for day, seqs in found.items()
    ]
    if rows:
        conn.execute(_REACHED, rows)


def _spoken(booking: Booking) -> Spoken:
    entry = booking.entry
    day = (booking.store, booking.till, booking.business_date)
    return Spoken(*day, entry.journal_id, entry.seq)


_HEAD = (
    select(BOOK_HEADS.c.place, BOOK_HEADS.c.running_hash)
    .where(BOOK_HEADS.c.stream == STREAM)
    .with_for_update()
)
_NEW_HEAD = upsert(BOOK_HEADS)
_MOVE = _NEW_HEAD.on_conflict_do_update(
    index_elements=["stream"],
    set_={name: _NEW_HEAD.excluded[name] for name in ("place", "running_hash")},
)
_BEGUN = upsert(BOOK_EPOCHS).on_conflict_do_nothing()
_DECLARED = select(STORE_DAYS.c.store, STORE_DAYS.c.business_date).where(
    tuple_(STORE_DAYS.c.store, STORE_DAYS.c.business_date).in_(bindparam("days", expanding=True)),
    STORE_DAYS.c.declared_at.is_not(None),
)
_NEW_REACH = upsert(DAY_REACH)
_HELD, _NEW = DAY_REACH.c, _NEW_REACH.excluded
_REACHED = _NEW_REACH.on_conflict_do_update(
    index_elements=["store", "till", "business_date", "journal_id"],
    set_={
        "first_seq": case(
            (_NEW.first_seq < _HELD.first_seq, _NEW.first_seq), else_=_HELD.first_seq
        ),
        "last_seq": case((_NEW.last_seq > _HELD.last_seq, _NEW.last_seq), else_=_HELD.last_seq),
    },
)
_NEW_DAY = upsert(STORE_DAYS)
_REOPENED = _NEW_DAY.on_conflict_do_update(
    index_elements=["store", "business_date"],
    set_={
        "state": _NEW_DAY.excluded.state,
        "since": _NEW_DAY.excluded.since,
        "late": STORE_DAYS.c.late + _NEW_DAY.excluded.late,
    },
    where=(STORE_DAYS.c.state != _NEW_DAY.excluded.state) | (_NEW_DAY.excluded.late > 0),
)
