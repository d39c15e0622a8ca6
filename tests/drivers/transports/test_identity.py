from __future__ import annotations

import pytest

from agent.contracts.devices import DeviceFault
from drivers.transports.address import parse_address
from drivers.transports.identity import Places, is_place, node_path
from drivers.transports.making import node_of
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.virtual.scanner import VirtualScanner
from tests.drivers.transports.usb import POS_DESCRIPTOR, VOLUME_KEYS, plug


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "sys", tmp_path / "dev")


def found(places, place, kind="serial"):
    return node_path(place, kind, places).removeprefix(f"{places.dev}/")


@pytest.mark.parametrize(
    ("text", "well_formed"),
    [
        ("/dev/ttyACM0", True),
        ("usb-0c2e:0b6a", True),
        ("usb-0C2E:0B6A:19033B0E4F", True),
        ("port-1-1", True),
        ("port-3-1.4.2", True),
        ("port-1-1.2:1.0", True),
        ("/", False),
        ("ttyACM0", False),
        ("usb-c2e:b6a", False),
        ("usb-0c2e:0b6a:", False),
        ("usb-0c2e:0b6a:A B", False),
        ("port-1", False),
        ("port-1-1.", False),
    ],
)
def test_what_a_place_looks_like(text, well_formed):
    """A typing error would be looked for among the devices, for ever."""
    assert well_formed == is_place(text)


def test_a_path_is_its_own_answer(places):
    """A path of /dev/serial/by-id could no longer be used."""
    assert "/dev/serial/by-id/x" == node_path("/dev/serial/by-id/x", "serial", places)


def test_like_devices_are_told_apart_by_serial_and_by_port(places):
    """Two like scanners would swap tills when the machine restarts (R23)."""
    plug(places.sys, "tty", "ttyACM0", port="1-1.1", serial="A1")
    plug(places.sys, "tty", "ttyACM1", port="1-1.2", serial="A2")
    assert "ttyACM0" == found(places, "usb-0c2e:0b6a:A1")
    assert "ttyACM1" == found(places, "usb-0C2E:0B6A:A2")
    assert "ttyACM1" == found(places, "port-1-1.2")
    assert "ttyACM1" == found(places, "port-1-1.2:1.0")


def test_an_identity_follows_the_device_to_another_name(places):
    """After replugging, the scanner would be looked for under the name it had before (R8)."""
    plug(places.sys, "tty", "ttyACM0", serial="A1")
    assert "ttyACM0" == found(places, "usb-0c2e:0b6a")
    (places.sys / "class/tty/ttyACM0").unlink()
    plug(places.sys, "tty", "ttyACM3", port="1-4", serial="A1")
    assert "ttyACM3" == found(places, "usb-0c2e:0b6a")


@pytest.mark.parametrize(
    ("serials", "interfaces", "remedy"),
    [
        (("A1", "A2"), ("1.0", "1.0"), ["`usb-0c2e:0b6a:A1`", "`usb-0c2e:0b6a:A2`"]),
        (("A1", "A1"), ("1.0", "1.0"), ["`port-1-1`", "`port-1-2`"]),
        (("", ""), ("1.0", "1.0"), ["`port-1-1`", "`port-1-2`"]),
    ],
)
def test_an_ambiguous_identity_says_how_to_tell_them_apart(places, serials, interfaces, remedy):
    """One of two like scanners would be taken by chance."""
    for at, (serial, interface) in enumerate(zip(serials, interfaces, strict=True)):
        plug(
            places.sys, "tty", f"ttyACM{at}", port=f"1-{at + 1}", serial=serial, interface=interface
        )
    with pytest.raises(DeviceFault, match="2 devices") as caught:
        found(places, "usb-0c2e:0b6a")
    assert "device-ambiguous" == caught.value.name
    assert "ttyACM0" in caught.value.detail
    assert "ttyACM1" in caught.value.detail
    assert all(each in caught.value.remedy for each in remedy)


def test_two_interfaces_of_one_device_are_told_apart(places):
    """An adapter with two serial ports could not be used."""
    plug(places.sys, "tty", "ttyUSB0", serial="A1", interface="1.0")
    plug(places.sys, "tty", "ttyUSB1", serial="A1", interface="1.1")
    with pytest.raises(DeviceFault, match="2 devices") as caught:
        found(places, "usb-0c2e:0b6a:A1")
    assert "`port-1-1:1.1`" in caught.value.remedy
    assert "ttyUSB1" == found(places, "port-1-1:1.1")


def test_nothing_there_says_what_is(places):
    """IT would have to guess what the device is called."""
    with pytest.raises(DeviceFault, match="no such serial device") as caught:
        found(places, "port-1-1.2")
    assert "plugged in now: none" in caught.value.remedy
    plug(places.sys, "tty", "ttyACM0", serial="A1")
    plug(places.sys, "tty", "ttyS0", usb="ffff:0001", port="1-3")
    with pytest.raises(DeviceFault, match="no such serial device") as caught:
        found(places, "usb-1234:5678")
    assert "ttyACM0 Xenon 1950 (usb-0c2e:0b6a, port 1-1, serial A1)" in caught.value.remedy


def test_what_is_no_usb_device_is_no_candidate(places):
    """A built-in port would be taken for a scanner."""
    place = places.sys / "devices/platform/serial8250/tty/ttyS0"
    place.mkdir(parents=True)
    (places.sys / "class/tty").mkdir(parents=True)
    (places.sys / "class/tty/ttyS0").symlink_to(place)
    with pytest.raises(DeviceFault, match="no such"):
        found(places, "usb-0c2e:0b6a")


def test_the_keyboard_of_a_scanner_is_meant(places):
    """The agent would listen to the scanner's volume keys."""
    plug(places.sys, "input", "event4", detail=VOLUME_KEYS, interface="1.1")
    plug(places.sys, "input", "event5")
    assert "input/event5" == found(places, "usb-0c2e:0b6a", "evdev")
    for at, detail in enumerate((VOLUME_KEYS, "no number"), 2):
        plug(places.sys, "input", f"event{at}", port=f"1-{at}", usb=f"111{at}:2222", detail=detail)
        assert f"input/event{at}" == found(places, f"usb-111{at}:2222", "evdev")


def test_the_scanning_interface_is_meant(places):
    """The agent would read the scanner's control interface and see no scan."""
    plug(places.sys, "hidraw", "hidraw0", interface="1.1", detail=b"\x06\x8c\xff")
    plug(places.sys, "hidraw", "hidraw1", detail=POS_DESCRIPTOR)
    assert "hidraw1" == found(places, "port-1-1", "hidraw")


def test_a_usb_printer(places):
    """A printer's node is in a folder below /dev, and would not be found."""
    plug(places.sys, "usbmisc", "lp0", usb="04b8:0202", serial="X")
    plug(places.sys, "usbmisc", "hiddev0", port="1-2", usb="04b8:0202")
    assert "usb/lp0" == found(places, "usb-04b8:0202", "usblp")


def test_nodes_of_addresses(places):
    """The doctor would look at another node than the driver."""
    plug(places.sys, "tty", "ttyACM0")
    plug(places.sys, "usbmisc", "lp0")
    plug(places.sys, "input", "event5")
    plug(places.sys, "hidraw", "hidraw1", detail=POS_DESCRIPTOR)
    forms = [f"{form}:port-1-1" for form in ("serial", "usblp", "evdev", "hidraw")]
    nodes = [node_of(parse_address(form), places) for form in forms]
    dev = places.dev
    assert [f"{dev}/ttyACM0", f"{dev}/usb/lp0", f"{dev}/input/event5", f"{dev}/hidraw1"] == nodes
    assert None is node_of(parse_address("tcp:10.0.0.7:9100"), places)


@pytest.mark.asyncio
async def test_a_serial_port_is_found_by_identity_at_every_opening(places):
    """A scanner plugged into another socket would stay dead until the agent restarts."""
    places.dev.mkdir()
    transport = SerialTransport(SerialLine("usb-0c2e:0b6a"), places=places)
    with pytest.raises(DeviceFault, match="no such serial device"):
        await opened(transport)
    plug(places.sys, "tty", "ttyACM0")
    for _ in range(2):
        with VirtualScanner(places.dev / "ttyACM0"):
            await opened(transport)
    (places.sys / "class/tty/ttyACM0").unlink()
    with pytest.raises(DeviceFault, match="no such serial device"):
        await opened(transport)


async def opened(transport):
    async with transport.open():
        pass
