"""The applier: takes what the intake accepted, entry by entry, and gives it its effect once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
    StatementError,
)

from agent.core.entries import decode
from agent.core.faults import Fault
from central.histories import quarantine
from central.histories.effects import NOBODY, apply
from central.histories.entry import Entry
from central.histories.pending import Received, journals_behind, move, one, waiting
from central.identity.cards import card_change
from central.identity.parties import canonical
from central.ledger.engine import reading, writing
from central.ledger.outbox import GLOBAL, Change, publish_many

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


def _at_once() -> None:
    """Give way to nobody."""


class Applier:
    """Applies accepted entries; one thread at a time."""

    def __init__(
        self, engine: Engine, now: Callable[[], str], give_way: Callable[[], None] = _at_once
    ) -> None:
        """Keep what applying needs.

        Args:
            engine: the ledger.
            now: HQ's clock, UTC, ISO 8601; only for what is shown.
            give_way: called between transactions; may wait while others need the database more.
        """
        self._engine = engine
        self._give_way = give_way
        self._now = now
        self._fresh = True
        self._stopping = False

    def stop(self) -> None:
        """End after the transaction under way; from any thread. The rest is applied next time."""
        self._stopping = True

    def apply_pending(self) -> int:
        """Apply everything that was received; gives the number of entries gone through.

        The first call of a program's life also tries again what was set aside: an update may
        have taught it what it could not read before.

        Raises:
            LedgerBusy: another writer holds the database; call again.
        """
        if self._fresh:
            self.retry_quarantine()
            self._fresh = False
        done = 0
        while journals := self._behind():
            for journal_id in journals:
                self._give_way()
                if self._stopping:
                    return done
                done += self._apply_batch(journal_id)
        return done

    def retry_quarantine(self) -> int:
        """Try again what was set aside, for example after an update; gives how many succeeded."""
        with reading(self._engine) as conn:
            aside = quarantine.held(conn)
        return sum(self._retry(journal_id, seq) for journal_id, seq in aside)

    def _behind(self) -> list[str]:
        with reading(self._engine) as conn:
            return journals_behind(conn)

    def _apply_batch(self, journal_id: str) -> int:
        with writing(self._engine) as conn:
            entries = waiting(conn, journal_id)
            _apply_all(conn, entries, self._now())
            if entries:
                move(conn, journal_id, entries[-1].seq)
        return len(entries)

    def _retry(self, journal_id: str, seq: int) -> bool:
        with writing(self._engine) as conn:
            if _apply_all(conn, [one(conn, journal_id, seq)], self._now()):
                return False
            quarantine.release(conn, journal_id, seq)
            return True


def _apply_all(conn: Connection, entries: Iterable[Received], now: str) -> int:
    """Apply entries and publish the cards they changed; gives how many had to be set aside."""
    aside = 0
    touched: dict[str, Received] = {}
    for received in entries:
        try:
            with conn.begin_nested():
                touched |= dict.fromkeys(_apply(conn, received, now), received)
        except OperationalError:
            raise
        except _ENTRY_ERRORS as error:
            aside += 1
            quarantine.put(conn, received, error, now)
    return aside + _publish_all(conn, touched, now)


def _apply(conn: Connection, received: Received, now: str) -> frozenset[str]:
    """Give one entry its effect; tells whose cards changed."""
    if received.erased:
        return NOBODY
    if received.body is None:
        raise quarantine.BodyMissing(received)
    body = decode(received.kind, received.version, received.body)
    return apply(conn, Entry(received.journal_id, received.seq, now), body)


def _publish_all(conn: Connection, touched: dict[str, Received], now: str) -> int:
    aside = 0
    changes: list[Change] = []
    for party_id, received in touched.items():
        try:
            with conn.begin_nested():
                changes.append(card_change(conn, canonical(conn, party_id)))
        except OperationalError:
            raise
        except _ENTRY_ERRORS as error:
            aside += 1
            quarantine.put(conn, received, error, now)
    publish_many(conn, GLOBAL, changes)
    return aside
