"""The state of every device at a glance, and the telling of it: once gone, once back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.core.identifiers import DeviceId

READY = "ready"
STARTING = "starting"
REMOVED = "removed"
UNTOLD_MAX = 4_096
"""Events that wait for a listener who does not listen; beyond that the oldest are lost, and named
in the log. The states themselves are never lost: the board shows them."""

OnEvent = Callable[[DeviceId, str, dict[str, Any]], Awaitable[None]]
"""Takes a device, an event type (`device`, `print`, `drawer`) and its data, ids only."""

log = structlog.get_logger(__name__)


class DeviceStatus(msgspec.Struct, frozen=True):
    """One device as of now."""

    id: DeviceId
    kind: str
    """`scanner`, `printer`, `display` or `scale`."""
    address: str
    """As in the settings."""
    state: str
    """`starting`, `ready`, `gone`, `broken`, or a `PrintOutcome` that keeps a printer from
    printing."""
    detail: str
    """Why, and what to do about it; empty while all is well."""
    since: str
    """`Stamp.wall` of when it came into this state."""
    last_error: str = ""
    """The detail of the last state that was not well, also once it is over."""
    counters: dict[str, int] = {}
    """Since the start, by name: `scans`, `noise`, `unknown`, `reopenings`, `restarts`, `jobs`."""
    drawer: str = ""
    """`open` or `closed`, of a printer that tells."""


class _Untold(msgspec.Struct):
    device: DeviceId
    type: str
    data: dict[str, Any]
    told: asyncio.Event


class Board:
    """Holds the states; a change is logged, and told as a `device` event.

    Telling is a queue of its own: whoever works a device never waits for a till that is busy, and
    a work that is cancelled never leaves half of its listeners untold.

    Attributes:
        stirred: set with each change of any state; its reader clears it.
    """

    def __init__(
        self, clock: Clock, on_event: OnEvent, addresses: Mapping[DeviceId, str] | None = None
    ) -> None:
        """Begin with no device.

        Args:
            clock: for the times shown.
            on_event: awaited for each event, one after the other.
            addresses: as in the settings, for those whose `add` names none.
        """
        self.stirred = asyncio.Event()
        self._clock = clock
        self._on_event = on_event
        self._addresses = addresses or {}
        self._statuses: dict[DeviceId, DeviceStatus] = {}
        self._woken: dict[DeviceId, asyncio.Event] = {}
        self._untold: deque[_Untold] = deque()
        self._telling: asyncio.Task[None] | None = None

    def add(self, device: DeviceId, kind: str, address: str = "") -> None:
        """Put a device on the board, starting."""
        now = self._clock.stamp().wall
        address = address or self._addresses.get(device, "")
        self._statuses[device] = DeviceStatus(device, kind, address, STARTING, "", now)
        self._woken[device] = asyncio.Event()

    def remove(self, device: DeviceId) -> None:
        """Take a device off the board, and tell."""
        gone = self._statuses.pop(device)
        self._woken.pop(device).set()
        data = {"device": device, "kind": gone.kind, "state": REMOVED, "detail": ""}
        log.info("device is not in use any more", device=device, kind=gone.kind)
        self.post(device, "device", data)

    def order(self, devices: list[DeviceId]) -> None:
        """Show the devices in this order."""
        self._statuses = {each: self._statuses[each] for each in devices}

    def statuses(self) -> list[DeviceStatus]:
        """List all devices in the order they were added."""
        return list(self._statuses.values())

    def status(self, device: DeviceId) -> DeviceStatus | None:
        """Show one device; None where it is not on the board."""
        return self._statuses.get(device)

    def note(self, device: DeviceId, state: str, detail: str = "") -> asyncio.Event | None:
        """Note a device's state; only a change of it is told, not another wording of it.

        Returns:
            Set once the change is told; None where there was none.
        """
        before = self._statuses.get(device)
        if before is None or (before.state, before.detail) == (state, detail):
            return None
        changed = before.state != state
        now = msgspec.structs.replace(
            before,
            state=state,
            detail=detail,
            since=self._clock.stamp().wall if changed else before.since,
            last_error=before.last_error if state == READY else detail or before.last_error,
        )
        self._statuses[device] = now
        if not changed:
            return None
        return self._changed(before, now)

    async def set(self, device: DeviceId, state: str, detail: str = "") -> None:
        """Note a device's state and wait until the change is told."""
        told = self.note(device, state, detail)
        if told is not None:
            await told.wait()

    def count(self, device: DeviceId, counter: str) -> None:
        """Add one to a device's counter."""
        status = self._statuses.get(device)
        if status is not None:
            status.counters[counter] = status.counters.get(counter, 0) + 1

    def show_drawer(self, device: DeviceId, drawer: str) -> None:
        """Note whether the drawer behind a printer is `open` or `closed`."""
        status = self._statuses.get(device)
        if status is not None:
            self._statuses[device] = msgspec.structs.replace(status, drawer=drawer)

    def post(self, device: DeviceId, kind: str, data: dict[str, Any]) -> asyncio.Event:
        """Tell an event, after those before it, without waiting for it."""
        told = asyncio.Event()
        self._untold.append(_Untold(device, kind, data, told))
        if len(self._untold) > UNTOLD_MAX:
            lost = self._untold.popleft()
            lost.told.set()
            log.error("an event was not told: too many wait", device=lost.device, type=lost.type)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell())
        return told

    async def tell(self, device: DeviceId, kind: str, data: dict[str, Any]) -> None:
        """Tell an event; where it cannot be stored (a full disk), devices go on all the same."""
        await self.post(device, kind, data).wait()

    async def all_told(self, within_s: float) -> None:
        """Wait until nothing is left to tell; give up after `within_s`."""
        if self._telling is not None:
            await asyncio.wait([self._telling], timeout=within_s)

    async def pause(self, device: DeviceId, seconds: float) -> None:
        """Leave a device alone for a while, or until it is worth another look."""
        woken = self._woken.get(device) or asyncio.Event()
        woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await woken.wait()

    def wake(self, device: DeviceId | None = None) -> None:
        """End the pause of a device, or of all: something was plugged in."""
        for each, woken in self._woken.items():
            if device in (None, each):
                woken.set()

    async def _tell(self) -> None:
        while self._untold:
            event = self._untold[0]
            try:
                await self._on_event(event.device, event.type, event.data)
            except Exception:  # of whoever listens; a device must not fail for it
                log.exception("an event of a device was lost", device=event.device, type=event.type)
            event.told.set()
            with suppress(IndexError):
                self._untold.popleft()

    def _changed(self, before: DeviceStatus, now: DeviceStatus) -> asyncio.Event:
        if now.state == READY and before.state != STARTING:
            self.count(now.id, "reopenings")
        self.stirred.set()
        self._log(before, now)
        data = {"device": now.id, "kind": now.kind, "state": now.state, "detail": now.detail}
        return self.post(now.id, "device", data)

    def _log(self, before: DeviceStatus, now: DeviceStatus) -> None:
        told = {"device": now.id, "kind": now.kind, "address": now.address}
        if now.state == READY:
            log.info("device is ready", **told)
        elif before.state in (READY, STARTING):
            log.warning("device is not ready", state=now.state, detail=now.detail, **told)
        else:
            log.debug("device is still not ready", state=now.state, detail=now.detail, **told)
