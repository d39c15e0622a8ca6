"""Whether HQ answers, and since when: told once when it goes, once when it is back."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from agent.contracts.clock import Clock

_log = structlog.get_logger(__name__)


class Presence:
    """Online or offline, as the last exchange on any task showed it."""

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        """Begin offline; `on_change` is called after each change, and only then."""
        self.online = False
        self.since = clock.stamp().wall
        """Wall clock, UTC: only shown."""
        self.last_error: str | None = None
        self.last_ack_at: str | None = None
        self._clock = clock
        self._on_change = on_change

    def answered(self) -> None:
        """HQ said something, whatever it was."""
        if not self.online:
            self._turn(online=True)
            self.last_error = None
            _log.info("HQ answers")

    def silent(self, reason: str) -> None:
        """HQ did not answer."""
        self.last_error = reason
        if self.online:
            self._turn(online=False)
            _log.warning("HQ does not answer, selling goes on", reason=reason)

    def failed(self, reason: str) -> None:
        """HQ answered, and something is wrong that a person must see."""
        self.last_error = reason

    def acked(self) -> None:
        """HQ has signed a position: nothing is wrong any more."""
        self.last_ack_at = self._clock.stamp().wall
        self.last_error = None

    def _turn(self, *, online: bool) -> None:
        self.online, self.since = online, self._clock.stamp().wall
        self._on_change()
