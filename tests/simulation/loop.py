"""An event loop whose time is simulated: waiting costs nothing, and a seed is one history.

Nothing is ever polled: when no callback is ready, time jumps to the next timer. What the product
hands to a thread runs at once, on the loop.
"""

from __future__ import annotations

import asyncio
import selectors


class Stuck(Exception):
    """Everybody waits for somebody else: no callback is ready and no timer runs."""


LONGEST_S = 86_400
"""No history takes a tenth of it: who is still waited for then has swallowed that it was to end."""


class _NoSelector(selectors.BaseSelector):
    """Knows no sockets; what it is asked to wait for is time."""

    def __init__(self):
        self.now = 0.0

    def register(self, fileobj, *_):
        raise Stuck(f"a simulated program opened {fileobj}")

    unregister = register

    def select(self, timeout=None):
        if timeout is None:
            raise Stuck("nothing is left to happen")
        self.now += max(0.0, timeout)
        if self.now > LONGEST_S:
            raise Stuck("a day is over, and something that was to end has not")
        return []

    def get_map(self):
        return {}


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop over simulated time."""

    def __init__(self):
        self._virtual = _NoSelector()
        super().__init__(self._virtual)

    def time(self):
        return self._virtual.now

    def run_in_executor(self, _executor, function, *arguments):
        future = self.create_future()
        try:
            future.set_result(function(*arguments))
        except Exception as problem:  # noqa: BLE001, whoever waits for the thread gets it
            future.set_exception(problem)
        return future

    def _write_to_self(self):
        """Nobody sleeps in a selector that would have to be woken."""

    _make_self_pipe = _close_self_pipe = _write_to_self


def run(coroutine):
    """Run a simulated history to its end."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(coroutine)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
