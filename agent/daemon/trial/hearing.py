"""The daemon's events, followed by a command: what happens at the tills that use a device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from agent.daemon.control import base_url, read_admin_token
from agent.settings import Settings

Event = dict[str, Any]
CONNECT_S = 5.0


class Hearing:
    """Events of some tills from now on, in the order they come."""

    def __init__(self, events: SimpleQueue[Event]) -> None:
        """Take the queue they are put into."""
        self._events = events

    def until(self, wanted: Callable[[Event], bool], within_s: float) -> Event | None:
        """Give the first event that is wanted; None where none comes in time."""
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except Empty:
                return None
            if wanted(event):
                return event
        return None


@contextmanager
def hearing(settings: Settings, tills: tuple[str, ...]) -> Iterator[Hearing]:
    """Follow some tills with the admin token, each event once.

    Raises:
        DaemonAway, AccessFault: there is no token to be had.
        OSError: the daemon does not answer.
    """
    token = read_admin_token(Path(settings.agent.state_dir))
    events: SimpleQueue[Event] = SimpleQueue()
    with ExitStack() as links:
        for till in tills:
            address = f"{base_url(settings).replace('http', 'ws', 1)}/v1/tills/{till}/events"
            link = links.enter_context(
                connect(address, proxy=None, open_timeout=CONNECT_S, close_timeout=1)
            )
            link.send(msgspec.json.encode({"token": token}).decode())
            reader = Thread(target=_read, args=(link, events), daemon=True)
            reader.start()
            links.callback(reader.join, CONNECT_S)
            links.callback(link.close)
        yield Hearing(events)


def _read(link: ClientConnection, events: SimpleQueue[Event]) -> None:
    try:
        for frame in link:
            events.put(msgspec.json.decode(frame))
    except ConnectionClosed:
        return
