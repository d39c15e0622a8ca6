from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId
from drivers.scanners.framed import FramedScanner
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.scanner import VirtualScanner

COUNTER, HAND = DeviceId("counter"), DeviceId("hand")
EAN = b"]E04006381333931"


def scanner_on(peer):
    return FramedScanner(SerialTransport(SerialLine(peer.path)))


async def scan(desk):
    async with asyncio.timeout(30):
        device, frame = await desk.scans.get()
    return device, frame.data


@pytest.mark.asyncio
async def test_scans_arrive_with_their_device(desk):
    """A scan would go to another till's sale."""
    with VirtualScanner() as one, VirtualScanner() as two:
        scanners = {COUNTER: scanner_on(one), HAND: scanner_on(two)}
        async with desk.running(scanners=scanners, addresses={COUNTER: one.address}) as devices:
            await desk.told({"device": COUNTER, "state": "ready"})
            await desk.told({"device": HAND, "state": "ready"})
            one.scan(EAN)
            assert (COUNTER, EAN) == await scan(desk)
            two.scan(b"96385074")
            assert (HAND, b"96385074") == await scan(desk)
            first, second = devices.status()
            assert (COUNTER, "scanner", one.address) == (first.id, first.kind, first.address)
    assert ("ready", "ready", "") == (first.state, second.state, second.address)


@pytest.mark.asyncio
async def test_noise_arrives_too(desk):
    """The till could not tell that a scanner is set wrongly."""
    with VirtualScanner() as peer:
        async with desk.running(scanners={COUNTER: scanner_on(peer)}):
            await desk.told({"state": "ready"})
            peer.send(b"\x00\x01\r")
            _, frame = await asyncio.wait_for(desk.scans.get(), 30)
    assert "baud" in frame.noise


@pytest.mark.asyncio
async def test_gone_once_and_back_once(desk, tmp_path):
    """A scanner pulled out would need a restart, or fill the log while it is away."""
    link = tmp_path / "scanner"
    with VirtualScanner(link) as peer, capture_logs() as logs:
        async with desk.running(scanners={COUNTER: scanner_on(peer)}) as devices:
            await desk.told({"state": "ready"})
            for _ in range(2):
                peer.unplug()
                gone = await desk.told({"state": "gone"}, timeout_s=15)
                assert "check" in gone["detail"]
                assert "gone" == devices.status()[0].state
                await asyncio.sleep(0.7)  # it is looked for again and again meanwhile
                desk.events.clear()
                peer.plug()
                await desk.told({"state": "ready"}, timeout_s=15)
                desk.events.clear()
                peer.scan(EAN)
                assert (COUNTER, EAN) == await scan(desk)
    told = [entry["event"] for entry in logs if entry["log_level"] in ("info", "warning")]
    told = [event for event in told if "udev" not in event]
    assert ["device is ready", *["device is not ready", "device is ready"] * 2] == told


@pytest.mark.asyncio
async def test_a_missing_scanner_does_not_stop_the_others(desk):
    """One broken cable would stop every till of the agent."""
    missing = FramedScanner(SerialTransport(SerialLine("/dev/serial/by-id/none")))
    with VirtualScanner() as peer:
        async with desk.running(scanners={HAND: missing, COUNTER: scanner_on(peer)}):
            await desk.told({"device": HAND, "state": "gone"})
            await desk.told({"device": COUNTER, "state": "ready"})
            peer.scan(EAN)
            assert (COUNTER, EAN) == await scan(desk)


class BuggyScanner:
    """Fails in a way no driver should."""

    @asynccontextmanager
    async def open(self):
        raise ZeroDivisionError("a bug")
        yield


@pytest.mark.asyncio
async def test_a_driver_with_a_bug_is_told_and_left_alone(desk):
    """A bug in one driver would end the agent."""
    sound = FramedScanner(ScriptedTransport([EAN + b"\r"]))
    with capture_logs() as logs:
        async with desk.running(scanners={HAND: BuggyScanner(), COUNTER: sound}):
            broken = await desk.told({"device": HAND, "state": "broken"})
            assert (COUNTER, EAN) == await scan(desk)
    assert "ZeroDivisionError: a bug" == broken["detail"]
    assert "error" in {entry["log_level"] for entry in logs}


@pytest.mark.asyncio
async def test_events_that_cannot_be_stored_stop_no_device(desk):
    """A full disk would stop the scanners as well."""

    async def full(*_):
        raise DeviceFault("no space left", remedy="none")

    desk._on_event = full
    sound = FramedScanner(ScriptedTransport([EAN + b"\r"]))
    with capture_logs() as logs:
        async with desk.running(scanners={COUNTER: sound}):
            assert (COUNTER, EAN) == await scan(desk)
    assert "an event of a device was lost" in {entry["event"] for entry in logs}
