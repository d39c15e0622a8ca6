"""A thread that owns a database connection and works off functions of it, one after another.

The connection is a local variable of the thread: nobody else can touch it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from agent.core.faults import Fault
from agent.journal import database
from agent.journal.faults import JournalBusy, JournalClosed
from agent.journal.jobs import Job, settle

WAITING_MAX = 1_024
"""Functions waiting at once; every till has a handful, so more means that the disk hangs."""

AnyJob = Job[Any]


class Worker(ABC):
    """A queue of functions and the thread behind it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        """Functions in the order they came; None is the end."""
        self._closing = False
        self._lock = Lock()
        self._opened: Future[None] = Future()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def open(self) -> database.Database:
        """Open the thread's connection."""

    @abstractmethod
    def serve(self, conn: database.Database) -> None:
        """Work off the queue until its end."""

    def start(self) -> None:
        """Begin, once the connection stands.

        Raises:
            JournalUnusable, JournalDamaged: it could not be opened.
        """
        self._thread.start()
        self._opened.result()

    def submit(self, job: AnyJob) -> None:
        """Queue a function.

        Raises:
            JournalBusy: the disk does not keep up.
            JournalClosed: the agent is stopping.
        """
        with self._lock:
            if self._closing:
                raise _closed()
            if self.queue.qsize() >= WAITING_MAX:
                raise JournalBusy(
                    f"{WAITING_MAX} requests are waiting for the disk of {self.path.parent}",
                    remedy="the disk is slow or hangs: check `dmesg` and `iostat`, then repeat",
                )
            self.queue.put(job)

    def stop(self) -> None:
        """Work off what is queued, then end the thread; stopping twice does nothing."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self.queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            conn = self.open()
        except database.UNREADABLE as problem:
            self._opened.set_exception(database.unusable(problem, self.path))
            return
        except Fault as fault:
            self._opened.set_exception(fault)
            return
        self._opened.set_result(None)
        try:
            self.serve(conn)
        finally:
            conn.close()
            self._abandon()

    def _abandon(self) -> None:
        """Answer whatever is left, so that nobody waits for a thread that is gone."""
        with self._lock:
            self._closing = True
        while not self.queue.empty():
            job = self.queue.get()
            if job is not None:
                job.fail(_closed())
                settle([job])


def _closed() -> JournalClosed:
    return JournalClosed(
        "the journal is closed",
        remedy="the agent is stopping or starting: repeat in a moment",
    )
