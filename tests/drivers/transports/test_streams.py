from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.contracts.devices import DeviceFault
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.tcp import TcpTransport
from drivers.virtual.scanner import VirtualScanner


async def opened(transport):
    async with transport.open():
        pass


async def write_all(stream, data):
    while data:
        data = data[await stream.write_some(data) :]


@pytest.mark.asyncio
async def test_a_missing_port_says_what_to_check():
    """A technician would see a dead scanner without a reason."""
    with pytest.raises(DeviceFault, match="plugged in"):
        await opened(SerialTransport(SerialLine("/dev/serial/by-id/none")))


@pytest.mark.asyncio
async def test_a_file_is_no_port(tmp_path):
    """A wrong path would crash the driver instead of being told."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DeviceFault, match="check the address"):
        await opened(SerialTransport(SerialLine(str(path))))


@pytest.mark.asyncio
async def test_a_port_is_opened_by_one_only():
    """Two programs on one port would each get half of every scan."""
    with VirtualScanner() as peer:
        transport = SerialTransport(SerialLine(peer.path))
        async with transport.open():
            with pytest.raises(DeviceFault, match="another program holds it"):
                await opened(transport)
        await opened(transport)


@pytest.mark.asyncio
async def test_opening_that_is_given_up_leaves_no_port_open():
    """A stopped agent would keep the port, and its successor could not open it."""
    with VirtualScanner() as peer:
        transport = SerialTransport(SerialLine(peer.path))
        task = asyncio.create_task(opened(transport))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(_wait_until_released, peer.path)
        await opened(transport)


def _wait_until_released(path):
    deadline = time.monotonic() + 60
    while len(_holders(path)) > 1:
        assert time.monotonic() < deadline, "the port stays open"
        time.sleep(0.01)


def _holders(path):
    links = list(Path("/proc/self/fd").iterdir())
    return [link for link in links if link.is_symlink() and str(link.resolve()) == path]


@pytest.mark.asyncio
async def test_writing_to_a_full_line_waits_for_room():
    """A long receipt would be cut off, or would spin a core, while the line is full."""
    with VirtualScanner() as peer:
        async with SerialTransport(SerialLine(peer.path)).open() as stream:
            writing = asyncio.create_task(write_all(stream, bytes(100_000)))
            got = 0
            while got < 100_000:
                await asyncio.sleep(0)
                try:
                    got += len(os.read(peer.ours, 65_536))
                except BlockingIOError:
                    await asyncio.sleep(0.001)
            await writing
    assert 100_000 == got


@pytest.mark.asyncio
async def test_writing_to_a_port_that_went_away():
    """Printing to an unplugged printer would look like success."""
    with VirtualScanner() as peer:
        async with SerialTransport(SerialLine(peer.path)).open() as stream:
            peer.unplug()
            with pytest.raises(DeviceFault, match="went away"):
                await stream.write_some(b"x")


@pytest.mark.asyncio
async def test_a_refused_connection():
    """A wrong port number would be a riddle."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DeviceFault, match="check the port number"):
            await opened(TcpTransport("127.0.0.1", taken.getsockname()[1]))


@pytest.mark.asyncio
async def test_a_name_nobody_knows():
    """A misspelt host would crash the driver instead of being told."""
    with pytest.raises(DeviceFault, match="cannot be opened"):
        await opened(TcpTransport("no-such-host.invalid", 9100))


@pytest.mark.asyncio
async def test_connecting_gives_up():
    """A printer that is switched off would hold its worker for minutes."""
    loop = asyncio.get_running_loop()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:  # nobody accepts: the queue is full, further connections hang
            each.setblocking(False)
            each.connect_ex(address)
        began = loop.time()
        with pytest.raises(DeviceFault, match=r"within 0\.2 s"):
            await opened(TcpTransport(*address, connect_s=0.2))
        for each in waiting:
            each.close()
    assert loop.time() - began < 10


@pytest.mark.asyncio
async def test_a_script_answers_and_ends():
    """Tests that rely on a scripted device would prove nothing."""
    script = ScriptedTransport([b"hello"], answers=lambda data: data.upper(), takes=3)
    async with script.open() as stream:
        assert b"hello" == await stream.read()
        assert 3 == await stream.write_some(b"abcd")
        assert b"ABC" == await stream.read()
        with pytest.raises(DeviceFault):
            await stream.write_some(b"d")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await stream.read()
    assert (b"abc", 1) == (script.written, script.openings)
    with pytest.raises(DeviceFault, match="no"):
        await opened(ScriptedTransport(refuses=DeviceFault("no", remedy="none")))


@pytest.mark.asyncio
async def test_an_address_in_numbers_waits_for_no_name():
    """One printer whose name nobody answers for would keep all the others from being reached."""
    go_on = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    hanging = loop.run_in_executor(None, go_on.wait)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            await opened(TcpTransport("127.0.0.1", server.getsockname()[1], connect_s=20))
    finally:
        go_on.set()
        await hanging
