"""Which scopes are followed: those of the enrolment, and the region HQ gives keys of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.core.exchange.replica import REGION
from agent.sync.feeds import FeedFollower


class Following:
    """A follower for each scope, each with its task.

    Attributes:
        followers: by scope, those that run.
    """

    def __init__(self, make: Callable[[str], FeedFollower]) -> None:
        """Prepare; `make` gives the follower of a scope."""
        self.followers: dict[str, FeedFollower] = {}
        self._make = make
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Have the tasks run in this group."""
        self._group = group

    def start(self, scope: str) -> None:
        """Follow a scope, if it is not followed already."""
        if self._group is None or scope in self.followers:
            return
        follower = self.followers[scope] = self._make(scope)
        self._tasks[scope] = self._group.create_task(follower.run(), name=f"sync-feed-{scope}")

    def granted(self, scopes: frozenset[str]) -> None:
        """Follow the region HQ gives keys of, and no other one any more."""
        regions = {scope for scope in scopes if scope.startswith(REGION)}
        followed = {scope for scope in self.followers if scope.startswith(REGION)}
        for scope in sorted(followed - regions):
            self._tasks.pop(scope).cancel()
            del self.followers[scope]
        for scope in sorted(regions):
            self.start(scope)
