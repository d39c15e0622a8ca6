"""The service manager's notification socket (sd_notify protocol of systemd), in a few lines.

The watchdog is fed from the till loops' own turns: a loop that hangs is restarted, and no healthy
side task can vouch for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable

STUCK_AFTER_S = 10
"""A till loop that has not turned for this long is stuck: the watchdog goes hungry."""


def notify(state: str) -> bool:
    """Send one state, such as `READY=1`; False where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A leading @ names the abstract namespace (sd_notify(3)).
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.sendto(state.encode(), target)
    return True


def watchdog_interval_s() -> float | None:
    """Half of `WATCHDOG_USEC` in seconds, or None where no watchdog is set for this process."""
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2_000_000 if for_us and usec.isdigit() and int(usec) > 0 else None


async def feed_watchdog(oldest_turn_s: Callable[[], float]) -> None:
    """Feed the watchdog for ever, as long as every till loop turns.

    Args:
        oldest_turn_s: gives the monotonic time at which the slowest loop last turned.
    """
    interval = watchdog_interval_s()
    while interval is not None:
        if time.monotonic() - oldest_turn_s() < STUCK_AFTER_S:
            notify("WATCHDOG=1")
        await asyncio.sleep(interval)
