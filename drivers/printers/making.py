"""A printer of the settings to its driver."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.faults import InputFault
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import DEFAULT_MODEL, ESCPOS, MODELS, STAR, PrinterModel
from drivers.printers.receipt_printer import DrawerPulse, ReceiptPrinter
from drivers.printers.star import StarPrinter
from drivers.row import DeviceRow, model_of
from drivers.transports.address import Address, TcpAddress, VirtualAddress, parse_address
from drivers.transports.making import transport_of
from drivers.virtual.mechanism import Mechanism
from drivers.virtual.pages import MAKERS, Tables
from drivers.virtual.paper import Paper
from drivers.virtual.star_paper import StarPaper

LANGUAGES: dict[str, tuple[type[ReceiptPrinter], Callable[[Tables], Mechanism]]] = {
    ESCPOS: (EscPosPrinter, Paper),
    STAR: (StarPrinter, StarPaper),
}
"""Language of a model → its driver, and what answers at a `virtual:` address."""
WATCHES = ("auto", "hold", "poll")
PULSE_MS = {
    ESCPOS: ((2, 510), "`ESC p` counts in steps of 2 ms"),
    STAR: ((10, 1270), "`ESC BEL` counts in steps of 10 ms"),
}
"""Language → the shortest and longest pulse and pause, and why."""


def printer(device: DeviceRow) -> ReceiptPrinter:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unknown model, a pulse the printer cannot make.
    """
    model = model_of(device, MODELS, DEFAULT_MODEL)
    driver, mechanism = LANGUAGES[model.language]
    address = parse_address(device.address)
    return driver(
        transport_of(address, virtual=mechanism(MAKERS[model.maker]).feed),
        model,
        pulse=_pulse(device, model),
        hold=_holds(device, address),
    )


def _holds(device: DeviceRow, address: Address) -> bool:
    """Keep a wire's connection; over the network others may print too, unless told otherwise."""
    if device.watch not in WATCHES:
        raise InputFault(
            f"printer {device.id!r} is to be watched in an unknown way {device.watch!r}",
            remedy=f"use one of {', '.join(WATCHES)}",
            name="bad-watch",
        )
    if device.watch == "auto":
        return not isinstance(address, TcpAddress | VirtualAddress)
    return device.watch == "hold"


def _pulse(device: DeviceRow, model: PrinterModel) -> DrawerPulse:
    if device.drawer_pin not in (2, 5):
        raise _bad_pulse(device, f"pin {device.drawer_pin}", "use pin 2 or 5")
    (least, most), why = PULSE_MS[model.language]
    for name, value in (
        ("drawer_on_ms", device.drawer_on_ms),
        ("drawer_off_ms", device.drawer_off_ms),
    ):
        if not least <= value <= most:
            raise _bad_pulse(device, f"{name} = {value}", f"use {least} to {most}: {why}")
    return DrawerPulse(device.drawer_pin, device.drawer_on_ms, device.drawer_off_ms)


def _bad_pulse(device: DeviceRow, what: str, remedy: str) -> InputFault:
    return InputFault(
        f"the drawer of printer {device.id!r} cannot be opened with {what}",
        remedy=remedy,
        name="bad-drawer-pulse",
    )
