"""uvicorn, with a port that is taken said clearly, and an end that lets long polls go."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from typing import Literal

import uvicorn
from litestar.types import ASGIApp

from agent.core.faults import Fault
from agent.program.connections import Doorkeeper, guarded

BACKLOG = 2048
GRACE_S = 5
"""How long requests under way may take after the order to stop."""


IDLE_S = 75
"""Longer than any caller of ours keeps an idle connection: so it is never the program that lets go
of one somebody is just about to use."""


class ListenFault(Fault):
    """The address cannot be listened on; the program does not start."""

    name = "cannot-listen"
    title = "The address cannot be listened on"


class Server(uvicorn.Server):
    """Serves until asked to stop; signals are the caller's."""

    def __init__(
        self,
        app: ASGIApp,
        ready: Callable[[], None],
        *,
        ws: Literal["none", "websockets-sansio"] = "none",
        ws_bytes_max: int = 65_536,
        door: Doorkeeper | None = None,
    ) -> None:
        """Prepare; `ready` is called once requests are accepted, `door` keeps connections few."""
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                http="auto" if door is None else guarded(door),
                ws=ws,
                ws_max_size=ws_bytes_max,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept requests, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the daemons have handlers of their own on the loop."""
        yield


def split_address(listen: str) -> tuple[str, int]:
    """Split `host:port` or `[v6]:port`, as the settings have checked it."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def listen_on(host: str, port: int, *, setting: str) -> socket.socket:
    """Open the listening socket, before anything else is started.

    Args:
        host: an address of this machine.
        port: 0 takes any.
        setting: how the settings call it, for the remedy: `[agent] listen`.

    Raises:
        ListenFault: the port is taken, privileged, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # asyncio switches Nagle's algorithm off only where the protocol is named; with it on, every
        # answer on a kept connection waits 40 ms for the other side's delayed acknowledgement.
        server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        return _listening(server, host, port)
    except OSError as error:
        raise ListenFault(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            remedy=_remedy(error.errno, port, setting),
        ) from error


def _listening(server: socket.socket, host: str, port: int) -> socket.socket:
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(BACKLOG)
        server.setblocking(False)
    except OSError:
        server.close()
        raise
    return server


def _remedy(code: int | None, port: int, setting: str) -> str:
    if code == errno.EADDRINUSE:
        return (
            f"stop the program that holds the port (ss -ltnp 'sport = :{port}' names it), or set "
            f"another port in {setting}"
        )
    if code == errno.EACCES:
        return f"take a port above 1023 in {setting}"
    return f"set {setting} to an address of this machine, such as 127.0.0.1"
