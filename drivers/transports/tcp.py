"""TCP to printers (port 9100) and network scanners: quick to give up, quick to notice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agent.contracts.devices import DeviceFault
from drivers.transports.stream import DescriptorStream, Stream, cannot_open

CONNECT_S = 3.0
"""A device in the shop's own network answers in milliseconds or not at all."""
USER_TIMEOUT_MS = 30_000
"""Unacknowledged bytes end the connection; longer than any pause of a printer that prints."""
KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""Seconds, seconds, probes: a scanner that was switched off is noticed within half a minute."""


class TcpTransport:
    """A TCP connection per opening."""

    def __init__(self, host: str, port: int, *, connect_s: float = CONNECT_S) -> None:
        """Remember where to connect to; nothing is touched yet."""
        self._host = host
        self._port = port
        self._connect_s = connect_s
        self._name = f"{host}:{port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Connect; closing the context closes the connection at once."""
        connection = await self._connected()
        try:
            yield DescriptorStream(connection.fileno(), self._name)
        finally:
            connection.close()

    async def _connected(self) -> socket.socket:
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._try_each()
        except TimeoutError as cause:
            raise DeviceFault(
                f"{self._name} does not answer within {self._connect_s:g} s",
                remedy="check its power, its network cable and its IP address",
                name="device-closed",
            ) from cause
        except OSError as cause:
            raise cannot_open(self._name, cause) from cause

    async def _try_each(self) -> socket.socket:
        refused = OSError(f"no address for {self._host}")
        for family, kind, protocol, _, address in await self._found():
            try:
                return await _connect(socket.socket(family, kind, protocol), address)
            except OSError as cause:
                refused = cause
        raise refused

    async def _found(self) -> list[Any]:
        """Look its name up; a number is none, and needs no thread that names may have taken."""
        try:
            return socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except socket.gaierror:
            loop = asyncio.get_running_loop()
            return await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)


async def _connect(connection: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    except BaseException:  # cancelled by the timeout as well: the socket must not stay open
        connection.close()
        raise
    return connection
