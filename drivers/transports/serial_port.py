"""Serial ports, USB CDC-ACM and ptys: pyserial opens, configures and locks, the loop watches.

pyserial's own `read` and `write` are not used: they call select() on descriptors below 1024 and
spin while a non-blocking write finds no room.
"""

from __future__ import annotations

import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import serial

from agent.contracts.devices import DeviceFault
from drivers.transports.identity import HERE, Places, node_path
from drivers.transports.opening import open_in_thread
from drivers.transports.stream import DescriptorStream, Stream, cannot_open

PARITIES = {
    "none": serial.PARITY_NONE,
    "even": serial.PARITY_EVEN,
    "odd": serial.PARITY_ODD,
    "mark": serial.PARITY_MARK,
    "space": serial.PARITY_SPACE,
}
FLOWS = ("none", "rtscts", "dsrdtr", "xonxoff")


_PSEUDO_TERMINALS = Path("/dev/pts")


class SerialLine(msgspec.Struct, frozen=True):
    """How the line is set; what a scanner or printer is delivered with, where it is silent."""

    path: str
    """A path, or an identity (`drivers.transports.identity`)."""
    baud: int = 9600
    parity: str = "none"
    """A key of `PARITIES`."""
    bits: int = 8
    stop: int = 1
    flow: str = "none"
    """One of `FLOWS`."""


class SerialTransport:
    """A serial port; opened exclusively, since two readers would each get half of a scan."""

    def __init__(self, line: SerialLine, *, places: Places = HERE) -> None:
        """Remember how to open it; nothing is touched yet."""
        self._line = line
        self._places = places

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Open the port; what lay in its buffer from before is dropped, it belongs to no one."""
        port = await open_in_thread(self._open, _close)
        try:
            yield DescriptorStream(port.fileno(), str(port.name))
        finally:
            _close(port)

    def _open(self) -> serial.Serial:
        line = self._line
        path = node_path(line.path, "serial", self._places)
        if Path(path).resolve().is_relative_to(_PSEUDO_TERMINALS):
            # It has no line: the kernel keeps it at eight bits without parity, and answers EINVAL
            # to whoever asks for something else a second time.
            line = msgspec.structs.replace(line, bits=8, parity="none")
        try:
            return serial.Serial(
                path,
                baudrate=line.baud,
                bytesize=line.bits,
                parity=PARITIES[line.parity],
                stopbits=line.stop,
                rtscts=line.flow == "rtscts",
                dsrdtr=line.flow == "dsrdtr",
                xonxoff=line.flow == "xonxoff",
                timeout=0,
                exclusive=True,
            )
        except OSError as cause:  # SerialException is one, and termios.error is not
            raise cannot_open(path, cause) from cause
        except (ValueError, termios.error) as cause:
            raise DeviceFault(
                f"{path} cannot be set to {line.baud} baud, {line.bits} bits, "
                f"parity {line.parity}: {cause}",
                remedy="check that the path is a serial port, and its baud rate in the settings",
                name="device-closed",
            ) from cause


def _close(port: serial.Serial) -> None:
    # Without the flush, closing waits (up to 30 s) for a device that takes no more bytes.
    with suppress(OSError, termios.error):
        port.reset_output_buffer()
    with suppress(OSError):
        port.close()
