"""The only thread that writes: group commit, one fsync for all who wait.

While one batch is on its way to the disk, the next functions gather in the queue; together they
become the next transaction. Each runs in its own SAVEPOINT, so that one that fails takes only its
own changes back; nobody hears of anything before the COMMIT has returned. A batch that finds the
disk full is run once more for each slice of the reserve that can be given back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pysqlite3 import dbapi2

from agent.journal import database
from agent.journal.connection import Connection
from agent.journal.jobs import Caught, settle
from agent.journal.signals import Signals
from agent.journal.worker import AnyJob, Worker

BATCH_MAX = 256
"""Functions per commit: bounds how long the first of a batch waits for the last."""

_MARKS = (
    "SELECT (SELECT max(cursor) FROM event), (SELECT sum(tail_seq) FROM head),"
    " (SELECT max(turn) FROM print_job)"
)


MakeRoom = Callable[[BaseException], bool]
"""Asked with the disk's problem; whether room was made, so that trying again is worth it."""


def no_room(_problem: BaseException) -> bool:
    """Make none: a journal without a reserve."""
    return False


class Writer(Worker):
    """The writer's thread."""

    def __init__(self, path: Path, signals: Signals, make_room: MakeRoom = no_room) -> None:
        super().__init__(path, "journal-writer")
        self._signals = signals
        self._make_room = make_room

    def open(self) -> database.Database:
        """Open the writing connection and say what there is already."""
        conn = database.open_writing(self.path)
        self._announce(conn)
        return conn

    def serve(self, conn: database.Database) -> None:
        """Commit batch after batch; followers hear of it after those who wait for it."""
        while batch := self._batch():
            problem = commit(conn, batch, self.path)
            while problem is not None and self._makes_room(problem):
                for job in batch:
                    job.problem = None
                problem = commit(conn, batch, self.path)
            settle(batch)
            if problem is None:
                self._announce(conn)

    def _makes_room(self, problem: BaseException) -> bool:
        return database.is_disk_problem(problem) and self._make_room(problem)

    def _batch(self) -> list[AnyJob]:
        """Wait for a function and take all that wait with it; empty at the end."""
        batch: list[AnyJob] = []
        while not batch or (len(batch) < BATCH_MAX and not self.queue.empty()):
            job = self.queue.get()
            if job is None:
                # Met behind the last functions: the end stays the end for the next turn.
                self.queue.put(None)
                break
            batch.append(job)
        return batch

    def _announce(self, conn: database.Database) -> None:
        """Read from what is committed how far events, entries and prints have come."""
        # A follower that is not woken by a disk that cannot be read is woken by the next commit.
        with suppress(dbapi2.Error):
            events, entries, prints = conn.execute(_MARKS).fetchall()[0]
            self._signals.events.advance(events or 0)
            self._signals.entries.advance(entries or 0)
            self._signals.prints.advance(prints or 0)


def commit(conn: database.Database, batch: Sequence[AnyJob], path: Path) -> BaseException | None:
    """Run a batch in one transaction; each job keeps what became of it.

    Returns:
        Why nothing of the batch was stored; None if it was.
    """
    with Caught() as caught:
        # One cursor for all: what a statement gives is fetched before the next one is run.
        cursor = conn.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            _run_alone(batch[0], cursor)
        else:
            for job in batch:
                _run_beside(job, cursor)
        cursor.execute("COMMIT")
    if caught.problem is not None:
        _give_up(conn, batch, caught.problem, path)
    return caught.problem


def _run_alone(job: AnyJob, conn: Connection) -> None:
    """Run the only function of a batch, whose savepoint is the transaction itself."""
    job.run(conn)
    if job.problem is not None:
        raise job.problem


def _run_beside(job: AnyJob, conn: Connection) -> None:
    conn.execute("SAVEPOINT one")
    job.run(conn)
    if job.problem is not None:
        if database.is_disk_problem(job.problem):
            # SQLite may have rolled back the whole transaction by itself already.
            raise job.problem
        conn.execute("ROLLBACK TO one")
    conn.execute("RELEASE one")


def _give_up(
    conn: database.Database, batch: Sequence[AnyJob], problem: BaseException, path: Path
) -> None:
    """Take everything back and tell everyone; the next batch starts afresh."""
    with suppress(dbapi2.Error):
        if conn.in_transaction:
            conn.execute("ROLLBACK")
    for job in batch:
        if job.problem is None or database.is_disk_problem(job.problem):
            job.fail(database.as_fault(problem, path))
