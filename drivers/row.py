"""One `[[device]]` of the settings as the drivers see it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol, TypeVar

from agent.core.faults import InputFault

M = TypeVar("M")


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


def model_of(device: DeviceRow, models: Mapping[str, M], default: str) -> M:
    """Find the model a row names, or the one its kind has by default.

    Raises:
        InputFault: `unknown-model`, with the one that may be meant.
    """
    name = device.model or default
    if name in models:
        return models[name]
    near = get_close_matches(name, models, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputFault(
        f"{device.kind} {device.id!r} has an unknown model {name!r}",
        remedy=f"{meant}the models are {', '.join(models)}",
        name="unknown-model",
    )
