"""A display of the settings to its driver."""

from __future__ import annotations

from difflib import get_close_matches

from agent.contracts.devices import Display
from agent.core.faults import InputFault
from drivers.displays.line_display import LineDisplay
from drivers.displays.models import DEFAULT_MODEL, MODELS, DisplayModel
from drivers.row import DeviceRow
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.glass import Glass


def display(device: DeviceRow) -> Display:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unknown model.
    """
    model = _model(device)
    return LineDisplay(transport_of(parse_address(device.address), virtual=Glass()), model)


def _model(device: DeviceRow) -> DisplayModel:
    name = device.model or DEFAULT_MODEL
    if name in MODELS:
        return MODELS[name]
    near = get_close_matches(name, MODELS, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputFault(
        f"display {device.id!r} has an unknown model {name!r}",
        remedy=f"{meant}the models are {', '.join(MODELS)}",
        name="unknown-model",
    )
