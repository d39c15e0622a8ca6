"""Keeping one device in use: opened, used until it goes away, opened again, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId
from agent.devices.backoff import Backoff
from agent.devices.board import Board

FIRST_S, CAP_S = 0.2, 5.0
"""A cable that slipped is back at once; one that is missing is looked for every few seconds."""
STEADY_S = 10.0
"""A device that stayed this long was really there; one that flaps keeps its longer waits."""

log = structlog.get_logger(__name__)


async def keep_in_use(
    device: DeviceId, use: Callable[[], Awaitable[None]], *, board: Board, rng: random.Random
) -> None:
    """Use a device until cancelled; a dead one costs the others nothing.

    Args:
        device: as in the settings.
        use: opens the device, puts it on the board as ready and works with it; raises
            `DeviceFault` when it cannot be opened or went away.
        board: where it stands while it is away.
        rng: for the jitter of waits.
    """
    backoff = Backoff(FIRST_S, CAP_S, rng)
    while True:
        began_at = asyncio.get_running_loop().time()
        try:
            await use()
        except DeviceFault as fault:
            await board.set(device, "gone", str(fault))
        except Exception as bug:
            # Whatever it is, it must not take the other devices down; it is told in full.
            log.exception("a device's driver failed", device=device)
            await board.set(device, "broken", f"{type(bug).__name__}: {bug}")
        if asyncio.get_running_loop().time() - began_at > STEADY_S:
            backoff.reset()
        await asyncio.sleep(backoff.next_s())
