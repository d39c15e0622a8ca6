"""A slice of one journal, applied in one transaction: each entry once, none in another's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import (
    DBAPIError,
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
    StatementError,
)

from agent.core.entries import decode
from agent.core.entries.bodies import Body, EntryCarried, SaleCompleted
from agent.core.entries.carried import sealed
from agent.core.faults import Fault
from agent.core.identifiers import PartyId
from central.histories import quarantine
from central.histories.belonging import Place, place_of, require_own
from central.histories.booking import Booking, book, booking_of
from central.histories.carrying import carried_of, opened
from central.histories.effects import NOBODY, apply
from central.histories.entry import Entry
from central.histories.filed import came_by, filed_of
from central.histories.forks import settle
from central.histories.pending import Received
from central.histories.runs import Read, plain_sales, runs
from central.histories.sold import HadEffect, insert_sales
from central.identity.cards import publish_cards
from central.identity.erased import forget_late, note_entry
from central.ledger.engine import TransactionUndone, exceeds_limit, is_passing
from central.ledger.hq import OpenBody, TakeBack, leave_closed
from central.ledger.texts import TooLong, UnfitText, holds_nul

_ENTRY_ERRORS = (
    Fault,
    StatementError,
    NoResultFound,
    MultipleResultsFound,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
)
"""What a bad entry can cause. A database that is full, locked or damaged is not the entry's doing:
`OperationalError` goes up, nothing is skipped, and the same entry is tried again later."""


class DatabaseFailed(Exception):
    """The database failed while an entry was applied; the transaction is to be undone."""

    def __init__(self, received: Received, error: DBAPIError) -> None:
        """Name the entry it happened at."""
        super().__init__(str(error))
        self.journal_id, self.seq = received.journal_id, received.seq
        self.error = error


class Context(NamedTuple):
    """What all entries of a slice share."""

    now: str
    take_back: TakeBack
    why: str = ""
    """How they came, where that is worth telling: see `Entry.why`."""
    filed: tuple[range, ...] = ()
    """Which of them came as a file."""
    place: Place | None = None
    """Whose journal they stand in."""
    open_body: OpenBody = leave_closed
    """Opens what tills closed for HQ."""

    def entry(self, received: Received) -> Entry:
        """Say of one of them who it is and how it came."""
        why = came_by(self.why, received.seq, self.filed)
        return Entry(received.journal_id, received.seq, self.now, why=why)


class Outcome(NamedTuple):
    """What became of a slice."""

    aside: int
    """Entries that were set aside."""
    booked: int


class _Effect(NamedTuple):
    touched: frozenset[str]
    booking: Booking | None


_NOTHING = _Effect(NOBODY, None)


def apply_slice(
    conn: Connection, entries: Sequence[Received], context: Context, *, counts: bool = True
) -> Outcome:
    """Apply entries of one journal, publish the cards they changed, and book what counts.

    Args:
        conn: of `writing`; the caller moves the position in the same transaction.
        entries: in the order of their journal.
        context: HQ's time, and what reaches beyond this room.
        counts: False where they were booked before, and only the rest is made good.

    Raises:
        DatabaseFailed: nothing is wrong with the entry; undo everything and try again later.
    """
    progress = _Progress()
    context = _as_they_came(conn, entries, context)
    read = [(each, _own(body, context)) for each, body in _unread(conn, entries)]
    plain = plain_sales(conn, read)
    for run in runs(read, plain):
        is_plain = run[0][0].seq in plain
        if not (is_plain and _apply_together(conn, run, context, progress)):
            for received, body in run:
                _apply_one(conn, received, body, context, progress)
    aside = progress.aside + _publish_all(conn, progress.touched, context.now)
    bookings = progress.bookings if counts else []
    book(conn, bookings, context.now)
    return Outcome(aside, len(bookings))


def _as_they_came(conn: Connection, entries: Sequence[Received], context: Context) -> Context:
    if not entries:
        return context
    first, last = entries[0], entries[-1]
    return context._replace(
        filed=filed_of(conn, first.journal_id, first.seq, last.seq),
        place=place_of(conn, first.journal_id),
    )


class _Progress:
    """What has come of a slice so far."""

    def __init__(self) -> None:
        self.aside = 0
        self.touched: dict[str, Received] = {}
        self.bookings: list[Booking] = []


def _apply_together(
    conn: Connection, run: Sequence[Read], context: Context, progress: _Progress
) -> bool:
    """Apply a run of plain sales; False when one of them will not have it so.

    Raises:
        DatabaseFailed: the database failed over a run of one: nothing is learnt by asking again;
            or it undid the whole slice: half of the run is to be tried first.
    """
    sales = [
        (context.entry(received), body) for received, body in run if isinstance(body, SaleCompleted)
    ]
    try:
        with _undone_at(run[len(run) // 2][0]), conn.begin_nested():
            insert_sales(conn, sales)
    except _ENTRY_ERRORS as error:
        if isinstance(error, DBAPIError) and is_passing(error):
            raise
        is_alone = len(run) == 1
        if is_alone and isinstance(error, OperationalError) and not exceeds_limit(error):
            raise DatabaseFailed(run[0][0], error) from error
        return False
    progress.bookings += filter(None, (booking_of(*each) for each in sales))
    return True


def _apply_one(
    conn: Connection,
    received: Received,
    body: Body | Exception,
    context: Context,
    progress: _Progress,
) -> None:
    try:
        if isinstance(body, Exception):
            raise body
        with _blamed(received), conn.begin_nested():
            effect = _effect(conn, received, body, context)
    except HadEffect:
        return
    except _ENTRY_ERRORS as error:
        progress.aside += 1
        quarantine.put(conn, received, error, context.now)
        _note_aside(conn, received, body)
        return
    progress.touched |= dict.fromkeys(effect.touched, received)
    progress.bookings += [effect.booking] if effect.booking else []


def _note_aside(conn: Connection, received: Received, body: Body | Exception) -> None:
    """Note whom an entry speaks of that has no effect: its text must go with the person, too."""
    if not isinstance(body, Exception):
        with suppress(*_ENTRY_ERRORS), _blamed(received), conn.begin_nested():
            note_entry(conn, received.journal_id, received.seq, body)


@contextmanager
def _blamed(received: Received) -> Iterator[None]:
    """Say what a failing statement in a savepoint was about: the database, or the entry.

    Raises:
        DatabaseFailed: nothing is wrong with the entry.
        TooLong: the database never takes what the entry says.
    """
    try:
        with _undone_at(received):
            yield
    except OperationalError as error:
        if is_passing(error):
            raise
        if not exceeds_limit(error):
            raise DatabaseFailed(received, error) from error
        raise TooLong(
            f"a text in entry {received.seq} of journal {received.journal_id} is longer than the "
            f"database can look up by: {str(error.orig).splitlines()[0]}",
            remedy="look at it in the exported journal, book by hand what it says, and void it",
        ) from error


@contextmanager
def _undone_at(received: Received) -> Iterator[None]:
    """Name the entry at which the database failed so badly that it undid the whole slice.

    Raises:
        DatabaseFailed: nothing of the slice is left; up to this entry it may be tried again.
        TransactionUndone: it had no room, or is away: it is not about any entry.
    """
    try:
        yield
    except TransactionUndone as undone:
        if not isinstance(undone.error, DBAPIError) or is_passing(undone.error):
            raise
        raise DatabaseFailed(received, undone.error) from undone


def _unread(
    conn: Connection, entries: Sequence[Received]
) -> Iterable[tuple[Received, Body | Exception]]:
    """Read every body before any has an effect: one nobody can read costs no savepoint.

    Passed over are erased entries, and those whose effect came out of a successor journal.
    """
    if not entries:
        return
    first, last = entries[0], entries[-1]
    done = carried_of(conn, first.journal_id, first.seq, last.seq)
    for received in entries:
        own, carried = received.commitment.hex(), done.get(received.seq, set())
        unsettled = _settled(conn, received) if carried - {own} else None
        if unsettled or (not received.erased and own not in carried):
            yield received, unsettled or _body(received)


def _settled(conn: Connection, received: Received) -> Exception | None:
    """See to it that what another copy of the till wrote under this number stands elsewhere."""
    place = (received.journal_id, received.seq)
    try:
        with _blamed(received), conn.begin_nested():
            settle(conn, *place, received.commitment.hex())
    except _ENTRY_ERRORS as error:
        return error
    return None


def _body(received: Received) -> Body | Exception:
    try:
        if received.body is None:
            raise quarantine.BodyMissing(received)
        body = decode(received.kind, received.version, received.body)
        carried = sealed(body) if isinstance(body, EntryCarried) else b""
        if holds_nul(received.body) or holds_nul(carried):
            raise UnfitText(
                f"a text in entry {received.seq} of journal {received.journal_id} holds a NUL "
                "(U+0000)",
                remedy="look at it in the exported journal, book by hand what it says, and void it",
            )
    except _ENTRY_ERRORS as error:
        return error
    return body


def _own(body: Body | Exception, context: Context) -> Body | Exception:
    """Give a body that speaks of its own till, and of a day there is; or why it does not."""
    if isinstance(body, Exception):
        return body
    try:
        require_own(context.place, body)
    except Fault as fault:
        return fault
    return body


def _effect(conn: Connection, received: Received, body: Body, context: Context) -> _Effect:
    """Give one entry its effect; tells whose cards changed and what is booked."""
    entry = context.entry(received)
    if isinstance(body, EntryCarried):
        inside = opened(conn, entry, body)
        if inside is None:
            return _NOTHING
        entry, body = inside
        require_own(context.place, body)
    touched = apply(conn, entry, context.take_back, context.open_body(body))
    note_entry(conn, entry.journal_id, entry.seq, body)
    return _Effect(touched, booking_of(entry, body))


def _publish_all(conn: Connection, touched: dict[str, Received], now: str) -> int:
    gone = forget_late(conn, list(touched))
    people = [(PartyId(each), received) for each, received in touched.items() if each not in gone]
    return _publish(conn, people, now) if people else 0


def _publish(conn: Connection, people: Sequence[tuple[PartyId, Received]], now: str) -> int:
    """Publish the cards of some people together; where one of them cannot be, each by itself."""
    try:
        with _blamed(people[0][1]), conn.begin_nested():
            publish_cards(conn, [each for each, _ in people])
    except _ENTRY_ERRORS as error:
        if len(people) > 1:
            return sum(_publish(conn, [each], now) for each in people)
        quarantine.put(conn, people[0][1], error, now)
        return 1
    return 0
