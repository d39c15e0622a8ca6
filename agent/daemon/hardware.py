"""The devices of the settings as drivers, and what happens at them handed to the tills."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

from agent.contracts.clock import Clock
from agent.contracts.devices import Printer, Scanner
from agent.core.identifiers import DeviceId, TillId
from agent.daemon.scans import ScanRouter, announce
from agent.devices.claims import Claims
from agent.devices.supervisor import DeviceSupervisor
from agent.journal import Journal
from agent.settings import Settings
from agent.till import TillLoop
from agent.till.documents import Papers
from agent.till.printing import receipt
from drivers.catalogue import build

OnEvent = Callable[[DeviceId, str, dict[str, Any]], Awaitable[None]]


def supervise(
    settings: Settings,
    journal: Journal,
    clock: Clock,
    tills: dict[TillId, TillLoop],
    claims: Claims,
    papers: Papers,
) -> DeviceSupervisor:
    """Make the drivers of all devices and the supervisor that keeps them alive.

    Raises:
        InputFault: a device of the settings has no driver; `load_checked` has said so before.
    """
    built = {device.id: (device.kind, build(device)) for device in settings.devices}
    scanners: dict[DeviceId, Any] = {
        name: driver for name, (kind, driver) in built.items() if kind == "scanner"
    }
    printers: dict[DeviceId, Any] = {
        name: driver for name, (kind, driver) in built.items() if kind == "printer"
    }
    return DeviceSupervisor(
        _typed_scanners(scanners),
        _typed_printers(printers),
        journal=journal,
        clock=clock,
        on_scan=ScanRouter(claims, tills),
        on_event=_events_to_tills(settings, tills),
        rng=random.SystemRandom(),
        receipt=lambda conn, sale_id, copy: receipt(papers, conn, sale_id, copy=copy),
        addresses={device.id: device.address for device in settings.devices},
    )


def _typed_scanners(scanners: dict[DeviceId, Any]) -> dict[DeviceId, Scanner]:
    return scanners


def _typed_printers(printers: dict[DeviceId, Any]) -> dict[DeviceId, Printer]:
    return printers


def _events_to_tills(settings: Settings, tills: dict[TillId, TillLoop]) -> OnEvent:
    """Tell every till that uses a device what happened at it."""

    async def on_event(device: DeviceId, kind: str, data: dict[str, Any]) -> None:
        for till in settings.tills:
            if device in {*till.scanners, till.printer, till.drawer}:
                await announce(tills[till.id], kind, data)

    return on_event
