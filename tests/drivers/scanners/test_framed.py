from __future__ import annotations

import asyncio
import time

import pytest

from agent.contracts.devices import DeviceFault
from drivers.scanners.framed import FramedScanner
from drivers.scanners.reading import Patience
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.stream import gone
from drivers.transports.tcp import TcpTransport
from drivers.virtual.scanner import VirtualScanner

EAN = b"]E04006381333931"


async def take(frames, count):
    async with asyncio.timeout(30):
        return [await anext(frames) for _ in range(count)]


def serial(scanner, **options):
    return FramedScanner(SerialTransport(SerialLine(scanner.path)), **options)


@pytest.mark.asyncio
async def test_scans_over_a_serial_port():
    """Scans over pyserial would be lost, doubled or out of order."""
    with VirtualScanner() as peer:
        async with serial(peer).open() as frames:
            before = time.monotonic_ns()
            for number in range(300):
                peer.scan(b"%d" % number)
            got = await take(frames, 300)
    assert [b"%d" % number for number in range(300)] == [frame.data for frame in got]
    assert all(before <= frame.mono_ns <= time.monotonic_ns() for frame in got)


@pytest.mark.asyncio
async def test_a_megabyte_of_noise_then_a_scan():
    """Noise on the line would end the scanner, or the scan after it would be lost."""
    with VirtualScanner() as peer:
        async with serial(peer).open() as frames:
            reading = asyncio.create_task(take(frames, 2))
            await asyncio.to_thread(peer.send, b"\xa5" * 1_000_000 + b"\r")
            await asyncio.to_thread(peer.scan, EAN)
            noise, scan = await reading
    assert "without an end mark" in noise.noise
    assert (EAN, None) == (scan.data, scan.noise)


@pytest.mark.asyncio
async def test_half_a_scan_is_dropped_when_the_line_is_idle():
    """A stray byte would spoil the first scan, or a scanner without suffix would stay a riddle."""
    with VirtualScanner() as peer:
        async with serial(peer, patience=Patience(idle_s=0.05)).open() as frames:
            peer.send(b"4006")
            (stray,) = await take(frames, 1)
            peer.scan(EAN)
            (scan,) = await take(frames, 1)
    assert (b"4006", True) == (stray.data, "no end mark" in stray.noise)
    assert EAN == scan.data


@pytest.mark.asyncio
async def test_unplugging_ends_the_scans():
    """A scanner that was pulled out would look alive for ever."""
    with VirtualScanner() as peer:
        async with serial(peer).open() as frames:
            peer.scan(EAN)
            await take(frames, 1)
            peer.unplug()
            with pytest.raises(DeviceFault, match="went away"):
                await take(frames, 1)


@pytest.mark.asyncio
async def test_what_was_scanned_while_nobody_read_is_dropped():
    """After a restart, scans of long ago would be sold to the next customer."""
    with VirtualScanner() as peer:
        peer.scan(b"old")
        async with serial(peer).open() as frames:
            peer.scan(EAN)
            (scan,) = await take(frames, 1)
    assert EAN == scan.data


@pytest.mark.asyncio
async def test_scans_over_tcp():
    """A network scanner could not be used, or its hanging up would go unnoticed."""

    async def peer(_, writer):
        writer.write(EAN[:5])
        await writer.drain()
        writer.write(EAN[5:] + b"\r\n96385074\r")
        writer.close()

    async with await asyncio.start_server(peer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with FramedScanner(TcpTransport("127.0.0.1", port)).open() as frames:
            got = await take(frames, 2)
            with pytest.raises(DeviceFault, match="closed the connection"):
                await take(frames, 1)
    assert [EAN, b"96385074"] == [frame.data for frame in got]


@pytest.mark.asyncio
async def test_each_opening_begins_anew():
    """Half a scan from before an unplug would be glued to the first one after it."""
    transport = ScriptedTransport([b"40063", gone("scripted"), EAN + b"\r"])
    scanner = FramedScanner(transport)
    with pytest.raises(DeviceFault):
        async with scanner.open() as frames:
            await take(frames, 1)
    async with scanner.open() as frames:
        (scan,) = await take(frames, 1)
    assert EAN == scan.data
