"""The only thread that writes: group commit, one fsync for all who wait.

While one batch is on its way to the disk, the next functions gather in the queue; together they
become the next transaction. Each runs in its own SAVEPOINT, so that one that fails takes only its
own changes back; nobody hears of anything before the COMMIT has returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from pysqlite3 import dbapi2

from agent.journal import database
from agent.journal.connection import Connection
from agent.journal.faults import JournalBusy, JournalClosed
from agent.journal.jobs import Caught, Job, settle
from agent.journal.signals import Signals

WAITING_MAX = 1_024
"""Functions waiting at once; every till has a handful, so more means that the disk hangs."""
BATCH_MAX = 256
"""Functions per commit: bounds how long the first of a batch waits for the last."""

# What the signals show: read within the transaction, so that only what is kept is announced.
_MARKS = (
    "SELECT (SELECT max(cursor) FROM event), (SELECT sum(tail_seq) FROM journal),"
    " (SELECT max(turn) FROM print_job)"
)

AnyJob = Job[Any]


class Writer:
    """The writer's thread and the queue in front of it."""

    def __init__(self, path: Path, signals: Signals) -> None:
        self._path = path
        self._signals = signals
        self._queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        self._closing = False
        self._lock = Lock()
        self._thread = Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Begin to work off the queue."""
        self._thread.start()

    def submit(self, job: AnyJob) -> None:
        """Queue a function.

        Raises:
            JournalBusy: the disk does not keep up.
            JournalClosed: the agent is stopping.
        """
        with self._lock:
            if self._closing:
                raise JournalClosed(
                    "the journal is closed",
                    remedy="the agent is stopping or starting: repeat in a moment",
                )
            if self._queue.qsize() >= WAITING_MAX:
                raise JournalBusy(
                    f"{WAITING_MAX} writes are waiting for the disk of {self._path.parent}",
                    remedy="the disk is slow or hangs: check `dmesg` and `iostat`, then repeat",
                )
            self._queue.put(job)

    def stop(self) -> None:
        """Write what is queued, then end the thread."""
        with self._lock:
            self._closing = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        conn = database.open_writing(self._path)
        try:
            while batch := self._batch():
                self._write(conn, batch)
        finally:
            conn.close()

    def _batch(self) -> list[AnyJob]:
        """Wait for a function and take all that wait with it; empty at the end."""
        job = self._queue.get()
        batch: list[AnyJob] = []
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH_MAX:
                return batch
            try:
                job = self._queue.get_nowait()
            except Empty:
                return batch
        if batch:
            # The end was met behind the last functions: leave it for the next turn.
            self._queue.put(None)
        return batch

    def _write(self, conn: database.Database, batch: Sequence[AnyJob]) -> None:
        with Caught() as caught:
            marks = commit(conn, batch)
            self._announce(marks)
        if caught.problem is not None:
            _give_up(conn, batch, caught.problem, self._path)
        settle(batch)

    def _announce(self, marks: Sequence[int | None]) -> None:
        events, entries, prints = marks
        self._signals.events.advance(events or 0)
        self._signals.entries.advance(entries or 0)
        self._signals.prints.advance(prints or 0)


def read_marks(conn: Connection) -> tuple[Any, ...]:
    """Read what the signals show: newest event, entries in all, newest turn of the print queue."""
    return conn.execute(_MARKS).fetchall()[0]


def commit(conn: database.Database, batch: Sequence[AnyJob]) -> tuple[Any, ...]:
    """Run a batch in one transaction; each job keeps what became of it.

    Returns:
        The marks for the signals.

    Raises:
        dbapi2.Error: nothing of the batch was stored.
    """
    conn.execute("BEGIN IMMEDIATE")
    for job in batch:
        conn.execute("SAVEPOINT one")
        job.run(conn)
        if job.problem is not None and database.is_disk_problem(job.problem):
            # SQLite may have rolled back all of it by itself already.
            raise job.problem
        if job.problem is not None:
            conn.execute("ROLLBACK TO one")
        conn.execute("RELEASE one")
    marks = read_marks(conn)
    conn.execute("COMMIT")
    return marks


def _give_up(
    conn: database.Database, batch: Sequence[AnyJob], problem: BaseException, path: Path
) -> None:
    """Take everything back and tell everyone; the next batch starts afresh."""
    with suppress(dbapi2.Error):
        if conn.in_transaction:
            conn.execute("ROLLBACK")
    for job in batch:
        own = job.problem is not None and not database.is_disk_problem(job.problem)
        if not own:
            fault = database.translated(problem, path)
            fault.__cause__ = problem
            job.fail(fault)
