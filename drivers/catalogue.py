"""The one table of device kinds: a row of the settings to a driver.

Building touches no hardware, so it is also how settings are checked.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.contracts.devices import Display, Printer, Scale, Scanner
from agent.core.faults import InputFault
from drivers.displays.making import display
from drivers.printers.making import printer
from drivers.row import DeviceRow
from drivers.scales.making import scale
from drivers.scanners.making import scanner
from drivers.transports.making import address_of

Driver = Scanner | Printer | Display | Scale


def build(device: DeviceRow) -> Driver:
    """Make the driver of a device; nothing is opened.

    Raises:
        InputFault: an unknown kind, a bad address or one of another kind of device, an unknown
            model, settings that cannot work together.
    """
    maker = KINDS.get(device.kind)
    if maker is None:
        raise InputFault(
            f"device {device.id!r} is of an unknown kind {device.kind!r}",
            remedy=f"use one of {', '.join(KINDS)}",
            name="unknown-kind",
        )
    address_of(device)
    return maker(device)


KINDS: dict[str, Callable[[DeviceRow], Driver]] = {
    "scanner": scanner,
    "printer": printer,
    "display": display,
    "scale": scale,
}
"""Device kind → what makes its driver."""
