"""A scale of the settings to its driver."""

from __future__ import annotations

import re

import msgspec

from agent.contracts.devices import Scale
from drivers.row import DeviceRow, model_of
from drivers.scales.models import DEFAULT_MODEL, MODELS, ScaleModel
from drivers.scales.polled import PolledScale
from drivers.transports.address import Address, VirtualAddress, parse_address
from drivers.transports.making import transport_of
from drivers.transports.serial_port import SerialLine
from drivers.virtual.platter import Platter

_LOAD = re.compile(r"(\d{1,5})g$")


def scale(device: DeviceRow) -> Scale:
    """Make the driver; nothing is opened.

    On a `virtual:` scale lies what its name ends in, such as 750 g on `virtual:bananas-750g`.

    Raises:
        InputFault: a bad address, an unknown model.
    """
    model = model_of(device, MODELS, DEFAULT_MODEL)
    address = parse_address(device.address)
    transport = transport_of(_set(address, device.address, model), virtual=_platter(address, model))
    return PolledScale(transport, model)


def _set(address: Address, text: str, model: ScaleModel) -> Address:
    """Set the line as such scales are delivered, where the address says nothing about it."""
    if not isinstance(address, SerialLine) or "bits=" in text or "parity=" in text:
        return address
    return msgspec.structs.replace(address, bits=model.bits, parity=model.parity)


def _platter(address: Address, model: ScaleModel) -> Platter | None:
    if not isinstance(address, VirtualAddress):
        return None
    load = _LOAD.search(address.name)
    unit = "lb" if model.name.endswith("-lb") else "kg"
    return Platter(
        "sma" if model.name.startswith("sma") else "toledo",
        unit=unit,
        load_g=int(load[1]) if load else 0,
    )
