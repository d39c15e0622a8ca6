"""Typing and reporting scanners as drivers: FIFOs exercise the code that reads the devices."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId
from agent.settings.model import DeviceSettings
from drivers.catalogue import build
from drivers.scanners.framed import FramedScanner
from drivers.scanners.hid_pos import HidPosScanner
from drivers.transports.hidraw import HidrawAddress, HidrawTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.hid_pos import VirtualHidPos
from drivers.virtual.scanner import VirtualScanner
from drivers.virtual.tcp_scanner import VirtualTcpScanner
from drivers.virtual.wedge import VirtualWedge
from tests.drivers.scanners.flood import flood
from tests.drivers.scanners.streams import EAN, GS1, LINK


def driver(peer, **settings):
    """Make the driver as the settings would."""
    row = DeviceSettings(id=DeviceId("it"), kind="scanner", address=peer.address, **settings)
    return build(row)


async def take(frames, count):
    async with asyncio.timeout(30):
        return [await anext(frames) for _ in range(count)]


@pytest.fixture
def wedge(tmp_path):
    with VirtualWedge(tmp_path / "event5", layout="de") as peer:
        yield peer


@pytest.fixture
def hid(tmp_path):
    with VirtualHidPos(tmp_path / "hidraw0") as peer:
        yield peer


@pytest.mark.asyncio
async def test_a_scanner_that_types(wedge):
    """A keyboard scanner could not be used without a window in front (R17)."""
    codes = [EAN, GS1, LINK]
    async with driver(wedge, layout="de").open() as frames:
        before = time.monotonic_ns()
        for code in codes:
            wedge.scan(code)
        got = await take(frames, 3)
    assert [code.encode() for code in codes] == [frame.data for frame in got]
    assert all(before <= frame.mono_ns <= time.monotonic_ns() for frame in got)


@pytest.mark.asyncio
async def test_a_scanner_that_types_without_an_end(tmp_path):
    """A keyboard scanner that presses no Enter could not be used."""
    with VirtualWedge(tmp_path / "event5", end=None) as peer:
        async with driver(peer, frame_timeout_ms=30).open() as frames:
            for code in (EAN, GS1):
                peer.scan(code)
                (frame,) = await take(frames, 1)
                assert (code.encode(), None) == (frame.data, frame.noise)


@pytest.mark.asyncio
async def test_lost_keys_are_told(wedge):
    """A code with a missing digit would be sold as another one (R18)."""
    async with driver(wedge, layout="de").open() as frames:
        wedge.send(wedge.typed(EAN[:5]))
        wedge.lose("81")
        wedge.scan(EAN[7:])
        wedge.scan(EAN)
        noise, scan = await take(frames, 2)
    assert (EAN[:5].encode(), True) == (noise.data, "keys were lost" in noise.noise)
    assert EAN.encode() == scan.data


@pytest.mark.asyncio
async def test_half_a_scan_of_before_an_unplug_is_dropped(wedge):
    """Half a scan would be glued to the first one after the cable slipped (R22)."""
    scanner = driver(wedge, layout="de")
    async with scanner.open() as frames:
        wedge.send(wedge.typed(EAN[:5]))
        await asyncio.sleep(0.01)
        wedge.unplug()
        with pytest.raises(DeviceFault, match="went away"):
            await take(frames, 1)
    with pytest.raises(DeviceFault, match="plugged in"):
        async with scanner.open():
            pass
    wedge.plug()
    async with scanner.open() as frames:
        wedge.scan(EAN)
        (scan,) = await take(frames, 1)
    assert EAN.encode() == scan.data


@pytest.mark.asyncio
async def test_a_scanner_that_reports(hid):
    """A HID-POS scanner could not be used, or its AIM identifiers would be lost."""
    async with driver(hid).open() as frames:
        hid.trigger()
        hid.scan(EAN.encode(), b"]E0")
        hid.scan(LINK[3:].encode() * 3, b"]Q1")
        got = await take(frames, 2)
    assert [b"]E0" + EAN.encode(), b"]Q1" + LINK[3:].encode() * 3] == [each.data for each in got]


@pytest.mark.asyncio
async def test_half_a_report_is_noise_after_a_while(hid):
    """Half a code would be glued to the next scan."""
    scanner = HidPosScanner(HidrawTransport(HidrawAddress(hid.path)), idle_s=0.05)
    async with scanner.open() as frames:
        hid.half(b"9" * 60)
        (noise,) = await take(frames, 1)
        hid.scan(EAN.encode())
        (scan,) = await take(frames, 1)
        hid.unplug()
        with pytest.raises(DeviceFault, match="went away"):
            await take(frames, 1)
    assert "never came" in noise.noise
    assert b"]E0" + EAN.encode() == scan.data


@pytest.mark.asyncio
async def test_a_recording_without_a_descriptor_has_the_common_layout(hid):
    """A recording made without its descriptor could not be played."""
    hid._beside.unlink()
    async with driver(hid).open() as frames:
        hid.scan(EAN.encode())
        (scan,) = await take(frames, 1)
    assert b"]E0" + EAN.encode() == scan.data


@pytest.mark.asyncio
async def test_another_hid_device_is_refused(hid):
    """A keyboard would be read for ever without a scan, and nobody would know why."""
    hid._beside.write_bytes(bytes.fromhex("05010906a101c0"))
    with pytest.raises(DeviceFault, match="no HID-POS scanner") as caught:
        async with driver(hid).open():
            pass
    assert "evdev:" in caught.value.remedy


@pytest.mark.asyncio
async def test_a_scanner_with_a_network_cable():
    """A network scanner could not be used, or would not come back after a power cut."""
    with VirtualTcpScanner() as peer:
        scanner = driver(peer)
        async with scanner.open() as frames:
            await asyncio.to_thread(peer.scan, EAN.encode())
            (first,) = await take(frames, 1)
            peer.unplug(reset=True)
            with pytest.raises(DeviceFault, match="went away"):
                await take(frames, 1)
        with pytest.raises(DeviceFault, match="refused"):
            async with scanner.open():
                pass
        peer.plug()
        async with scanner.open() as frames:
            await asyncio.to_thread(peer.scan, b"again")
            (second,) = await take(frames, 1)
    assert [EAN.encode(), b"again"] == [first.data, second.data]


@pytest.mark.asyncio
async def test_a_pause_ends_a_scan():
    """A serial scanner that sends no end mark could not be used."""
    with VirtualScanner(suffix=b"") as peer:
        async with driver(peer, suffix="", frame_timeout_ms=1000).open() as frames:
            for half in (b"40063", b"81333931"):
                peer.send(half)
                await asyncio.sleep(0.005)
            (scan,) = await take(frames, 1)
            peer.scan(b"96385074")
            (other,) = await take(frames, 1)
    assert [EAN.encode(), b"96385074"] == [scan.data, other.data]


async def scanned_beside_a_slow_neighbour():
    """Scan while the loop is busy; gives the scan, and how long it began before that."""
    waited = []

    def slow_neighbour(begun):
        waited.append(time.monotonic() - begun)
        peer.send(b"81333931")
        time.sleep(1.2)

    with VirtualScanner(suffix=b"") as peer:
        async with driver(peer, suffix="", frame_timeout_ms=1000).open() as frames:
            taking = asyncio.create_task(take(frames, 1))
            begun = time.monotonic()
            peer.send(b"40063")
            await asyncio.sleep(0.01)
            asyncio.get_running_loop().call_soon(slow_neighbour, begun)
            (scan,) = await taking
    return scan.data, *waited


@pytest.mark.asyncio
async def test_a_busy_loop_does_not_end_a_scan():
    """A till that is busy for a moment would cut scans in two."""
    data, waited = await scanned_beside_a_slow_neighbour()
    while waited > 0.5:
        # The machine stood still between the two parts: that they are two says nothing.
        data, waited = await scanned_beside_a_slow_neighbour()
    assert EAN.encode() == data


@pytest.mark.asyncio
async def test_a_wrong_baud_rate_is_told_once():
    """A flood of noise would end the scanner, or fill the till with messages."""
    noise = bytes(range(128, 256)) * 2000 + b"\r\x00\r\xfe\x00\r"
    with VirtualScanner() as peer:
        async with driver(peer).open() as frames:
            writing = threading.Thread(target=lambda: (peer.send(noise), peer.scan(EAN.encode())))
            writing.start()
            told, scan = await take(frames, 2)
            writing.join()
    assert told.noise
    assert (EAN.encode(), None) == (scan.data, scan.noise)


@pytest.mark.asyncio
async def test_three_scanners_at_once(tmp_path):
    """Scans of several scanners would be lost, doubled, mixed or out of order (D2)."""
    result = await flood(tmp_path, scans=900, rate=0)
    assert (900, 900, 0, 0) == (result.sent, result.received, result.wrong, result.noise)


@pytest.mark.asyncio
async def test_two_hundred_cycles_leave_nothing_behind(tmp_path):
    """An agent that runs for months would run out of descriptors or threads (D4)."""
    link = tmp_path / "scanner"
    scanner = FramedScanner(SerialTransport(SerialLine(str(link))))

    async def cycle():
        with VirtualScanner(link) as peer:
            async with scanner.open() as frames:
                peer.scan(EAN.encode())
                await take(frames, 1)
                peer.unplug()
                with pytest.raises(DeviceFault):
                    await take(frames, 1)

    # One thread opens ports here: how many idle ones the pool keeps is not what is counted.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    for _ in range(10):
        await cycle()
    descriptors, threads, kib = _held()
    for _ in range(200):
        await cycle()
    after = _held()
    assert after[:2] <= (descriptors, threads)
    assert after[2] - kib < 5 * 1024


def _held():
    """Count descriptors, threads and KiB of memory in use."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = int(status.partition("VmRSS:")[2].split()[0])
    return len([*Path("/proc/self/fd").iterdir()]), threading.active_count(), kib
