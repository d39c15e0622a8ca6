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
from drivers.displays import models as displays
from drivers.displays.line_display import LineDisplay
from drivers.printers import models as printers
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.star import StarPrinter
from drivers.scales import models as scales
from drivers.scales.polled import PolledScale
from drivers.scanners.evdev import EvdevScanner
from drivers.scanners.framed import FramedScanner
from drivers.scanners.hid_pos import HidPosScanner
from drivers.transports.making import USED_BY

DRIVERS = {
    "printer": {EscPosPrinter, StarPrinter},
    "display": {LineDisplay},
    "scale": {PolledScale},
}


def row(kind, address, **rest):
    return DeviceSettings(id=DeviceId("it"), kind=kind, address=address, **rest)


@pytest.mark.parametrize(
    ("device", "made"),
    [
        (row("scanner", "serial:/dev/ttyACM0?baud=9600"), FramedScanner),
        (row("scanner", "tcp:10.0.0.7:2000", suffix="\x03"), FramedScanner),
        (row("scanner", "virtual:hand"), FramedScanner),
        (row("scanner", "evdev:/dev/input/event5", layout="de"), EvdevScanner),
        (row("scanner", "hidraw:usb-0c2e:0b6a:A1"), HidPosScanner),
        (row("printer", "tcp:10.0.0.7:9100", model="epson-tm-t20iii"), EscPosPrinter),
        (row("printer", "serial:/dev/ttyS0"), EscPosPrinter),
        (row("printer", "usblp:usb-04b8:0202"), EscPosPrinter),
        (row("printer", "usblp:/dev/usb/lp0"), EscPosPrinter),
        (row("display", "serial:/dev/ttyUSB0"), LineDisplay),
        (row("display", "virtual:glass"), LineDisplay),
        (row("scale", "serial:port-1-1.2"), PolledScale),
        (row("scale", "tcp:10.0.0.7:4001"), PolledScale),
        (row("scale", "virtual:bananas-750g"), PolledScale),
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
        (row("printer", "evdev:/dev/input/event5"), "no printer is reached by `evdev:`", "usblp:"),
        (row("display", "usblp:/dev/usb/lp0"), "no display is reached by", "serial:"),
        (row("scale", "hidraw:/dev/hidraw0"), "no scale is reached by", "serial:"),
        (row("display", "virtual:x", model="zzz"), "unknown model", "the models are"),
        (row("scale", "virtual:x", model="zzz"), "unknown model", "the models are"),
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
    assert ("scanner", "printer", "display", "scale") == tuple(KINDS) == tuple(USED_BY)


@pytest.mark.parametrize(
    ("kind", "models"),
    [("printer", printers.MODELS), ("display", displays.MODELS), ("scale", scales.MODELS)],
)
def test_every_model_can_be_made(kind, models):
    """A model that `till-agent devices --models` lists could not be used."""
    made = {type(build(row(kind, "virtual:x", model=name))) for name in models}
    assert made
    assert made <= DRIVERS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_address_of_a_kind_can_be_made(kind):
    """The message about a wrong address would name others that are wrong as well."""
    addresses = {"tcp": "tcp:10.0.0.7:9100", "virtual": "virtual:x"}
    made = [build(row(kind, addresses.get(form, f"{form}:port-1-1"))) for form in USED_BY[kind]]
    assert len(USED_BY[kind]) == len(made)


def test_examples_in_docstrings_hold():
    """The documentation would show what the code does not do."""
    results = [
        doctest.testmod(importlib.import_module(module.name))
        for module in pkgutil.walk_packages(drivers.__path__, "drivers.")
    ]
    assert 0 == sum(result.failed for result in results)
    assert sum(result.attempted for result in results) >= 7
