"""When each token was last used: in memory at once, on disk now and then."""

from __future__ import annotations

import asyncio
import time

import structlog

from agent.core.faults import Fault
from agent.journal import Journal, pairing

KEPT_EVERY_S = 600.0
"""Who looks for a token nobody uses any more thinks in weeks; ten minutes cost the disk nothing."""

log = structlog.get_logger(__name__)


class TokenUses:
    """The last use of every token since the start."""

    def __init__(self) -> None:
        """Begin without any."""
        self._last: dict[str, str] = {}
        self._kept_s: dict[str, float] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    def last(self, digest: str) -> str | None:
        """Give the time of a token's last use since the start; None where there was none."""
        return self._last.get(digest)

    def note(self, journal: Journal, digest: str, at: str) -> None:
        """Note a use; whoever calls does not wait for the disk, and cannot fail for it.

        Args:
            journal: where it is kept.
            digest: of the token.
            at: `Stamp.wall` of now.
        """
        self._last[digest] = at
        now_s = time.monotonic()
        if now_s - self._kept_s.get(digest, -KEPT_EVERY_S) < KEPT_EVERY_S:
            return
        self._kept_s[digest] = now_s
        task = asyncio.get_running_loop().create_task(_keep(journal, digest, at))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    def forget(self, digest: str) -> None:
        """Drop a token that was revoked."""
        self._last.pop(digest, None)
        self._kept_s.pop(digest, None)


async def _keep(journal: Journal, digest: str, at: str) -> None:
    try:
        await journal.write(lambda conn: pairing.used(conn, digest, at))
    except Fault as fault:
        log.warning("a token's use was not kept", why=str(fault))
