"""Unplugging and plugging in again, hundreds of times: what grows? (D4).

Run by hand: `python -m tests.devices.cycles --cycles 200`; the suite runs a few.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import SystemRandom
from typing import Any

import msgspec

from agent.core.identifiers import DeviceId, StoreId, TillId
from agent.core.receipt.document import ReceiptDocument
from agent.core.sale.model import Stamp
from agent.devices import DeviceSupervisor, Handed
from agent.journal import Journal
from drivers.scanners.framed import FramedScanner
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.scanner import VirtualScanner

COUNTER = DeviceId("counter")
WARM_UP = 5


class Grown(msgspec.Struct, frozen=True):
    """What a number of cycles left behind, and how long they took at most."""

    cycles: int
    descriptors: int
    threads: int
    rss_kib: int
    gone_s: float
    """From unplugging to the event."""
    ready_s: float
    """From plugging in to the event."""
    scans: int


class _Clock:
    def __init__(self) -> None:
        self._count = count(1)

    def stamp(self) -> Stamp:
        return Stamp("2026-01-01T00:00:00.000Z", next(self._count), "boot")

    def uuid7(self) -> str:
        return f"00000000-0000-7000-8000-{next(self._count):012d}"

    def random(self, size: int) -> bytes:
        return next(self._count).to_bytes(size, "big")


class _Watched:
    """A supervisor on one scanner, and what it told."""

    def __init__(self, directory: Path, peer: VirtualScanner) -> None:
        clock = _Clock()
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.scans = 0
        self.scanned = asyncio.Event()
        self.journal = Journal.open(
            directory / "journal.db",
            store=StoreId("s"),
            tills=[TillId("t")],
            device_key=bytes(32),
            clock=clock,
        )
        path = peer.path
        self.devices = DeviceSupervisor(
            [
                Handed(
                    COUNTER,
                    "scanner",
                    FramedScanner(SerialTransport(SerialLine(path))),
                    is_there=lambda: Path(path).exists(),
                )
            ],
            journal=self.journal,
            clock=clock,
            on_scan=self._scanned,
            on_event=self._told,
            rng=SystemRandom(),
            receipt=lambda _conn, _sale, _copy: ReceiptDocument("en", ()),
            copy_mark=lambda: ReceiptDocument("en", ()),
        )

    def _scanned(self, *_: object) -> None:
        self.scans += 1
        self.scanned.set()

    async def _told(self, _device: DeviceId, _kind: str, data: dict[str, Any]) -> None:
        self.told.put_nowait(data["state"])

    async def until(self, state: str, within_s: float = 10) -> float:
        """Wait for a state and give the seconds it took."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while await self.told.get() != state:
                pass
        return asyncio.get_running_loop().time() - began


@asynccontextmanager
async def watched(directory: Path, peer: VirtualScanner) -> AsyncIterator[_Watched]:
    """Run it."""
    watch = _Watched(directory, peer)
    task = asyncio.create_task(watch.devices.run())
    try:
        yield watch
    finally:
        await watch.devices.stop()
        await task
        watch.journal.close()


async def cycles(directory: Path, number: int) -> Grown:
    """Unplug and plug in so often, and measure what is left of it."""
    gone_s, ready_s = [0.0], [0.0]
    with VirtualScanner(directory / "scanner") as peer:
        async with watched(directory, peer) as watch:
            await watch.until("ready")
            before = (0, 0, 0)
            for cycle in range(WARM_UP + number):
                if cycle == WARM_UP:
                    before, watch.scans = _left(), 0
                peer.unplug()
                gone_s.append(await watch.until("gone"))
                peer.plug()
                ready_s.append(await watch.until("ready"))
                watch.scanned.clear()
                peer.scan(b"]E04006381333931")
                await asyncio.wait_for(watch.scanned.wait(), 30)
            after = _left()
    grown = [now - then for now, then in zip(after, before, strict=True)]
    return Grown(number, *grown, max(gone_s), max(ready_s), watch.scans)


def _left() -> tuple[int, int, int]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return descriptors, threading.active_count(), pages * os.sysconf("SC_PAGE_SIZE") // 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=200)
    number = parser.parse_args().cycles
    with tempfile.TemporaryDirectory() as directory:
        grown = asyncio.run(cycles(Path(directory), number))
    for field in grown.__struct_fields__:
        sys.stdout.write(f"{field:<12} {getattr(grown, field)}\n")


if __name__ == "__main__":
    main()
