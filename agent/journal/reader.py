"""Reading beside the writer: a connection that cannot write, in its own thread.

Under WAL a reader sees the last commit and never holds up the writer. Each function sees one
state of the journal from its first statement to its last.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from pysqlite3 import dbapi2

from agent.journal import database
from agent.journal.faults import JournalClosed
from agent.journal.jobs import Caught, Job, settle

AnyJob = Job[Any]


class Reader:
    """The reader's thread and the queue in front of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        self._closing = False
        self._lock = Lock()
        self._thread = Thread(target=self._run, name="journal-reader", daemon=True)

    def start(self) -> None:
        """Begin to work off the queue."""
        self._thread.start()

    def submit(self, job: AnyJob) -> None:
        """Queue a function.

        Raises:
            JournalClosed: the agent is stopping.
        """
        with self._lock:
            if self._closing:
                raise JournalClosed(
                    "the journal is closed",
                    remedy="the agent is stopping or starting: repeat in a moment",
                )
            self._queue.put(job)

    def stop(self) -> None:
        """Answer what is queued, then end the thread."""
        with self._lock:
            self._closing = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        conn = database.open_reading(self._path)
        try:
            while (job := self._queue.get()) is not None:
                read(conn, job, self._path)
                settle([job])
        finally:
            conn.close()


def read(conn: database.Database, job: AnyJob, path: Path) -> None:
    """Run one function on one state of the journal."""
    with Caught() as caught:
        conn.execute("BEGIN")
        job.run(conn)
    problem = caught.problem or job.problem
    if isinstance(problem, dbapi2.Error):
        fault = database.translated(problem, path)
        fault.__cause__ = problem
        job.fail(fault)
    with suppress(dbapi2.Error):
        conn.execute("ROLLBACK")
