"""Reading beside the writer: a connection that cannot write, in its own thread.

Under WAL a reader sees the last commit and never holds up the writer. Each function sees one
state of the journal from its first statement to its last.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pysqlite3 import dbapi2

from agent.journal import database, layout
from agent.journal.jobs import Caught, settle
from agent.journal.worker import AnyJob, Worker


class Reader(Worker):
    """The reader's thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "journal-reader")

    def open(self) -> database.Database:
        """Open the reading connection."""
        return database.open_reading(self.path)

    def serve(self, conn: database.Database) -> None:
        """Answer one function after another."""
        while (job := self.queue.get()) is not None:
            read(conn, job, self.path)
            settle([job])


def read(conn: database.Database, job: AnyJob, path: Path) -> None:
    """Run one function on one state of the journal."""
    with Caught() as caught:
        conn.execute("BEGIN")
        job.run(conn)
    problem = caught.problem or job.problem
    if problem is not None and database.is_disk_problem(problem):
        problem = database.as_fault(problem, path)
    if problem is not None:
        job.fail(layout.explained(problem, conn, path))
    with suppress(dbapi2.Error):
        conn.execute("ROLLBACK")
