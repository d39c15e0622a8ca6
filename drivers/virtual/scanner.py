"""A barcode scanner on a pseudo-terminal: the real serial driver opens it like any other port."""

from __future__ import annotations

import os
import select
from pathlib import Path

from agent.contracts.devices import DeviceFault
from drivers.virtual.terminal import PseudoTerminal

READ_WITHIN_S = 60.0
"""How long a full line buffer (4 KiB) may stay full before nobody is believed to read it."""


class VirtualScanner(PseudoTerminal):
    """A scanner one can plug in, scan with, and pull out.

    With `link`, the port keeps its name when it is plugged in again, as /dev/serial/by-id does.
    """

    def __init__(self, link: Path | None = None, *, suffix: bytes = b"\r") -> None:
        super().__init__(link)
        self._suffix = suffix

    def scan(self, data: bytes) -> None:
        """Send a symbol with its end mark, as the scanner's trigger does.

        Raises:
            DeviceFault: nobody reads the port.
        """
        self.send(data + self._suffix)

    def send(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            DeviceFault: nobody reads the port.
        """
        while data:
            _, writable, _ = select.select([], [self.ours], [], READ_WITHIN_S)
            if not writable:
                raise DeviceFault(
                    f"nobody reads {self.path}",
                    remedy="start the agent with this port as a scanner's address",
                )
            data = data[os.write(self.ours, data) :]
