"""USB printers, input devices and HID devices: the nodes below /dev, and FIFOs in their place."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import tty

import pytest

from agent.contracts.devices import DeviceFault
from drivers.transports import evdev, hidraw, usblp
from drivers.transports.evdev import EvdevAddress, EvdevTransport
from drivers.transports.hidraw import HidrawAddress, HidrawTransport
from drivers.transports.usblp import UsblpAddress, UsblpTransport

NODES = [
    (UsblpTransport, UsblpAddress),
    (EvdevTransport, EvdevAddress),
    (HidrawTransport, HidrawAddress),
]


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "node"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    yield str(path), held
    os.close(held)


async def opened(transport):
    async with transport.open() as stream:
        return stream


async def read(stream):
    async with asyncio.timeout(30):
        return await stream.read()


@pytest.mark.parametrize(("transport", "address"), NODES)
@pytest.mark.asyncio
async def test_a_missing_node_says_what_to_check(transport, address, tmp_path):
    """A device that is not plugged in would be a riddle."""
    with pytest.raises(DeviceFault, match="No such file") as caught:
        await opened(transport(address(str(tmp_path / "none"))))
    assert "plugged in" in caught.value.remedy


@pytest.mark.parametrize(("transport", "address"), NODES)
@pytest.mark.asyncio
async def test_a_file_is_no_device(transport, address, tmp_path):
    """Receipts would be written into a file that a typing error names."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DeviceFault, match="is no device"):
        await opened(transport(address(str(path))))


@pytest.mark.parametrize(
    ("transport", "says"),
    [
        (EvdevTransport(EvdevAddress("/dev/null")), "no input device"),
        (HidrawTransport(HidrawAddress("/dev/null")), "no HID device"),
    ],
)
@pytest.mark.asyncio
async def test_another_device_is_refused(transport, says):
    """An address that names another device would be read for ever without a scan."""
    with pytest.raises(DeviceFault, match=says):
        await opened(transport)


@pytest.mark.parametrize(
    ("module", "number", "words"),
    [
        (usblp, errno.EBUSY, "CUPS"),
        (usblp, errno.ENOENT, "CUPS"),
        (usblp, errno.EACCES, "group `lp`"),
        (evdev, errno.EACCES, "group `input`"),
        (evdev, errno.EBUSY, "fuser"),
        (hidraw, errno.EACCES, "udev rule"),
    ],
)
def test_the_remedy_fits_the_device(module, number, words):
    """IT would not learn who holds the printer, or which group is missing (R7)."""
    assert words in module.REMEDIES[number]


@pytest.mark.asyncio
async def test_a_printer_that_is_held_names_who_may_hold_it(monkeypatch):
    """IT would not learn that CUPS holds the printer (R7)."""

    def busy(*_, **__):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("drivers.transports.opening.os.open", busy)
    with pytest.raises(DeviceFault, match="busy") as caught:
        await opened(UsblpTransport(UsblpAddress("/dev/usb/lp0")))
    assert "CUPS" in caught.value.remedy


@pytest.mark.asyncio
async def test_a_usb_printer_is_written_and_read():
    """A USB printer could not print, or could not tell that its paper is out."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        async with UsblpTransport(UsblpAddress(os.ttyname(theirs))).open() as stream:
            assert 5 == await stream.write_some(b"hello")
            assert b"hello" == os.read(ours, 16)
            os.write(ours, b"\x12")
            assert b"\x12" == await read(stream)
            os.close(ours)
            with pytest.raises(DeviceFault, match="went away"):
                await read(stream)
    finally:
        os.close(theirs)


@pytest.mark.asyncio
async def test_an_empty_packet_is_no_hang_up(monkeypatch):
    """A printer that answers reads with empty packets would be reopened for ever."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    real, empty = os.read, [b"", b""]

    def read_some(descriptor, size):
        return empty.pop() if empty else real(descriptor, size)

    try:
        async with UsblpTransport(UsblpAddress(os.ttyname(theirs))).open() as stream:
            os.write(ours, b"\x12")
            monkeypatch.setattr("drivers.transports.stream.os.read", read_some)
            assert b"\x12" == await read(stream)
    finally:
        os.close(ours)
        os.close(theirs)
    assert [] == empty


@pytest.mark.parametrize(("transport", "address"), NODES[1:])
@pytest.mark.asyncio
async def test_a_fifo_plays_a_device(transport, address, fifo):
    """A recorded stream could not exercise the code that reads the device."""
    path, held = fifo
    os.write(held, b"from before")
    async with transport(address(path)).open() as stream:
        os.write(held, b"events")
        assert b"events" == await read(stream)
    async with transport(address(path)).open() as stream:
        os.write(held, b"again")
        assert b"again" == await read(stream)


@pytest.mark.parametrize(("transport", "address"), NODES[1:])
@pytest.mark.asyncio
async def test_the_end_of_a_recording_is_an_unplug(transport, address, tmp_path):
    """A scanner that was pulled out would look alive for ever (R22)."""
    path = tmp_path / "node"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    async with transport(address(str(path))).open() as stream:
        reading = asyncio.create_task(read(stream))
        await asyncio.sleep(0)
        os.close(held)
        with pytest.raises(DeviceFault, match="went away"):
            await reading


@pytest.mark.asyncio
async def test_a_keyboard_is_taken_and_given_back(fifo, monkeypatch):
    """Each scan would also be typed into the window in front, or the keyboard stay dead (R17)."""
    path, _ = fifo
    asked = []
    monkeypatch.setattr(
        evdev.fcntl, "ioctl", lambda fd, request, on: asked.append((fd, request, on))
    )
    async with EvdevTransport(EvdevAddress(path)).open():
        assert [(0x40044590, 1)] == [each[1:] for each in asked]
    assert [1, 0] == [on for _, _, on in asked]
    assert 1 == len({fd for fd, _, _ in asked})


@pytest.mark.asyncio
async def test_a_keyboard_somebody_else_has_taken(fifo, monkeypatch):
    """Half of the scans would go to the other program, without a word."""
    path, _ = fifo

    def refuse(*_):
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(evdev.fcntl, "ioctl", refuse)
    with pytest.raises(DeviceFault, match="busy") as caught:
        await opened(EvdevTransport(EvdevAddress(path)))
    assert "another program has taken this keyboard" in caught.value.remedy


@pytest.mark.asyncio
async def test_the_report_descriptor_is_asked_for(monkeypatch):
    """The layout of reports would be guessed instead of known."""
    descriptor = bytes.fromhex("058c0902a101c0")

    def answer(_, request, buffer):
        if request == 0x80044801:
            buffer[:] = len(descriptor).to_bytes(4, "little")
            return 0
        assert 0x90044802 == request
        assert (4100, len(descriptor)) == (len(buffer), int.from_bytes(buffer[:4], "little"))
        buffer[4 : 4 + len(descriptor)] = descriptor
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answer)
    stream = await opened(HidrawTransport(HidrawAddress("/dev/null")))
    assert (descriptor, True) == (stream.report_descriptor, stream.whole_reports)


@pytest.mark.asyncio
async def test_a_device_that_will_not_tell_its_descriptor(monkeypatch):
    """The system's own reason would be lost."""

    def refuse(*_):
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    with pytest.raises(DeviceFault, match="Input/output error"):
        await opened(HidrawTransport(HidrawAddress("/dev/null")))


@pytest.mark.asyncio
async def test_a_recording_brings_its_descriptor_along(fifo, tmp_path):
    """A recording could only be read if it has the most common layout."""
    path, _ = fifo
    transport = HidrawTransport(HidrawAddress(path))
    assert None is (await opened(transport)).report_descriptor
    (tmp_path / "node.descriptor").write_bytes(b"\x05\x8c")
    stream = await opened(transport)
    assert (b"\x05\x8c", False) == (stream.report_descriptor, stream.whole_reports)
    (tmp_path / "node.descriptor").unlink()
    (tmp_path / "node.descriptor").mkdir()
    with pytest.raises(DeviceFault, match="directory"):
        await opened(transport)
