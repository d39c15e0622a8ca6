"""New settings while the agent runs: what differs is touched, and nothing else (D19)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from agent.contracts.devices import DeviceFault, WeightReading, WeightState
from agent.core.identifiers import DeviceId
from agent.core.receipt.document import Cut, ReceiptDocument, Text
from agent.devices import Handed
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import MODELS
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.tcp import TcpTransport
from drivers.virtual.printer import VirtualPrinter

COUNTER, HAND, PRINTER = DeviceId("counter"), DeviceId("hand"), DeviceId("receipt")


class Counted:
    """A scanner that counts its openings and closings."""

    def __init__(self):
        self.opened = self.closed = 0

    @asynccontextmanager
    async def open(self):
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.Event().wait()


def scanner(device, driver, settings="as before", address=""):
    return Handed(device, "scanner", driver, address, settings=settings)


def printer(peer, *, settings="as before", device=PRINTER):
    driver = EscPosPrinter(
        TcpTransport("127.0.0.1", peer.port), MODELS["epson-tm-t20iii"], hold=True
    )
    return Handed(device, "printer", driver, peer.address, settings=settings)


@asynccontextmanager
async def supervised(desk, *handed):
    desk.supervisor = devices = desk.supervise(handed)
    task = asyncio.create_task(devices.run())
    try:
        yield devices
    finally:
        await devices.stop()
        await asyncio.wait_for(task, 30)


def states(devices):
    return [(status.id, status.state) for status in devices.status()]


@pytest.mark.asyncio
async def test_only_what_differs_is_touched(desk):
    """A new name of one scanner would interrupt every till of the shop."""
    one, two, new, other = Counted(), Counted(), Counted(), Counted()
    async with VirtualPrinter() as peer:
        rows = [scanner(COUNTER, one), scanner(HAND, two), printer(peer)]
        async with supervised(desk, *rows) as devices:
            await desk.told({"device": PRINTER, "state": "ready"})
            connections = peer.connections
            wanted = [printer(peer), scanner(COUNTER, other), scanner(HAND, new, "another suffix")]
            touched = await devices.reconfigure(wanted)
            assert [HAND] == touched
            ready = [(PRINTER, "ready"), (COUNTER, "ready"), (HAND, "ready")]
            async with asyncio.timeout(30):
                while ready != states(devices):  # noqa: ASYNC110 - no event tells of all three
                    await asyncio.sleep(0.01)
            assert (1, 0) == (one.opened, one.closed)
            assert (1, 1, 1, 0) == (two.opened, two.closed, new.opened, other.opened)
            assert connections == peer.connections
            assert [] == await devices.reconfigure(wanted)


@pytest.mark.asyncio
async def test_devices_come_and_go(desk):
    """A scanner taken out of the settings would still sell, a new one need a restart."""
    one, two = Counted(), Counted()
    async with supervised(desk, scanner(COUNTER, one)) as devices:
        await desk.told({"state": "ready"})
        assert [COUNTER, HAND] == await devices.reconfigure([scanner(HAND, two)])
        await desk.told({"device": COUNTER, "state": "removed"})
        await desk.told({"device": HAND, "state": "ready"})
        assert [HAND] == [device for device, _ in states(devices)]
        assert (1, 1, 1, 0) == (one.opened, one.closed, two.opened, two.closed)
    assert 1 == two.closed


@pytest.mark.asyncio
async def test_a_receipt_under_way_comes_out_first(desk):
    """Whoever changes a printer's settings would tear the receipt that is being printed."""
    async with VirtualPrinter() as peer:
        async with supervised(desk, printer(peer)) as devices:
            await desk.told({"device": PRINTER, "state": "ready"})
            peer.slow_s = 0.1
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "sending"})
            await devices.reconfigure([printer(peer, settings="other")])
            assert ["confirmed"] == await desk.states("a")
            peer.slow_s = 0.0
            await desk.put("b")
            await desk.told({"print_id": "b", "state": "confirmed"})
        assert 2 == len(peer.receipts)


@pytest.mark.asyncio
async def test_a_long_receipt_delays_no_other_change(desk):
    """A scanner's change would wait for a receipt of two metres."""
    two = Counted()
    async with VirtualPrinter() as peer, supervised(desk, printer(peer)) as devices:
        await desk.told({"device": PRINTER, "state": "ready"})
        peer.slow_s = 0.2
        lines = tuple(Text(f"Line {number}") for number in range(60))
        long = msgspec.json.encode(ReceiptDocument("en", (*lines, Cut())))
        await desk.put("a", payload=long)
        await desk.told({"print_id": "a", "state": "sending"})
        wanted = [printer(peer, settings="other"), scanner(HAND, two)]
        changing = asyncio.create_task(devices.reconfigure(wanted))
        await desk.told({"device": HAND, "state": "ready"})
        assert not changing.done()
        peer.slow_s = 0.0
        await changing


@pytest.mark.asyncio
async def test_a_device_under_another_name(desk):
    """Two would read one scanner for a moment, and each get half of a scan."""
    log = []

    class Logged(Counted):
        @asynccontextmanager
        async def open(self):
            log.append("open")
            try:
                yield self
            finally:
                await asyncio.sleep(0.05)
                log.append("close")

    before, after = (scanner(each, Logged(), address="serial:/dev/x") for each in (COUNTER, HAND))
    async with supervised(desk, before) as devices:
        await desk.told({"device": COUNTER, "state": "ready"})
        await devices.reconfigure([after])
        await desk.told({"device": HAND, "state": "ready"})
        assert ["open", "close", "open"] == log


@pytest.mark.asyncio
async def test_the_receipts_of_a_printer_that_is_taken_out(desk):
    """They would be lost, or wait for a printer that is in the bin."""
    async with VirtualPrinter() as peer:
        peer.paper_empty = True
        async with supervised(desk, printer(peer)) as devices:
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "held"})
            await devices.reconfigure([])
            told = await desk.told({"print_id": "a", "state": "expired"})
    assert told["ask"]


class Weighing:
    """A scale with something on it."""

    @asynccontextmanager
    async def open(self):
        yield self

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0.05)
        now = asyncio.get_running_loop().time()
        return WeightReading(WeightState.STABLE, int(now * 10**9), weight=248)


class Glass:
    """A line display."""

    columns, rows = 20, 2

    def __init__(self):
        self.shown = asyncio.Queue()

    @asynccontextmanager
    async def open(self):
        yield self

    async def show(self, lines):
        self.shown.put_nowait(tuple(lines))


@pytest.mark.asyncio
async def test_scales_and_displays(desk):
    """A till would ask its scale in vain, and its customer see nothing."""
    scale, pole, glass = DeviceId("scale"), DeviceId("pole"), Glass()
    rows = [Handed(scale, "scale", Weighing()), Handed(pole, "display", glass)]
    async with supervised(desk, *rows) as devices:
        assert 248 == (await devices.weigh(scale, 2)).weight
        told = await desk.told({"device": scale, "grams": 248})
        assert "stable" == told["state"]
        devices.show(pole, ("Tea", "2.50"))
        async with asyncio.timeout(15):
            while await glass.shown.get() != ("Tea", "2.50"):
                pass
        assert (20, 2) == devices.display_size(pole)
        assert None is devices.display_size(scale)
        devices.show(scale, ("nothing",))
        with pytest.raises(DeviceFault, match="no scale of this agent"):
            await devices.weigh(pole, 0)
        devices.count(scale, "readings")
        assert 1 == devices.status()[0].counters["readings"]


@pytest.mark.asyncio
async def test_a_black_hole_delays_nobody(desk):
    """One printer without power would make every scan and every receipt late (D9)."""
    from drivers.scanners.framed import FramedScanner

    chunks = ScriptedTransport([b"1234567890128\r"] * 50)
    hole = DeviceId("hole")
    async with VirtualPrinter() as dead, VirtualPrinter() as peer:
        dead.half_open = True
        rows = [printer(dead, device=hole), printer(peer)]
        async with supervised(desk, *rows) as devices:
            await desk.told({"device": PRINTER, "state": "ready"})
            await desk.put("dead", device=hole)
            await desk.told({"print_id": "dead", "state": "sending"})
            began = asyncio.get_running_loop().time()
            await desk.put("a")
            await desk.told({"print_id": "a", "state": "confirmed"})
            printed_s = asyncio.get_running_loop().time() - began
            began = asyncio.get_running_loop().time()
            await devices.reconfigure([*rows, scanner(COUNTER, FramedScanner(chunks))])
            for _ in range(50):
                await asyncio.wait_for(desk.scans.get(), 15)
            scanned_s = asyncio.get_running_loop().time() - began
    assert printed_s < 3
    assert scanned_s < 3
