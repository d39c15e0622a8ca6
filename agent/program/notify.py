"""The service manager's notification socket (sd_notify(3)), and its watchdog."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

_USEC = 1_000_000


def notify(state: str) -> bool:
    """Send one state, such as `READY=1`; False where no service manager takes it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A leading @ names the abstract namespace.
    target = "\0" + address[1:] if address.startswith("@") else address
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    with socket.socket(socket.AF_UNIX, kind) as link:
        # A manager that does not read, or is gone, must not hold up or end the program.
        try:
            link.sendto(state.encode(), target)
        except OSError:
            return False
    return True


def watchdog_interval_s() -> float | None:
    """Give half of what the service manager waits for, or None if it does not watch us."""
    watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / (2 * _USEC) if watched and usec.isdigit() and int(usec) > 0 else None


async def feed_watchdog(is_well: Callable[[], bool]) -> None:
    """Feed the watchdog until cancelled, while `is_well` says that the parts that matter turn."""
    interval_s = watchdog_interval_s()
    if interval_s is None:
        await asyncio.Event().wait()
        return
    while True:
        if is_well():
            notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
