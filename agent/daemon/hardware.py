"""The devices of the settings as drivers, and what happens at them handed to the tills."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.contracts.clock import Clock
from agent.contracts.devices import DeviceFault
from agent.core.identifiers import DeviceId, TillId
from agent.core.receipt import ReceiptDocument
from agent.core.receipt.shop import copy_mark
from agent.daemon.beside import BesideTill
from agent.daemon.scans import ScanRouter, announce
from agent.devices import DeviceSupervisor, DrawerOptions, Handed
from agent.devices.claims import Claims
from agent.devices.printing import Reveal
from agent.journal import Journal
from agent.settings import DeviceSettings, Settings, TillSettings
from agent.till import TillLoop
from agent.till.documents import Papers
from agent.till.printing import receipt
from drivers.catalogue import build
from drivers.transports.address import Address, parse_address
from drivers.transports.evdev import EvdevAddress
from drivers.transports.hidraw import HidrawAddress
from drivers.transports.identity import NodeKind, node_path
from drivers.transports.serial_port import SerialLine
from drivers.transports.usblp import UsblpAddress

UNKNOWN = "unknown"
"""The counter of scans nothing was recognised of; a high share means a bad scanner (R18)."""
_NODES: dict[type, NodeKind] = {
    SerialLine: "serial",
    UsblpAddress: "usblp",
    EvdevAddress: "evdev",
    HidrawAddress: "hidraw",
}


class Hardware:
    """All devices of the agent, as the settings say at this moment.

    Attributes:
        devices: the supervisor that keeps them alive.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        tills: Mapping[TillId, TillLoop],
        claims: Claims,
        papers: Papers,
        *,
        reveal: Reveal,
    ) -> None:
        """Make the drivers of all devices and their supervisor, and hand both to the tills.

        Args:
            settings: name the devices.
            journal: where print jobs wait.
            clock: for the times shown.
            tills: by their ids.
            claims: whose scanner is whose.
            papers: lays out receipts.
            reveal: deciphers other papers that waited.

        Raises:
            InputFault: a device of the settings has no driver; `load_checked` has said so before.
        """
        self._settings = settings
        self._tills = tills
        self._claims = claims
        self.devices = DeviceSupervisor(
            handed(settings),
            journal=journal,
            clock=clock,
            on_scan=ScanRouter(claims, tills),
            on_event=self._tell,
            rng=random.SystemRandom(),
            receipt=lambda conn, sale_id, copy: receipt(papers, conn, sale_id, copy=copy),
            copy_mark=lambda: ReceiptDocument(papers.shop.language, tuple(copy_mark(papers.shop))),
            reveal=reveal,
        )
        for loop in tills.values():
            loop.desk.peripherals = BesideTill(self.devices, loop.desk)
            loop.on_recognised = self._recognised

    async def reconfigure(self, settings: Settings) -> list[DeviceId]:
        """Take new settings over; a device that did not change is not touched.

        Returns:
            The devices that were.

        Raises:
            InputFault: as above; nothing was changed.
        """
        devices = handed(settings)
        self._settings = settings
        self._claims.rename({till.id: till.scanners for till in settings.tills})
        return await self.devices.reconfigure(devices)

    def _recognised(self, device: DeviceId, kind: str) -> None:
        """Count what a scanner sent that nobody could read: a worn label, or a worn scanner."""
        if kind == "unknown":
            self.devices.count(device, UNKNOWN)

    async def _tell(self, device: DeviceId, kind: str, data: dict[str, Any]) -> None:
        """Tell every till that uses a device what happened at it, and whose job it was."""
        for till in self._settings.tills:
            if device in _beside(till, kind) or data.get("till") == till.id:
                await announce(self._tills[till.id], kind, data)


def handed(settings: Settings) -> list[Handed]:
    """Make the driver of each device, opening nothing.

    Raises:
        InputFault: a device has no driver.
    """
    return [_handed(device) for device in settings.devices]


def _handed(device: DeviceSettings) -> Handed:
    return Handed(
        id=device.id,
        kind=device.kind,
        driver=build(device),
        address=device.address,
        settings=device,
        print_within_s=device.print_within_minutes * 60.0,
        drawer=DrawerOptions(device.drawer_open_is, float(device.drawer_alert_s)),
        is_there=_node_of(parse_address(device.address)),
    )


def _node_of(address: Address) -> Callable[[], bool] | None:
    """Give what tells whether the node of an address is plugged in; None where it has none."""
    kind = _NODES.get(type(address))
    place = getattr(address, "path", None)
    if kind is None or place is None:
        return None

    def is_there() -> bool:
        try:
            return Path(node_path(place, kind)).exists()
        except DeviceFault:
            return False

    return is_there


def _beside(till: TillSettings, kind: str) -> set[DeviceId | None]:
    """Name the devices of a till whose events of this kind concern it."""
    if kind == "drawer":
        return {till.drawer}
    return {*till.scanners, till.printer, till.drawer, till.display, till.scale}
