"""The display and the scale beside a till, as the settings name them at this moment."""

from __future__ import annotations

from agent.contracts.devices import WeightReading
from agent.devices import DeviceSupervisor
from agent.till.desk import Desk
from agent.till.peripherals import NoPeripherals


class BesideTill:
    """What a till asks of its display and its scale (`agent.till.peripherals.Peripherals`)."""

    def __init__(self, devices: DeviceSupervisor, desk: Desk) -> None:
        """Take who keeps the devices, and the desk whose settings say which are meant."""
        self._devices = devices
        self._desk = desk

    @property
    def has_scale(self) -> bool:
        """Whether goods can be weighed at this till."""
        return self._desk.till.scale is not None

    @property
    def display_columns(self) -> int | None:
        """Characters per line of the customer's display; None where there is none."""
        size = self._size()
        return None if size is None else size[0]

    @property
    def display_rows(self) -> int:
        """Lines of the display; 0 where there is none."""
        size = self._size()
        return 0 if size is None else size[1]

    def show(self, lines: tuple[str, ...]) -> None:
        """Show lines to the customer, the newest only; never waits, never fails."""
        display = self._desk.till.display
        if display is not None:
            self._devices.show(display, lines)

    async def weigh(self, within_s: float) -> WeightReading:
        """Give a stable weight above zero, at most a second old, or wait for one.

        Raises:
            StateFault: `no-scale`, `no-weight`, `unstable-weight`.
            UnavailableFault: `scale-not-ready`.
        """
        scale = self._desk.till.scale
        if scale is None:
            return await NoPeripherals().weigh(within_s)
        return await self._devices.weigh(scale, within_s)

    async def zero(self, within_s: float) -> None:
        """Have the scale take its present load as zero.

        Raises:
            StateFault: `no-scale`, `not-zeroed`.
            UnavailableFault: `scale-not-ready`.
        """
        scale = self._desk.till.scale
        if scale is None:
            return await NoPeripherals().zero(within_s)
        return await self._devices.zero(scale, within_s)

    def _size(self) -> tuple[int, int] | None:
        display = self._desk.till.display
        return None if display is None else self._devices.display_size(display)
