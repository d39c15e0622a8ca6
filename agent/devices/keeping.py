"""Keeping one device in use: opened, used until it goes away, opened again, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

import structlog

from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId
from agent.devices.backoff import Backoff
from agent.devices.board import Board

FIRST_S, CAP_S = 0.2, 1.5
"""A cable that slipped is back at once; one that is missing is looked for every second or so, and
at once where something tells that it is back (`agent.devices.plugging`)."""
STEADY_S = 10.0
"""A device that stayed this long was really there; one that flaps keeps its longer waits."""
OPEN_S = 10.0
"""An opening that takes longer hangs in the kernel or on the network."""

T = TypeVar("T")
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
            board.note(device, "gone", str(fault))
        except Exception as bug:
            # Whatever it is, it must not take the other devices down; it is told in full.
            log.exception("a device's driver failed", device=device)
            board.note(device, "broken", f"{type(bug).__name__}: {bug}")
        if asyncio.get_running_loop().time() - began_at > STEADY_S:
            backoff.reset()
        await board.pause(device, backoff.next_s())


@asynccontextmanager
async def opened_in_time(
    opening: AbstractAsyncContextManager[T], device: DeviceId
) -> AsyncIterator[T]:
    """Open a device, but do not wait for ever.

    Raises:
        DeviceFault: `device-hangs`, or whatever opening it raises.
    """
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(OPEN_S):
                found = await stack.enter_async_context(opening)
        except TimeoutError:
            raise DeviceFault(
                f"{device} does not open within {OPEN_S:.0f} s: its driver or adapter hangs",
                remedy="unplug it and plug it in again; if it stays, restart the machine",
                name="device-hangs",
            ) from None
        yield found
