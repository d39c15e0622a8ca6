"""One `[[device]]` of the settings as the drivers see it."""

from __future__ import annotations

from typing import Protocol


class DeviceRow(Protocol):
    """What a driver is made from; `agent.settings.DeviceSettings` is one, defaults filled in."""

    @property
    def id(self) -> str:
        """For messages."""
        ...

    @property
    def kind(self) -> str:
        """A key of `drivers.catalogue.KINDS`."""
        ...

    @property
    def address(self) -> str:
        """See `drivers.transports.address`."""
        ...

    @property
    def model(self) -> str | None:
        """Of a printer, display or scale: a key of its kind's `MODELS`."""
        ...

    @property
    def suffix(self) -> str:
        """Of a scanner: what ends a scan."""
        ...

    @property
    def prefix(self) -> str:
        """Of a scanner: what begins a scan."""
        ...

    @property
    def frame_timeout_ms(self) -> int:
        """Of a scanner: a pause that ends a scan; 0 for none."""
        ...

    @property
    def separator(self) -> str:
        """Of a scanner: what it sends for FNC1; of one that types also a key such as `F8`."""
        ...

    @property
    def layout(self) -> str:
        """Of an evdev scanner: its keyboard layout."""
        ...

    @property
    def watch(self) -> str:
        """Of a printer: `auto`, `hold` or `poll`."""
        ...

    @property
    def drawer_pin(self) -> int:
        """Of a printer: 2 or 5."""
        ...

    @property
    def drawer_on_ms(self) -> int:
        """Of a printer: length of the drawer's pulse."""
        ...

    @property
    def drawer_off_ms(self) -> int:
        """Of a printer: pause after it."""
        ...
