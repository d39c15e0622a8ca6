"""Opening what may take its time: in a thread, and given up without leaving anything open."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import msgspec

from agent.contracts.devices import DeviceFault
from drivers.transports.stream import READ_SIZE, cannot_open

T = TypeVar("T")


async def open_in_thread(opening: Callable[[], T], closing: Callable[[T], None]) -> T:
    """Open in a thread: waking or setting up a hung USB adapter can take seconds.

    Whoever is cancelled meanwhile leaves nothing behind: what opens later is closed at once.

    Raises:
        DeviceFault: whatever `opening` raises.
    """
    pending = asyncio.ensure_future(asyncio.to_thread(opening))

    def close_late(done: asyncio.Future[T]) -> None:
        if not done.cancelled() and done.exception() is None:
            closing(done.result())

    try:
        return await asyncio.shield(pending)
    except asyncio.CancelledError:
        pending.add_done_callback(close_late)
        raise


class OpenNode(msgspec.Struct, frozen=True):
    """A device node that was opened; whoever opened it closes it."""

    descriptor: int
    path: str
    recorded: bool
    """It is a FIFO: a recorded or virtual device, without the device's ioctls."""


def open_node(path: str, flags: int, remedies: Mapping[int, str]) -> OpenNode:
    """Open a device node without waiting.

    Args:
        path: of a character device, or of a FIFO that plays one.
        flags: O_RDONLY or O_RDWR.
        remedies: by errno, what to do where this kind of device needs other words than usual.

    Raises:
        DeviceFault: it cannot be opened, or is neither.
    """
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as cause:
        raise cannot_open(path, cause, remedies) from cause
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISCHR(mode):
        return OpenNode(descriptor, path, recorded=False)
    if stat.S_ISFIFO(mode):
        return OpenNode(_drained(descriptor), path, recorded=True)
    os.close(descriptor)
    raise DeviceFault(
        f"{path} is no device",
        remedy="check the address in the settings: it must name a device below /dev",
        name="device-closed",
    )


def close_node(node: OpenNode) -> None:
    """Close it."""
    os.close(node.descriptor)


def _drained(descriptor: int) -> int:
    # A device remembers nothing from before it was opened; a FIFO does, up to a mebibyte.
    with suppress(BlockingIOError):
        for _ in range(16):
            if not os.read(descriptor, READ_SIZE):
                break
    return descriptor
