from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from drivers.transports.address import TcpAddress, VirtualAddress, parse_address
from drivers.transports.evdev import EvdevAddress
from drivers.transports.hidraw import HidrawAddress
from drivers.transports.serial_port import SerialLine
from drivers.transports.usblp import UsblpAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp:192.168.1.50:9100", TcpAddress("192.168.1.50", 9100)),
        ("tcp:[::1]:9100", TcpAddress("::1", 9100)),
        ("tcp:printer.shop:1", TcpAddress("printer.shop", 1)),
        ("virtual:paper", VirtualAddress("paper")),
        ("serial:/dev/ttyACM0", SerialLine("/dev/ttyACM0")),
        ("serial:usb-0c2e:0b6a:A1?baud=115200", SerialLine("usb-0c2e:0b6a:A1", 115_200)),
        ("serial:port-1-1.2", SerialLine("port-1-1.2")),
        ("usblp:/dev/usb/lp0", UsblpAddress("/dev/usb/lp0")),
        ("usblp:usb-04b8:0202", UsblpAddress("usb-04b8:0202")),
        ("evdev:/dev/input/event5", EvdevAddress("/dev/input/event5")),
        ("evdev:port-1-1.2", EvdevAddress("port-1-1.2")),
        ("hidraw:/dev/hidraw0", HidrawAddress("/dev/hidraw0")),
        ("hidraw:usb-0c2e:0b6a:A1", HidrawAddress("usb-0c2e:0b6a:A1")),
        (
            "serial:/dev/serial/by-id/usb-1?baud=115200&parity=EVEN&bits=7&stop=2&flow=rtscts",
            SerialLine("/dev/serial/by-id/usb-1", 115_200, "even", 7, 2, "rtscts"),
        ),
    ],
)
def test_addresses(text, address):
    """A device written as the settings' page says could not be reached."""
    assert address == parse_address(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no known form"),
        ("usb:/dev/x", "no known form"),
        ("virtual:", "no known form"),
        ("tcp:host", "no host and port"),
        ("tcp::9100", "no host and port"),
        ("tcp:host:0", "no host and port"),
        ("tcp:host:65536", "no host and port"),
        ("tcp:host:port", "no host and port"),
        ("serial:ttyS0", "no absolute path"),
        ("serial:usb-1:2", "no USB identity"),
        ("usblp:lp0", "no absolute path"),
        ("evdev:event5", "no absolute path"),
        ("hidraw:port-1", "no USB identity"),
        ("serial:/dev/ttyS0?baud=9601", "out of range"),
        ("serial:/dev/ttyS0?baud=", "out of range"),
        ("serial:/dev/ttyS0?parity=some", "not known"),
        ("serial:/dev/ttyS0?flow=up", "not known"),
        ("serial:/dev/ttyS0?speed=9600", "unknown option 'speed'"),
    ],
)
def test_bad_addresses(text, says):
    """A typing error in the settings would show only as a dead device, without a reason."""
    with pytest.raises(InputFault, match=says) as caught:
        parse_address(text)
    assert "bad-address" == caught.value.name
    assert caught.value.remedy


def test_the_message_shows_every_form():
    """IT would not learn that a scanner can be named by its serial number or its port."""
    with pytest.raises(InputFault) as caught:
        parse_address("usb:1")
    forms = ("serial:", "tcp:", "usblp:", "evdev:", "hidraw:", "virtual:")
    identities = ("usb-VID:PID", "usb-VID:PID:SERIAL", "port-1-1.2")
    assert [] == [form for form in (*forms, *identities) if form not in caught.value.remedy]


def test_unknown_options_are_told_together_and_in_words():
    """IT would mend one typing error only to be shown the next, beside a piece of Python."""
    with pytest.raises(InputFault, match="unknown option 'speed', 'foo'") as caught:
        parse_address("serial:/dev/ttyS0?speed=9600&foo=1")
    assert "use baud, parity, bits, stop, flow" == caught.value.remedy
