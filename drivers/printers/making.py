"""A printer of the settings to its driver."""

from __future__ import annotations

from difflib import get_close_matches

from agent.contracts.devices import Printer
from agent.core.faults import InputFault
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import DEFAULT_MODEL, MODELS, PrinterModel
from drivers.row import DeviceRow
from drivers.transports.address import parse_address
from drivers.transports.making import transport_of
from drivers.virtual.paper import Paper


def printer(device: DeviceRow) -> Printer:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unknown model.
    """
    transport = transport_of(parse_address(device.address), virtual=Paper().feed)
    return EscPosPrinter(transport, _model(device))


def _model(device: DeviceRow) -> PrinterModel:
    name = device.model or DEFAULT_MODEL
    if name in MODELS:
        return MODELS[name]
    near = get_close_matches(name, MODELS, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputFault(
        f"printer {device.id!r} has an unknown model {name!r}",
        remedy=f"{meant}the models are {', '.join(MODELS)}",
        name="unknown-model",
    )
