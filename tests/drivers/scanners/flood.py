"""Scans of three scanners at once (D2): `python -m tests.drivers.scanners.flood`.

A serial port (pty), a keyboard (input events through a FIFO) and a network scanner send numbered
scans from threads of their own; each driver is read by the same event loop, as in the agent.
Counted per scanner: every number once, in order.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from agent.core.identifiers import DeviceId
from agent.settings.model import DeviceSettings
from drivers.catalogue import build
from drivers.virtual.scanner import VirtualScanner
from drivers.virtual.tcp_scanner import VirtualTcpScanner
from drivers.virtual.wedge import VirtualWedge

SILENCE_S = 10


class Result(NamedTuple):
    sent: int
    received: int
    wrong: int
    """Scans that are not the next one of their scanner: lost, doubled, changed or out of order."""
    noise: int
    seconds: float

    @property
    def per_second(self):
        return self.received / self.seconds


class _Counting:
    def __init__(self, name, peer, layout="us"):
        self.name, self.peer = name, peer
        row = {"id": DeviceId(name), "kind": "scanner", "address": peer.address, "layout": layout}
        self.scanner = build(DeviceSettings(**row))
        self.received = self.wrong = self.noise = 0
        self._expected = 0

    def code(self, number):
        return f"]C1{self.name}/{number:08}\x1d21Zy-{number % 97}"

    def send(self, count, interval_s):
        due = time.monotonic()
        for number in range(count):
            code = self.code(number)
            self.peer.scan(code if isinstance(self.peer, VirtualWedge) else code.encode())
            due += interval_s
            time.sleep(max(0, due - time.monotonic()))

    def take(self, frame):
        if frame.noise is not None:
            self.noise += 1
            return
        self.received += 1
        self.wrong += frame.data.decode() != self.code(self._expected)
        self._expected += 1


async def _read(counting, frames, count):
    while counting.received < count:
        async with asyncio.timeout(SILENCE_S):
            counting.take(await anext(frames))


async def flood(folder, *, scans, rate):
    """Send `scans` in all over three scanners, `rate` a second in all; 0 for as fast as it goes."""
    each, interval_s = scans // 3, 3 / rate if rate else 0.0
    async with AsyncExitStack() as stack:
        peers = [
            _Counting("tty", stack.enter_context(VirtualScanner(folder / "tty"))),
            _Counting(
                "key", stack.enter_context(VirtualWedge(folder / "event0", layout="de")), "de"
            ),
            _Counting("net", stack.enter_context(VirtualTcpScanner())),
        ]
        frames = [await stack.enter_async_context(each.scanner.open()) for each in peers]
        threads = [threading.Thread(target=each_.send, args=(each, interval_s)) for each_ in peers]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        reading = [_read(peer, of, each) for peer, of in zip(peers, frames, strict=True)]
        done = await asyncio.gather(*reading, return_exceptions=True)
        seconds = time.monotonic() - began
        for thread in threads:
            await asyncio.to_thread(thread.join)
    bad = [repr(problem) for problem in done if problem is not None]
    if bad:
        sys.stderr.write(f"{bad}\n")
    return Result(
        3 * each,
        sum(peer.received for peer in peers),
        sum(peer.wrong for peer in peers),
        sum(peer.noise for peer in peers),
        seconds,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=10_002)
    parser.add_argument("--rate", type=int, default=0, help="a second in all; 0: unthrottled")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(flood(Path(folder), scans=options.scans, rate=options.rate))
    sys.stdout.write(
        f"{result.sent} scans sent over pty, evdev and TCP; {result.received} received, "
        f"{result.wrong} lost, doubled, changed or out of order, {result.noise} noise; "
        f"{result.seconds:.2f} s, {result.per_second:.0f} scans/s\n"
    )
    return 0 if (result.received, result.wrong, result.noise) == (result.sent, 0, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
