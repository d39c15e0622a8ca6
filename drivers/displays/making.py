"""A display of the settings to its driver."""

from __future__ import annotations

from agent.contracts.devices import Display
from drivers.displays.line_display import LineDisplay
from drivers.displays.models import DEFAULT_MODEL, MODELS
from drivers.row import DeviceRow, model_of
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.glass import Glass


def display(device: DeviceRow) -> Display:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unknown model.
    """
    model = model_of(device, MODELS, DEFAULT_MODEL)
    return LineDisplay(transport_of(parse_address(device.address), virtual=Glass()), model)
