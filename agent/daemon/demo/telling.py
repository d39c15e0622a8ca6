"""What the steps of the story share: the world they happen in, and what they insist on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from agent.daemon.demo.programs import call
from agent.daemon.demo.shop import Till
from agent.daemon.demo.watching import Watcher
from agent.daemon.demo.world import Refused, World

Say = Callable[[str], None]


class StoryFailed(Exception):
    """A check of the story did not hold."""


def check(holds: object, what: str) -> None:
    """Insist on a fact of the story.

    Raises:
        StoryFailed: it does not hold.
    """
    if not holds:
        raise StoryFailed(what)


class Story:
    """The world, the till, and what the steps remember for one another."""

    def __init__(self, world: World, watcher: Watcher, say: Say, patience: float = 1.0) -> None:
        self.world = world
        self.till = Till(world, watcher)
        self.watcher = watcher
        self.say = say
        self.patience = patience
        """How many times slower than an idle machine this one may be."""
        self.greta = ""
        self.nora = ""
        self.completed: list[dict[str, Any]] = []
        self.by_points = 0
        """Minor units of what was sold."""
        self.half_done: dict[str, Any] = {}

    async def complete(self, given: int) -> dict[str, Any]:
        """Pay the open sale in cash and remember it as completed."""
        done = await self.till.pay_cash(given)
        self.completed.append(done)
        return done

    async def timeline(self, party_id: str) -> list[dict[str, Any]]:
        """Read a customer's history at HQ; empty while HQ has not heard of them."""
        try:
            page = await self.world.ask_hq("GET", f"/v1/parties/{party_id}/timeline")
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return []
            raise
        found: list[dict[str, Any]] = page["interactions"]
        return found

    async def at_hq(self, party_id: str, receipt_no: str, within_s: float) -> int:
        """Wait until HQ shows a receipt in a customer's history; gives the milliseconds."""
        started = time.monotonic()
        while time.monotonic() - started < within_s * self.patience:
            refs = [happened["ref"] for happened in await self.timeline(party_id)]
            if receipt_no in refs:
                return int((time.monotonic() - started) * 1000)
            await asyncio.sleep(0.02)
        raise StoryFailed(f"HQ did not show {receipt_no} within {within_s * self.patience} s")

    async def verified(self) -> int:
        """Verify the journals from the file itself; gives the number of entries."""
        config = str(self.world.agent_toml)
        out = await call("till-agent", "journal", "verify", "--json", "--config", config)
        reports = msgspec.json.decode(out)
        check(all(report["ok"] for report in reports), f"the journal does not verify: {out}")
        return sum(report["tail_seq"] for report in reports)
