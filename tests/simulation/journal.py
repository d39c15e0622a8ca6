"""The product's journal without its threads: the same writer, run on the simulated loop.

Functions gather while the disk is busy and become one transaction, by the writer's own code.
"""

from __future__ import annotations

import asyncio

from agent.journal import database
from agent.journal.jobs import Job
from agent.journal.journal import Journal
from agent.journal.reader import read
from agent.journal.signals import Signals
from agent.journal.space import Space
from agent.journal.writer import Writer
from tests.simulation.paths import PLENTY, DiskPath


class SimulatedReserve:
    """Holds nothing back; what is free is what the simulated disk says."""

    wanted = held = 0

    def __init__(self, disk):
        self._disk = disk
        self.path = DiskPath(disk.path("reserve"))

    @property
    def free(self):
        disk = self._disk
        return PLENTY if disk.capacity is None else max(0, disk.capacity - disk.size())


class SimulatedJournal(Journal):
    """One connection, no threads; `disk_s` draws how long the disk takes."""

    def __init__(self, path, incarnation, disk, disk_s, on_commit):
        self.path, self.incarnation, self.signals = path, incarnation, Signals()
        self.disk = disk
        self.space = Space(SimulatedReserve(disk))
        self._disk_s, self._on_commit = disk_s, on_commit
        self._writer = Writer(path, self.signals)
        self._conn = self._writer.open()
        self._waiting = []
        self._flushing = False

    async def write(self, function):
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(function, future))
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_later(self._disk_s(), self._flush)
        return await future

    def _flush(self):
        self._flushing = False
        if self.disk.dead:
            return  # whoever waits waits for a machine that is off
        jobs, self._waiting = self._waiting, []
        for job in jobs:
            self._writer.queue.put(job)
        self._writer.queue.put(None)
        self._writer.serve(self._conn)
        while not self._writer.queue.empty():
            self._writer.queue.get()
        if not self.disk.dead:
            self._on_commit(self._conn)

    async def read(self, function):
        if self.disk.dead:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(0)
        return self.look(function)

    read_aside = read

    def look(self, function):
        """Read at once, as an observer beside the simulation does."""
        future = asyncio.get_running_loop().create_future()
        job = Job(function, future)
        read(self._conn, job, self.path)
        job.deliver()
        return future.result()

    def close(self):
        self._conn.close()


def open_connection(path):
    """Open the file as the writer does."""
    return database.open_writing(path)
