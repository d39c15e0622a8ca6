"""The journal as the rest of the agent sees it: hand in a function of a connection, await it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from agent.contracts.clock import Clock
from agent.core.identifiers import StoreId, TillId
from agent.journal import database, moving
from agent.journal.connection import Connection
from agent.journal.faults import JournalDamaged
from agent.journal.jobs import Job
from agent.journal.lock import Lock
from agent.journal.preparation import Owner, check_directory, prepare
from agent.journal.reader import Reader, read
from agent.journal.reserve import Reserve
from agent.journal.signals import Signals
from agent.journal.space import Space
from agent.journal.writer import Writer

T = TypeVar("T")


class Journal:
    """One open journal file: its writer, its reader, its signals.

    Made by `Journal.open`; `close` (or leaving a `with`) writes what is queued and lets go.
    """

    def __init__(self, path: Path, *, lock: Lock, incarnation: str, reserve: Reserve) -> None:
        """Start both threads on a journal that is locked and prepared."""
        self.path = path
        self.incarnation = incarnation
        """32 random hexadecimal digits of this start, sent with every batch."""
        self._damage: JournalDamaged | None = None
        self.signals = Signals()
        """What grew: `events`, `entries`, `prints`."""
        self.space = Space(reserve)
        """The room on the disk, and what may be written."""
        self._lock = lock
        self._writer = Writer(path, self.signals, reserve.make_room)
        self._reader = Reader(path)
        self._writer.start()
        try:
            self._reader.start()
        except BaseException:
            self._writer.stop()
            raise

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        store: StoreId,
        tills: Sequence[TillId],
        device_key: bytes,
        clock: Clock,
        reserve_bytes: int = 0,
    ) -> Journal:
        """Open the journal file, making it and every till's two journals where they are missing.

        Args:
            path: the SQLite file, `journal.db` in the state directory.
            store: this agent's store.
            tills: all tills of the settings.
            device_key: Ed25519 public key of this device, 32 bytes.
            clock: for ids and the time shown.
            reserve_bytes: room to hold back on the disk; 0 for none. On a full disk the start takes
                of it.

        Raises:
            JournalLocked: another process holds it.
            JournalDamaged: it is not what was written.
            JournalUnusable: state directory, SQLite version, store or device do not fit.
        """
        database.check_version()
        check_directory(path.parent)
        lock = Lock.take(path)
        try:
            moving.finish(path)
            owner = Owner(store=store, tills=tuple(tills), device_key=device_key)
            reserve = Reserve(path.parent, reserve_bytes)

            def begin() -> Journal:
                incarnation = prepare(path, owner, clock)
                return cls(path, lock=lock, incarnation=incarnation, reserve=reserve)

            return reserve.starting(begin)
        except BaseException:
            lock.release()
            raise

    async def write(self, function: Callable[[Connection], T]) -> T:
        """Run a function in the next commit and return what it gave, once that is on disk.

        The function runs in the writer's thread, in a transaction it shares with others, rolled
        back on its own if it raises. It is run again, from the same state, where another one of its
        transaction has failed or the disk was full: it changes nothing but the journal. A caller
        that is cancelled while waiting does not undo it.

        Raises:
            JournalNotWritable: the disk did not take it; nothing of it was stored.
            JournalBusy, JournalClosed: it was not even queued.
            Exception: whatever the function raised.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writer.submit(Job(function, future, loop))
        return await self._answer(future)

    def write_blocking(self, function: Callable[[Connection], T]) -> T:
        """Do what `write` does, for a thread without an event loop."""
        future: Future[T] = Future()
        self._writer.submit(Job(function, future))
        return future.result()

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run a reading function on the last committed state, never waiting for the writer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._reader.submit(Job(function, future, loop))
        return await self._answer(future)

    def read_blocking(self, function: Callable[[Connection], T]) -> T:
        """Do what `read` does, for a thread without an event loop."""
        future: Future[T] = Future()
        self._reader.submit(Job(function, future))
        return future.result()

    async def read_aside(self, function: Callable[[Connection], T]) -> T:
        """Run a long reading function (a verification, an export) on a connection of its own."""
        return await asyncio.to_thread(reading, self.path, function)

    async def failing(self) -> None:
        """Wait until SQLite finds the file damaged while it is in use.

        The next start looks at every page of it, and saves what can be read.

        Raises:
            JournalDamaged: always, and only then.
        """
        await self.signals.damage.wait(0)
        if self._damage is not None:
            raise self._damage

    async def _answer(self, future: asyncio.Future[T]) -> T:
        try:
            return await future
        except JournalDamaged as damage:
            # What SQLite itself stumbles over; a fault of a single entry is its reader's to tell.
            if isinstance(damage.__cause__, database.UNREADABLE):
                self._damage = damage
                with suppress(OSError):
                    moving.suspect_of(self.path).touch()
                self.signals.damage.advance(1)
            raise

    def close(self) -> None:
        """Write what is queued, end both threads, let another process have the journal."""
        self._reader.stop()
        self._writer.stop()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def reading(path: Path, function: Callable[[Connection], T]) -> T:
    """Run a reading function on a journal file, on a connection opened for it alone.

    For long readings beside the agent, and for commands while no agent runs.

    Raises:
        JournalUnusable, JournalDamaged, JournalNotWritable: the file cannot be read.
        Exception: whatever the function raised.
    """
    future: Future[T] = Future()
    job = Job(function, future)
    try:
        conn = database.open_reading(path)
        read(conn, job, path)
        conn.close()
    except database.UNREADABLE as problem:
        raise database.unusable(problem, path) from problem
    job.deliver()
    return future.result()
