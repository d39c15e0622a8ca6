"""A device as the supervisor is handed it: a driver that is made, and what to make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agent.contracts.devices import Display, Printer, Scale, Scanner
from agent.core.identifiers import DeviceId

Driver = Scanner | Printer | Display | Scale
PRINTER = "printer"


class DrawerOptions(msgspec.Struct, frozen=True):
    """The cash drawer behind a printer."""

    open_is: str = "unknown"
    """Level of pin 3 while it is open: `high`, `low` or `unknown`."""
    alert_s: float = 60.0
    """A drawer open for longer is told; 0 never."""


class Handed(msgspec.Struct, frozen=True, eq=False):
    """One device; made anew by every reading of the settings, used only where it differs."""

    id: DeviceId
    kind: str
    """`scanner`, `printer`, `display` or `scale`."""
    driver: Any
    """A `Driver` of that kind, nothing opened."""
    address: str = ""
    """As in the settings, to be shown."""
    settings: object = None
    """Whatever the driver was made from; compared by `==`."""
    print_within_s: float = 7_200.0
    """Of a printer: a job that waited longer is asked about, and not printed by itself."""
    drawer: DrawerOptions = DrawerOptions()
    is_there: Callable[[], bool] | None = None
    """Tells whether the device's node is plugged in at this moment; None where it has none."""

    def same_as(self, other: Handed) -> bool:
        """Tell whether nothing changed, so that the device is to be left alone."""
        return self._what() == other._what()

    def _what(self) -> tuple[object, ...]:
        return (
            self.id,
            self.kind,
            self.address,
            self.settings,
            self.print_within_s,
            self.drawer,
        )
