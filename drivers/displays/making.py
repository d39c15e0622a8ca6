"""A display of the settings to its driver."""

from __future__ import annotations

from agent.contracts.devices import Display
from agent.core.faults import InputFault
from drivers.row import DeviceRow


def display(device: DeviceRow) -> Display:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unknown model.
    """
    raise InputFault(
        f"display {device.id!r} has an unknown model {device.model!r}",
        remedy="there is no model of this kind yet",
        name="unknown-model",
    )
