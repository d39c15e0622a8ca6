"""uvicorn, with a port that is taken said clearly, and an end that lets long polls go."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from litestar.types import ASGIApp

from agent.core.faults import Fault

BACKLOG = 2048
GRACE_S = 5
"""How long requests under way may take after the order to stop."""

IDLE_S = 75
"""Longer than the links of tills keep an idle connection: so it is never HQ that lets go of one
a till is just about to use."""


class ListenFault(Fault):
    """The address cannot be listened on; HQ does not start."""

    name = "cannot-listen"
    title = "The address cannot be listened on"


class Server(uvicorn.Server):
    """Serves until asked to stop; signals are the caller's."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        """Prepare; `ready` is called once requests are accepted."""
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
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
        """Leave signals alone: the daemon has handlers of its own on the loop."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, before anything else is started.

    Raises:
        ListenFault: the port is taken, privileged, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(BACKLOG)
    except OSError as error:
        server.close()
        raise ListenFault(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            remedy=_remedy(error.errno, port),
        ) from error
    server.setblocking(False)
    return server


def _remedy(code: int | None, port: int) -> str:
    if code == errno.EADDRINUSE:
        return (
            f"stop the program that holds the port (ss -ltnp 'sport = :{port}' names it), or set "
            "another port in [central] listen"
        )
    if code == errno.EACCES:
        return "take a port above 1023 in [central] listen"
    return "set [central] listen to an address of this machine, such as 127.0.0.1:8470"
