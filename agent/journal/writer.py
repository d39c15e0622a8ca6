"""The only thread that writes: group commit, one fsync for all who wait.

While one batch is on its way to the disk, the next functions gather in the queue; together they
become the next transaction; nobody hears of anything before the COMMIT has returned. Where one of
them fails, all are taken back and run again, each in its own SAVEPOINT, so that the one that fails
takes only its own changes back. A batch that finds the disk full is run once more for each slice of
the reserve that can be given back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pysqlite3 import dbapi2

from agent.journal import database, prints
from agent.journal.jobs import Caught, settle
from agent.journal.memory import Writing
from agent.journal.signals import Signals
from agent.journal.worker import AnyJob, Worker

BATCH_MAX = 256
"""Functions per commit: bounds how long the first of a batch waits for the last."""

_MARKS = (
    "SELECT coalesce((SELECT max(cursor) FROM event), 0),"
    " coalesce((SELECT sum(tail_seq) FROM head), 0)"
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
        self._announce(Writing(conn))
        return conn

    def serve(self, conn: database.Database) -> None:
        """Commit batch after batch; followers hear of it after those who wait for it."""
        writing = Writing(conn)
        while batch := self._batch():
            problem = commit(writing, batch, self.path)
            while problem is not None and self._makes_room(problem):
                for job in batch:
                    job.problem = None
                problem = commit(writing, batch, self.path)
            settle(batch)
            if problem is None:
                self._announce(writing)

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

    def _announce(self, writing: Writing) -> None:
        """Tell how far events, entries and prints have come."""
        # A follower that is not woken by a disk that cannot be read is woken by the next commit.
        with suppress(dbapi2.Error):
            events, entries, prints = _marks(writing)
            self._signals.events.advance(events)
            self._signals.entries.advance(entries)
            self._signals.prints.advance(prints)


def _marks(writing: Writing) -> tuple[int, int, int]:
    """Give the newest event, the number of entries, and the newest turn of the print queue."""
    memory = writing.memory
    if memory.event is None or memory.entries is None:
        memory.event, memory.entries = writing.execute(_MARKS).fetchall()[0]
    return memory.event, memory.entries, prints.newest_turn(writing)


def commit(writing: Writing, batch: Sequence[AnyJob], path: Path) -> BaseException | None:
    """Run a batch in one transaction; each job keeps what became of it.

    Returns:
        Why nothing of the batch was stored; None if it was.
    """
    with Caught() as caught:
        writing.execute("BEGIN IMMEDIATE")
        if not _run_together(batch, writing):
            _run_apart(batch, writing)
        writing.execute("COMMIT")
    if caught.problem is not None:
        _give_up(writing, batch, caught.problem, path)
    return caught.problem


def _run_together(batch: Sequence[AnyJob], writing: Writing) -> bool:
    """Run all functions, until one fails; a savepoint for each would cost as much as its insert."""
    for job in batch:
        job.run(writing)
        if job.problem is not None:
            return False
    return True


def _run_apart(batch: Sequence[AnyJob], writing: Writing) -> None:
    """Take everything back and run each function so that its failure is its own.

    Raises:
        BaseException: the only function of the batch has failed, or the disk.
    """
    for job in batch:
        if job.problem is not None and (len(batch) == 1 or database.is_disk_problem(job.problem)):
            raise job.problem
    writing.execute("ROLLBACK")
    writing.memory.forget()
    writing.execute("BEGIN IMMEDIATE")
    for job in batch:
        _run_beside(job, writing)


def _run_beside(job: AnyJob, writing: Writing) -> None:
    writing.execute("SAVEPOINT one")
    job.run(writing)
    if job.problem is not None:
        if database.is_disk_problem(job.problem):
            # SQLite may have rolled back the whole transaction by itself already.
            raise job.problem
        writing.execute("ROLLBACK TO one")
        writing.memory.forget()
    writing.execute("RELEASE one")


def _give_up(writing: Writing, batch: Sequence[AnyJob], problem: BaseException, path: Path) -> None:
    """Take everything back and tell everyone; the next batch starts afresh."""
    writing.memory.forget()
    with suppress(dbapi2.Error):
        if writing.in_transaction:
            writing.execute("ROLLBACK")
    for job in batch:
        if job.problem is None or database.is_disk_problem(job.problem):
            job.fail(database.as_fault(problem, path))
