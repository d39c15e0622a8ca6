from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

import msgspec
import pytest

from agent.core.faults import NotFoundFault
from agent.core.identifiers import DeviceId, PrintId, StoreId, TillId
from agent.core.receipt.document import Cut, ReceiptDocument, Row, Text
from agent.core.sale.model import Stamp
from agent.devices import DeviceSupervisor, Handed
from agent.journal import Journal, prints

TILL = TillId("till-1")
PRINTER = DeviceId("receipt")


class StillClock:
    """Ids and times that only count up, so that a test's events are its own."""

    def __init__(self):
        self._counter = count(1)

    def stamp(self):
        n = next(self._counter)
        wall = datetime.fromtimestamp(n, UTC).isoformat(timespec="milliseconds")
        return Stamp(wall=wall.replace("+00:00", "Z"), mono_ns=n, boot_id="boot")

    def uuid7(self):
        return f"00000000-0000-7000-8000-{next(self._counter):012d}"

    def random(self, size):
        return next(self._counter).to_bytes(size, "big")


class Desk:
    """A journal with the devices' supervisor on it, and what the supervisor has told."""

    def __init__(self, path):
        self.clock = StillClock()
        self.path = path
        self.journal = self._open()
        self.scans = asyncio.Queue()
        self.events = []
        self._told = asyncio.Condition()
        self.supervisor = None

    def _open(self):
        return Journal.open(
            self.path,
            store=StoreId("store-1"),
            tills=[TILL],
            device_key=bytes(32),
            clock=self.clock,
        )

    @asynccontextmanager
    async def running(self, *, scanners=None, printers=None, addresses=None, first=None, **more):
        """Look after these devices; `first` is awaited when they are known and nothing runs yet."""
        handed = [
            Handed(device, kind, driver, (addresses or {}).get(device, ""), settings=driver, **more)
            for kind, drivers in (("scanner", scanners or {}), ("printer", printers or {}))
            for device, driver in drivers.items()
        ]
        self.supervisor = self.supervise(handed)
        if first is not None:
            await first()
        task = asyncio.create_task(self.supervisor.run())
        try:
            yield self.supervisor
        finally:
            await self.supervisor.stop()
            await asyncio.wait_for(task, 30)

    def supervise(self, handed):
        return DeviceSupervisor(
            handed,
            journal=self.journal,
            clock=self.clock,
            on_scan=lambda device, frame: self.scans.put_nowait((device, frame)),
            on_event=self._on_event,
            rng=random.SystemRandom(),
            receipt=self._receipt,
            copy_mark=lambda: ReceiptDocument("en", (Text("*** COPY ***"),)),
        )

    def _receipt(self, conn, sale_id, copy):
        """Lay a sale's receipt out from the journal, as the till does."""
        assert conn.execute("SELECT count(*) FROM journal").fetchall() == [(2,)]
        if sale_id == "missing":
            raise NotFoundFault(f"no completed sale {sale_id} is held here", remedy="check the id")
        return receipt(f"{sale_id} copy" if copy else sale_id)

    async def _on_event(self, device, kind, data):
        async with self._told:
            self.events.append((device, kind, data))
            self._told.notify_all()

    async def told(self, wanted, *, timeout_s=30.0):
        """Wait until an event's data hold all of `wanted`."""

        def found():
            return [data for _, _, data in self.events if wanted.items() <= data.items()]

        async with asyncio.timeout(timeout_s), self._told:
            await self._told.wait_for(found)
            return found()[-1]

    async def put(
        self,
        name,
        *,
        kind="document",
        payload=None,
        device=PRINTER,
        sale_id=None,
        copy=False,
        stamp=None,
    ):
        if kind == "document" and payload is None:
            payload = msgspec.json.encode(receipt(name))

        stamp = stamp or self.clock.stamp()

        def enqueue(conn):
            return prints.enqueue(
                conn,
                print_id=PrintId(name),
                till=TILL,
                device=device,
                kind=kind,
                payload=payload,
                at=stamp.wall,
                stamp=stamp,
                sale_id=sale_id,
                copy=copy,
            )

        return await self.journal.write(enqueue)

    async def job(self, name):
        return await self.journal.read(lambda conn: prints.get(conn, PrintId(name)))

    async def states(self, *names):
        return [(await self.job(name)).state for name in names]

    async def move(self, name, state):
        def moved(conn):
            return prints.set_state(conn, PrintId(name), state, at="2024-01-01T00:00:00.000Z")

        return await self.journal.write(moved)


def receipt(name):
    return ReceiptDocument("en", (Text(f"Receipt {name}"), Row("Tea", "2.50"), Cut()))


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "journal.db")
    yield made
    made.journal.close()
