"""The state of every device at a glance, and the telling of it: once gone, once back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.core.identifiers import DeviceId

READY = "ready"
STARTING = "starting"

OnEvent = Callable[[DeviceId, str, dict[str, Any]], Awaitable[None]]
"""Takes a device, an event type (`device`, `print`, `drawer`) and its data, ids only."""

log = structlog.get_logger(__name__)


class DeviceStatus(msgspec.Struct, frozen=True):
    """One device as of now."""

    id: DeviceId
    kind: str
    """`scanner` or `printer`."""
    address: str
    """As in the settings."""
    state: str
    """`starting`, `ready`, `gone`, `broken`, or a `PrintOutcome` that keeps a printer from
    printing."""
    detail: str
    """Why, and what to do about it; empty while all is well."""
    since: str
    """`Stamp.wall` of when it came into this state."""


class Board:
    """Holds the states; a change is logged, and told as a `device` event."""

    def __init__(self, clock: Clock, on_event: OnEvent, addresses: Mapping[DeviceId, str]) -> None:
        """Begin with no device."""
        self._clock = clock
        self._on_event = on_event
        self._addresses = addresses
        self._statuses: dict[DeviceId, DeviceStatus] = {}

    def add(self, device: DeviceId, kind: str) -> None:
        """Put a device on the board, starting."""
        address = self._addresses.get(device, "")
        now = self._clock.stamp().wall
        self._statuses[device] = DeviceStatus(device, kind, address, STARTING, "", now)

    def statuses(self) -> list[DeviceStatus]:
        """List all devices in the order they were added."""
        return list(self._statuses.values())

    async def set(self, device: DeviceId, state: str, detail: str = "") -> None:
        """Note a device's state; only a change of it is told, not another wording of it."""
        before = self._statuses[device]
        since = before.since if before.state == state else self._clock.stamp().wall
        now = msgspec.structs.replace(before, state=state, detail=detail, since=since)
        self._statuses[device] = now
        if before.state == state:
            return
        self._log(before, now)
        data = {"device": device, "kind": now.kind, "state": state, "detail": detail}
        await self.tell(device, "device", data)

    async def tell(self, device: DeviceId, kind: str, data: dict[str, Any]) -> None:
        """Tell an event; where it cannot be stored (a full disk), devices go on all the same."""
        try:
            await self._on_event(device, kind, data)
        except Exception:  # of whoever listens; a device must not fail for it
            log.exception("an event of a device was lost", device=device, type=kind)

    def _log(self, before: DeviceStatus, now: DeviceStatus) -> None:
        told = {"device": now.id, "kind": now.kind, "address": now.address}
        if now.state == READY:
            log.info("device is ready", **told)
        elif before.state in (READY, STARTING):
            log.warning("device is not ready", state=now.state, detail=now.detail, **told)
        else:
            log.debug("device is still not ready", state=now.state, detail=now.detail, **told)
