"""A network scanner without hardware: listens, and sends its scans to whoever is connected."""

from __future__ import annotations

import select
import socket
import struct
from contextlib import suppress

from agent.contracts.devices import DeviceFault
from drivers.virtual.plugged import Plugged

CONNECTED_WITHIN_S = 60.0
"""How long a scan waits for somebody to connect, or to read on."""
_NO_LINGER = struct.pack("ii", 1, 0)


class VirtualTcpScanner(Plugged):
    """A scanner with a network cable; one connection is served, the last one made."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, suffix: bytes = b"\r") -> None:
        self._host, self._port = host, port
        self._suffix = suffix
        self._listening: socket.socket | None = None
        self._connected: socket.socket | None = None

    @property
    def address(self) -> str:
        """As written in the settings, `tcp:HOST:PORT`."""
        return f"tcp:{self._host}:{self._port}"

    def plug(self) -> None:
        """Listen; on the same port as before, if it was plugged in already."""
        listening = socket.create_server((self._host, self._port))
        self._port = listening.getsockname()[1]
        self._listening = listening

    def unplug(self, *, reset: bool = False) -> None:
        """Close; with `reset` as a device that lost its power and is back (RST)."""
        if self._connected is not None and reset:
            self._connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        for each in (self._connected, self._listening):
            if each is not None:
                each.close()
        self._connected = self._listening = None

    def scan(self, data: bytes) -> None:
        """Send a symbol with its end mark.

        Raises:
            DeviceFault: nobody is connected.
        """
        self.send(data + self._suffix)

    def send(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            DeviceFault: nobody is connected.
        """
        self._accept(0 if self._connected else CONNECTED_WITHIN_S)
        if self._connected is None:
            raise DeviceFault(
                f"nobody is connected to {self.address}",
                remedy="start the agent with this as a scanner's address",
            )
        with suppress(ConnectionError):  # a scanner does not know whether anybody listens
            self._connected.sendall(data)

    def _accept(self, within_s: float) -> None:
        waiting = [self._listening] if self._listening else []
        while select.select(waiting, [], [], within_s)[0] and self._listening:
            if self._connected is not None:
                self._connected.close()
            self._connected, _ = self._listening.accept()
            self._connected.settimeout(CONNECTED_WITHIN_S)
            within_s = 0
