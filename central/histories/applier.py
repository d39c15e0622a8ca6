"""The applier: takes what the intake accepted, entry by entry, and gives it its effect once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from central.histories import quarantine, troubles
from central.histories.applying import Context, DatabaseFailed, apply_slice
from central.histories.entry import REPLAYED
from central.histories.pending import BATCH, Received, journals_behind, move, one, waiting
from central.histories.sold import has_sale
from central.ledger.engine import LedgerBusy, reading, transact
from central.ledger.hq import OpenBody, TakeBack, keep_in_ledger, leave_closed

TRIES_MAX = 60
"""So often the database may fail at one entry while it works for others; then it is set aside."""
FAILURES_MAX = 3
"""So many journals in a row the database failed on: it is the database, not they."""
RETRIES = 50
"""Entries tried again between two looks at what has just come in."""


def _at_once() -> None:
    """Give way to nobody."""


class Applier:
    """Applies accepted entries; one thread at a time."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], str],
        give_way: Callable[[], None] = _at_once,
        take_back: TakeBack = keep_in_ledger,
        open_body: OpenBody = leave_closed,
    ) -> None:
        """Keep what applying needs.

        Args:
            engine: the ledger.
            now: HQ's clock, UTC, ISO 8601; only for what is shown.
            give_way: called between transactions; may wait while others need the database more.
            take_back: takes HQ's own orders up again out of a till's evidence.
            open_body: opens what tills closed for HQ.
        """
        self._engine = engine
        self._give_way = give_way
        self._now = now
        self._take_back, self._open_body = take_back, open_body
        self._again: list[tuple[str, int]] | None = None
        self._limits: dict[str, int] = {}
        self._troubled: set[str] = set()
        self._stopping = False

    def stop(self) -> None:
        """End after the transaction under way; from any thread. The rest is applied next time."""
        self._stopping = True

    def apply_pending(self) -> int:
        """Apply everything that was received; gives the number of entries gone through.

        The first calls of a program's life also try again what was set aside: an update may have
        taught it what it could not read before.

        Raises:
            LedgerBusy: another writer holds the database; call again.
            OperationalError: the database failed; call again later. Whatever it did not fail on
                was applied, and the status names the entries it did fail on.
        """
        self._load()
        done, failed = self._apply_new()
        while self._again and not self._stopping and not failed:
            for place in self._again[:RETRIES]:
                self._retry(*place)
                self._again.remove(place)
            more, failed = self._apply_new()
            done += more
        if failed:
            raise failed[-1].error
        return done

    def retry_quarantine(self) -> int:
        """Try again what was set aside, for example after an update; gives how many succeeded."""
        with reading(self._engine) as conn:
            aside = quarantine.held(conn)
        return sum(self._retry(journal_id, seq) for journal_id, seq in aside)

    def replay(self, journal_id: str, seq: int, person: quarantine.Person) -> quarantine.Decision:
        """Try one entry again because a person asks for it, and keep that in the audit.

        Raises:
            NotFoundFault: it is not in quarantine (any more).
            StateFault: it is void.
            InputFault: nobody is named, or no reason is given.
        """
        person = person.checked()

        def replay(conn: Connection) -> quarantine.Decision:
            found = quarantine.entry(conn, journal_id, seq, to_decide=True)
            quarantine.require_not_void(found)
            if self._try_again(conn, one(conn, journal_id, seq)):
                outcome = "applied"
            else:
                after = quarantine.entry(conn, journal_id, seq)
                outcome = f"{after.name}: {after.reason}"
            return quarantine.note(conn, found, "replay", person, outcome)

        return transact(self._engine, replay)

    def _load(self) -> None:
        if self._again is None:
            with reading(self._engine) as conn:
                self._again = quarantine.held(conn)
                self._troubled = {each.journal_id for each in troubles.troubles(conn)}

    def _apply_new(self) -> tuple[int, list[DatabaseFailed]]:
        """Go round the journals until none has anything to apply, or the database fails them."""
        done = 0
        failed: dict[str, DatabaseFailed] = {}
        while journals := [each for each in self._behind() if each not in failed]:
            in_a_row = 0
            for journal_id in journals:
                self._give_way()
                if self._stopping or in_a_row >= FAILURES_MAX:
                    return done, list(failed.values())
                try:
                    done += self._apply_batch(journal_id)
                    in_a_row = 0
                except DatabaseFailed as failure:
                    in_a_row += self._stands_still(failure, failed)
        return done, list(failed.values())

    def _behind(self) -> list[str]:
        with reading(self._engine) as conn:
            return journals_behind(conn)

    def _apply_batch(self, journal_id: str) -> int:
        done = transact(self._engine, partial(self._apply_next, journal_id))
        self._limits.pop(journal_id, None)
        self._troubled.discard(journal_id)
        return done

    def _apply_next(self, journal_id: str, conn: Connection) -> int:
        entries = waiting(conn, journal_id, self._limits.get(journal_id, BATCH))
        apply_slice(conn, entries, self._context())
        if entries:
            move(conn, journal_id, entries[-1].seq)
        if journal_id in self._troubled:
            troubles.clear(conn, journal_id)
        return len(entries)

    def _stands_still(self, failure: DatabaseFailed, failed: dict[str, DatabaseFailed]) -> bool:
        """Narrow a failed slice down to the entry it failed at; True once it is that one alone."""
        journal_id = failure.journal_id
        with reading(self._engine) as conn:
            first = waiting(conn, journal_id, 1)
        before = failure.seq - first[0].seq if first else 0
        if before > 0:
            self._limits[journal_id] = before
            return False
        self._limits[journal_id] = 1
        if not self._set_aside(failure):
            failed[journal_id] = failure
        return True

    def _set_aside(self, failure: DatabaseFailed) -> bool:
        """Name the entry in the status; after many tries it may wait elsewhere than in the way.

        Where the database fails at this, too, the entry stays where it is.
        """
        journal_id, seq, now = failure.journal_id, failure.seq, self._now()
        self._troubled.add(journal_id)

        def note(conn: Connection) -> bool:
            troubles.note(conn, journal_id, seq, failure.error, now)
            trouble = troubles.of_journal(conn, journal_id)
            if trouble is None or trouble.tries < TRIES_MAX:
                return False
            quarantine.put(conn, one(conn, journal_id, seq), failure.error, now)
            move(conn, journal_id, seq)
            return True

        with suppress(OperationalError, LedgerBusy):
            return transact(self._engine, note)
        return False

    def _retry(self, journal_id: str, seq: int) -> bool:
        self._give_way()
        try:
            return transact(
                self._engine, lambda conn: self._try_again(conn, one(conn, journal_id, seq))
            )
        except DatabaseFailed as failure:
            raise failure.error from failure

    def _try_again(self, conn: Connection, received: Received) -> bool:
        counted = has_sale(conn, received.journal_id, received.seq)
        context = self._context()._replace(why=REPLAYED)
        if apply_slice(conn, [received], context, counts=not counted).aside:
            return False
        quarantine.release(conn, received.journal_id, received.seq)
        return True

    def _context(self) -> Context:
        return Context(self._now(), self._take_back, open_body=self._open_body)
