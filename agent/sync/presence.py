"""Whether HQ answers, and since when: told once when it goes, once when it is back."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from agent.contracts.clock import Clock

_log = structlog.get_logger(__name__)


class Presence:
    """Online or offline, as the last exchange on any task showed it.

    A task that got no answer turns this offline once, and again only after it has had one: what
    fails for one journal alone must not blink, nor wake the others without end.
    """

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        """Begin offline; `on_change` is called after each change, and only then."""
        self.online = False
        self.since = clock.stamp().wall
        """Wall clock, UTC: only shown."""
        self.last_ack_at: str | None = None
        self._clock = clock
        self._on_change = on_change
        self._failed: str | None = None
        self._unanswered: dict[str, str] = {}

    @property
    def last_error(self) -> str | None:
        """What a person must see, else why somebody gets no answer; None while all is well."""
        unanswered = next(iter(self._unanswered.values()), None)
        return (self._failed or unanswered) if self.online else (unanswered or self._failed)

    def answered(self, who: str) -> None:
        """HQ said something to a journal or the follower of a scope, whatever it was."""
        self._unanswered.pop(who, None)
        if not self.online:
            self._failed = None
            self._turn(online=True)
            _log.info("HQ answers")

    def silent(self, who: str, reason: str) -> None:
        """HQ did not answer a journal or the follower of a scope."""
        is_news = who not in self._unanswered
        self._unanswered[who] = reason
        if self.online and is_news:
            self._turn(online=False)
            _log.warning("HQ does not answer, selling goes on", reason=reason)

    def failed(self, reason: str) -> None:
        """HQ answered, and something is wrong that a person must see."""
        self._failed = reason

    def acked(self) -> None:
        """HQ has signed a position: nothing is wrong any more."""
        self.last_ack_at = self._clock.stamp().wall
        self._failed = None

    def _turn(self, *, online: bool) -> None:
        self.online, self.since = online, self._clock.stamp().wall
        self._on_change()
