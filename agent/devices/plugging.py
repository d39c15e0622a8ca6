"""Hot-plug: udev tells at once what was plugged in; without udev the missing are looked for.

Nothing here opens a device. What is told only ends the pause of those that are away, so that they
are tried at once instead of at their next turn; and it finds the reader that did not notice that
its device is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import structlog

UDEV = Path("/run/udev/control")
"""There only while udevd runs: in a container the kernel's events never reach us."""
SUBSYSTEMS = ("tty", "usbmisc", "usb", "input", "hidraw")
MISSING_S = 1.0
"""How often a missing device is looked for, since not everything is told."""
WATCH_S = 5.0
"""How often a reader's device is looked for at all: a reader that hangs notices nothing."""

log = structlog.get_logger(__name__)


class Event(Protocol):
    """One of udev's events; `pyudev.Device` is one."""

    @property
    def action(self) -> str:
        """What happened: `add`, `remove`, `change`, `bind` or another word of the kernel's."""
        ...


class Monitor(Protocol):
    """Where udev's events come from; `pyudev.Monitor` is one."""

    def fileno(self) -> int:
        """Give the descriptor that is readable when there is an event."""
        ...

    def poll(self, timeout: float | None = None) -> Event | None:
        """Give the next event, or None."""
        ...


class Plugging:
    """Watches what is plugged in and out, until cancelled."""

    def __init__(
        self,
        *,
        stirred: asyncio.Event,
        look: Callable[[], bool],
        plugged: Callable[[], None],
        monitor: Callable[[], Monitor | None] | None = None,
    ) -> None:
        """Watch nothing yet.

        Args:
            stirred: set whenever a device changes its state; cleared here.
            look: looks after the devices' nodes, wakes who is worth another look, and tells
                whether any is missing.
            plugged: called when udev has told of a new device.
            monitor: opens udev's events; None where there are none.
        """
        self._stirred = stirred
        self._look = look
        self._plugged = plugged
        self._monitor = udev_monitor if monitor is None else monitor

    async def run(self) -> None:
        """Watch until cancelled."""
        with self._listening():
            while True:
                self._stirred.clear()
                missing = self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(MISSING_S if missing else WATCH_S):
                        await self._stirred.wait()
                        # A device that has just gone is not back in the same moment.
                        await asyncio.sleep(MISSING_S)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Listen to udev, where there is one."""
        monitor = self._monitor()
        if monitor is None:
            yield
            return
        loop, descriptor = asyncio.get_running_loop(), monitor.fileno()
        loop.add_reader(descriptor, self._heard, monitor)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)

    def _heard(self, monitor: Monitor) -> None:
        actions = set()
        try:
            while (device := monitor.poll(timeout=0)) is not None:
                actions.add(device.action)
        except OSError as cause:  # the kernel dropped events (ENOBUFS): as if one had been told
            log.warning("udev's events were lost", why=str(cause))
            actions.add("add")
        if actions - {"remove"}:
            self._plugged()
        if "remove" in actions:
            self._stirred.set()


def udev_monitor() -> Monitor | None:
    """Listen to udev; None, told once, where it does not run or cannot be used."""
    if not UDEV.exists():
        log.info("udev does not run: missing devices are looked for every second")
        return None
    try:
        import pyudev

        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in SUBSYSTEMS:
            monitor.filter_by(subsystem)
        monitor.start()
    except (ImportError, OSError) as cause:
        log.warning(
            "udev cannot be used: missing devices are looked for every second", why=str(cause)
        )
        return None
    found: Monitor = monitor
    return found
