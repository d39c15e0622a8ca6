"""Devices that come and go, readers that die or hang, and what is left of it."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId
from agent.devices import keeping, plugging
from agent.devices.plugging import Plugging, udev_monitor
from drivers.scanners.framed import FramedScanner
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.scanner import VirtualScanner
from tests.devices.cycles import cycles

COUNTER = DeviceId("counter")
EAN = b"]E04006381333931"


@pytest.mark.asyncio
async def test_cycles_leave_nothing_behind(tmp_path, monkeypatch):
    """A loose plug would use the machine up within days (D4)."""
    monkeypatch.setattr(plugging, "MISSING_S", 0.05)
    with capture_logs():
        grown = await cycles(tmp_path, 20)
    assert (0, 0, 20) == (grown.descriptors, grown.threads, grown.scans)
    assert grown.rss_kib < 5 * 1024
    assert grown.gone_s < 5
    assert grown.ready_s < 10


class Events:
    """What a udev monitor is to its reader, over a pipe."""

    def __init__(self):
        self.readable, self._write = os.pipe()
        os.set_blocking(self.readable, False)

    def fileno(self):
        return self.readable

    def tell(self, action):
        os.write(self._write, action[:1].encode())

    def poll(self, timeout=None):
        assert 0 == timeout
        with suppress(BlockingIOError):
            letter = os.read(self.readable, 1).decode()
            if letter == "!":
                raise OSError("no buffer space")
            return SimpleNamespace(action={"a": "add", "r": "remove"}[letter])
        return None

    def close(self):
        os.close(self.readable)
        os.close(self._write)


@pytest.fixture
def events():
    made = Events()
    yield made
    made.close()


@pytest.mark.asyncio
async def test_udev_wakes_up_at_once(events):
    """A scanner plugged in again would be noticed only at the next look."""
    plugged, looks, stirred = [], [], asyncio.Event()
    watch = Plugging(
        stirred=stirred,
        look=lambda: looks.append(1) or False,
        plugged=lambda: plugged.append(1),
        monitor=lambda: events,
    )
    task = asyncio.create_task(watch.run())
    await until(lambda: looks)
    assert [] == plugged
    with capture_logs() as logs:
        for told, count in (("add", 1), ("remove", 1), ("!", 2)):
            events.tell(told)
            await until(lambda count=count: count <= len(plugged))
            await asyncio.sleep(0.05)
            assert count == len(plugged)
    assert ["udev's events were lost"] == [entry["event"] for entry in logs]
    task.cancel()
    await asyncio.wait([task])


def test_without_udev_it_is_told_once(monkeypatch, tmp_path):
    """In a container the agent would wait for events that never come."""
    monkeypatch.setattr(plugging, "UDEV", tmp_path / "none")
    with capture_logs() as logs:
        assert None is udev_monitor()
    assert 1 == len(logs)


def test_with_udev_there_is_a_monitor(monkeypatch, tmp_path):
    """Hot-plug events would never be heard on a machine that has them."""
    monkeypatch.setattr(plugging, "UDEV", tmp_path)
    monitor = udev_monitor()
    assert monitor is not None
    assert monitor.fileno() > 0
    assert None is monitor.poll(timeout=0)


@pytest.mark.asyncio
async def test_a_scanner_that_is_missing_at_the_start(desk, tmp_path):
    """A scanner plugged in after the agent was started would be dead until the next start."""
    link = tmp_path / "scanner"
    scanner = FramedScanner(SerialTransport(SerialLine(str(link))))
    async with desk.running(scanners={COUNTER: scanner}, is_there=link.exists) as devices:
        await desk.told({"state": "gone"})
        await asyncio.sleep(2)
        with VirtualScanner(link) as peer:
            await desk.told({"state": "ready"}, timeout_s=15)
            peer.scan(EAN)
            assert (COUNTER, EAN) == await scanned(desk)
            status = devices.status()[0]
            assert {"reopenings": 1, "scans": 1} == status.counters
            assert "cannot be opened" in status.last_error


async def until(condition):
    async with asyncio.timeout(30):
        for _ in iter(lambda: bool(condition()), True):
            await asyncio.sleep(0.01)


async def scanned(desk):
    async with asyncio.timeout(30):
        device, frame = await desk.scans.get()
    return device, frame.data


class Deaf:
    """A scanner whose reader never notices that the device is gone."""

    def __init__(self):
        self.openings = 0

    @asynccontextmanager
    async def open(self):
        self.openings += 1
        yield self

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.Event().wait()


@pytest.mark.asyncio
async def test_a_reader_that_hangs_is_started_again(desk, monkeypatch):
    """A scanner that hung when it was pulled out would stay dead (R22)."""
    monkeypatch.setattr(plugging, "WATCH_S", 0.05)
    monkeypatch.setattr(plugging, "MISSING_S", 0.05)
    scanner, there = Deaf(), [True]
    with capture_logs() as logs:
        async with desk.running(scanners={COUNTER: scanner}, is_there=lambda: there[0]) as devices:
            await desk.told({"state": "ready"})
            there[0] = False
            told = await desk.told({"state": "gone"}, timeout_s=15)
            assert "hung" in told["detail"]
            there[0] = True
            await until(lambda: scanner.openings >= 2)
            assert 1 <= devices.status()[0].counters["restarts"]
    assert "error" in {entry["log_level"] for entry in logs}


class Ending:
    """A scanner whose stream ends, or whose driver cancels itself."""

    def __init__(self, end):
        self._end = end
        self.openings = 0
        self.again = asyncio.Event()

    @asynccontextmanager
    async def open(self):
        self.openings += 1
        if self.openings > 1:
            self.again.set()
        yield self

    def __aiter__(self):
        return self

    async def __anext__(self):
        raise StopAsyncIteration if self.openings > 1 else self._end


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("end", "state"),
    [(StopAsyncIteration(), "gone"), (asyncio.CancelledError(), "broken")],
)
async def test_a_reader_that_dies_is_started_again(desk, end, state):
    """A scanner would be called ready although nobody reads it any more."""
    scanner = Ending(end)
    with capture_logs():
        async with desk.running(scanners={COUNTER: scanner}):
            await desk.told({"state": state}, timeout_s=15)
            async with asyncio.timeout(15):
                await scanner.again.wait()


class Hanging:
    """A scanner that does not open."""

    @asynccontextmanager
    async def open(self):
        await asyncio.Event().wait()
        yield self


@pytest.mark.asyncio
async def test_an_opening_that_hangs_is_given_up(desk, monkeypatch):
    """A hung USB adapter would be waited for until the machine is restarted."""
    monkeypatch.setattr(keeping, "OPEN_S", 0.1)
    async with desk.running(scanners={COUNTER: Hanging()}):
        told = await desk.told({"state": "gone"}, timeout_s=15)
    assert "does not open within" in told["detail"]


class Failing:
    """A scanner that cannot be opened."""

    def __init__(self):
        self.openings = 0

    @asynccontextmanager
    async def open(self):
        self.openings += 1
        raise DeviceFault("there is nothing at tcp:1", remedy="plug it in")
        yield


@pytest.mark.asyncio
async def test_a_device_that_is_away_is_told_once(desk):
    """The till page would be flooded while a scanner is in repair."""
    scanner = Failing()
    async with desk.running(scanners={COUNTER: scanner}):
        await desk.told({"state": "gone"})
        await until(lambda: scanner.openings > 2)
    assert ["gone"] == [data["state"] for _, kind, data in desk.events if kind == "device"]
