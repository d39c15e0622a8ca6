from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import drivers
from agent.contracts.devices import PrintOutcome
from agent.core.faults import InputFault
from agent.core.identifiers import DeviceId
from agent.core.receipt.document import Cut, ReceiptDocument, Text
from agent.settings.model import DeviceSettings
from drivers.catalogue import KINDS, build
from drivers.printers.escpos import EscPosPrinter
from drivers.scanners.framed import FramedScanner


def row(kind, address, **rest):
    return DeviceSettings(id=DeviceId("it"), kind=kind, address=address, **rest)


@pytest.mark.parametrize(
    ("device", "made"),
    [
        (row("scanner", "serial:/dev/ttyACM0?baud=9600"), FramedScanner),
        (row("scanner", "tcp:10.0.0.7:2000", suffix="\x03"), FramedScanner),
        (row("scanner", "virtual:hand"), FramedScanner),
        (row("printer", "tcp:10.0.0.7:9100", model="epson-tm-t20iii"), EscPosPrinter),
        (row("printer", "serial:/dev/ttyS0"), EscPosPrinter),
        (row("printer", "virtual:paper", model="generic-58mm"), EscPosPrinter),
    ],
)
def test_rows_of_the_settings_become_drivers(device, made):
    """A device as the settings' page shows it could not be used."""
    assert made is type(build(device))


@pytest.mark.parametrize(
    ("device", "says", "remedy"),
    [
        (row("toaster", "tcp:10.0.0.7:1"), "unknown kind 'toaster'", "scanner, printer"),
        (row("printer", "tcp:10.0.0.7"), "no host and port", "tcp:HOST:PORT"),
        (row("scanner", "usb:1"), "no known form", "serial:PATH"),
        (row("printer", "virtual:x", model="epson-tm-t20"), "unknown model", "epson-tm-t20ii'?"),
        (row("printer", "virtual:x", model="zzz"), "unknown model", "generic-58mm"),
        (row("scanner", "virtual:x", suffix=""), "suffix ''", "\\r"),
        (row("scanner", "virtual:x", suffix="→"), "suffix '→'", "\\r"),
    ],
)
def test_mistakes_are_told(device, says, remedy):
    """IT would have to guess what is wrong with a device's settings."""
    with pytest.raises(InputFault, match=says) as caught:
        build(device)
    assert remedy in caught.value.remedy


@pytest.mark.asyncio
async def test_a_virtual_printer_prints():
    """A shop without a printer could not try the program."""
    printer = build(row("printer", "virtual:paper"))
    document = ReceiptDocument("en", (Text("Hello"), Cut()))
    assert PrintOutcome.SUCCESS == (await printer.print_document(document)).outcome


def test_kinds():
    """The message about kinds would name others than there are."""
    assert ("scanner", "printer", "display", "scale") == tuple(KINDS)


def test_examples_in_docstrings_hold():
    """The documentation would show what the code does not do."""
    results = [
        doctest.testmod(importlib.import_module(module.name))
        for module in pkgutil.walk_packages(drivers.__path__, "drivers.")
    ]
    assert 0 == sum(result.failed for result in results)
    assert sum(result.attempted for result in results) >= 7
