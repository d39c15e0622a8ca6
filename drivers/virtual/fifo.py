"""A device node without hardware: a FIFO that drivers read as they read /dev."""

from __future__ import annotations

import os
import select
from pathlib import Path

from agent.contracts.devices import DeviceFault
from drivers.virtual.plugged import Plugged

READ_WITHIN_S = 60.0
"""How long a full pipe (64 KiB) may stay full before nobody is believed to read it."""


class FifoDevice(Plugged):
    """Something that can be plugged in, sends bytes, and can be pulled out."""

    form = ""
    """The address form that reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ours = -1

    @property
    def path(self) -> str:
        """Where the node is."""
        return str(self._path)

    @property
    def address(self) -> str:
        """As written in the settings."""
        return f"{self.form}:{self._path}"

    def plug(self) -> None:
        """Make the node; opened both ways, so that it stays while nobody reads it."""
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, 0o600)
        self._ours = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def unplug(self) -> None:
        """Take the node away: whoever has it open sees the end."""
        self._path.unlink(missing_ok=True)
        if self._ours >= 0:
            os.close(self._ours)
        self._ours = -1

    def send(self, data: bytes) -> None:
        """Send bytes as they are: recordings, or noise.

        Raises:
            DeviceFault: nobody reads the node.
        """
        while data:
            _, writable, _ = select.select([], [self._ours], [], READ_WITHIN_S)
            if not writable:
                raise DeviceFault(
                    f"nobody reads {self.path}",
                    remedy=f"start the agent with {self.address} as a scanner's address",
                )
            data = data[os.write(self._ours, data) :]
