"""Connections kept few and short: so many at once, a head within its time, no head without end.

uvicorn waits for ever for the head of a request, and takes any number of connections. One program
on the till's machine (or one page in its browser) could so use up every file handle. Here a
connection that has not said what it wants is cut off after seconds, and where there are too many,
the one that has waited longest without asking for anything makes room: whoever comes with a
request is served.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 5.0
"""How long the head of a request may take: any client sends it in one go."""
HEAD_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 512
"""Of all addresses; a till page and a piece of POS software hold six each."""
CONNECTIONS_EACH_MAX = 128
"""Of one address that is not this machine's own."""
BUSY_S = 30.0
"""A request that takes longer has a client that does not read the answer."""
_STATUS = {408: b"408 Request Timeout", 431: b"431 Request Header Fields Too Large"}


class Doorkeeper:
    """Knows every connection, and makes room."""

    def __init__(self, most: int = CONNECTIONS_MAX, most_each: int = CONNECTIONS_EACH_MAX) -> None:
        """Begin with nobody inside."""
        self._most = most
        self._most_each = most_each
        self._inside: dict[GuardedProtocol, str] = {}

    def __len__(self) -> int:
        """Count the connections inside."""
        return len(self._inside)

    def enter(self, connection: GuardedProtocol) -> bool:
        """Let a connection in, if need be in the place of an idle one; tell whether it may stay."""
        host = connection.client[0] if connection.client else ""
        same = [each for each, its in self._inside.items() if its == host]
        room = len(self._inside) < self._most or self._make_room(list(self._inside))
        if room and len(same) >= self._most_each and not _is_own(host):
            room = self._make_room(same)
        if room:
            self._inside[connection] = host
        return room

    def leave(self, connection: GuardedProtocol) -> None:
        """Forget a connection that has ended, or became a WebSocket."""
        self._inside.pop(connection, None)

    def _make_room(self, among: list[GuardedProtocol]) -> bool:
        idle = [each for each in among if each.may_go()]
        if not idle:
            return False
        # Who has never asked for anything goes first, then who was silent longest.
        longest = min(idle, key=lambda each: (each.served, each.since))
        self.leave(longest)
        longest.transport.abort()
        return True


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a time and a size for the head of each request."""

    door: ClassVar[Doorkeeper]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection, if there is room for it."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.served = False
        self._answering = False
        self.since = self.loop.time()
        self._late: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        if self.door.enter(self):
            self._expect_head()
        else:
            self.transport.abort()

    def may_go(self) -> bool:
        """Tell whether nothing of value is lost with this connection."""
        return not self._answering or self.loop.time() - self.since > BUSY_S

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head are counted, from the chunk after its first on."""
        head = self._late
        super().data_received(data)
        if head is None or self._late is not head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        super().on_message_begin()
        if self._late is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """End the head of a request."""
        self._head_is_there()
        self._answering = True
        self.since = self.loop.time()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.served = True
        self._answering = False
        self.since = self.loop.time()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; those who watch are counted by the API."""
        self._head_is_there()
        self.door.leave(self)
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._head_is_there()
        self.door.leave(self)
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._late = self.loop.call_later(HEAD_S, self._refuse, 408)

    def _head_is_there(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int) -> None:
        self._head_is_there()
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % _STATUS[status]
            )
            self.transport.close()


def guarded(door: Doorkeeper) -> type[GuardedProtocol]:
    """Make the protocol of one server: uvicorn takes a class, and calls it per connection."""
    return type("Guarded", (GuardedProtocol,), {"door": door})


def _is_own(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a socket of this machine's file system has no address
        return True
