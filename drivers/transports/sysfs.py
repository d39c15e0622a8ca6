"""What the kernel tells of USB devices: /sys, read as files.

pyudev reads the same tree, but only the one at /sys, and with a database that is not there in a
container; here the root is an argument, so that any tree can be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

SYS = Path("/sys")
DEV = Path("/dev")
_CLASSES = {
    "serial": ("tty", "tty"),
    "usblp": ("usbmisc", "lp"),
    "evdev": ("input", "event"),
    "hidraw": ("hidraw", "hidraw"),
}
"""Kind of node → class below /sys/class, and how its nodes' names begin."""
_KEY_1, _KEY_ENTER = 2, 28
"""input-event-codes.h; what can type these is a keyboard."""
_WORD_BITS = 64
"""Capability bitmaps are written in words of the kernel's `long`, the highest first."""
_WORD = re.compile(r"[0-9a-f]{1,16}")
_BAR_CODE_SCANNER = bytes((0x05, 0x8C, 0x09, 0x02))
"""Begin of the report descriptor of a HID-POS scanner: usage page 0x8C, usage 0x02."""


class UsbNode(msgspec.Struct, frozen=True):
    """One device node of a USB device."""

    path: str
    """Such as `/dev/ttyACM0`."""
    vendor: str
    """idVendor, four lower-case hexadecimal digits."""
    product: str
    """idProduct, likewise."""
    serial: str
    """As the device tells it; empty where it has none."""
    port: str
    """Such as `1-1.2`: bus and the chain of sockets."""
    interface: str
    """Such as `1-1.2:1.0`."""
    says: str
    """Manufacturer and product, as the device names itself."""
    fits: bool
    """Whether it looks like what its kind is used for here: a keyboard, a HID-POS scanner."""

    @property
    def title(self) -> str:
        """Name it for a person, with all it can be told apart by."""
        serial = f", serial {self.serial}" if self.serial else ""
        says = f" {self.says}" if self.says else ""
        where = f"port {self.port}{serial}"
        return f"{self.path}{says} (usb-{self.vendor}:{self.product}, {where})"


def usb_nodes(kind: str, sys: Path = SYS, dev: Path = DEV) -> list[UsbNode]:
    """List the USB devices' nodes of one kind, in the order of their sockets.

    Args:
        kind: `serial`, `usblp`, `evdev` or `hidraw`.
        sys: root of sysfs.
        dev: where device nodes are.
    """
    folder, begins = _CLASSES[kind]
    entries = [entry for entry in _below(sys / "class" / folder) if entry.name.startswith(begins)]
    found = [node for entry in entries for node in _usb_node(kind, entry, dev)]
    return sorted(found, key=lambda node: (node.interface, node.path))


def _usb_node(kind: str, entry: Path, dev: Path) -> Iterator[UsbNode]:
    # A generator of at most one: a device that is pulled out while it is looked at is none.
    above = [entry.resolve(), *entry.resolve().parents]
    for at, folder in enumerate(above):
        if (folder / "idVendor").is_file():
            interface = above[at - 1] if at else folder
            yield UsbNode(
                path=str(dev / _device_name(entry)),
                vendor=_text(folder / "idVendor").lower(),
                product=_text(folder / "idProduct").lower(),
                serial=_text(folder / "serial"),
                port=folder.name,
                interface=interface.name,
                says=f"{_text(folder / 'manufacturer')} {_text(folder / 'product')}".strip(),
                fits=_fits(kind, entry),
            )
            return


def _fits(kind: str, entry: Path) -> bool:
    if kind == "evdev":
        return _types_digits(_text(entry / "device" / "capabilities" / "key"))
    if kind == "hidraw":
        return _BAR_CODE_SCANNER in _bytes(entry / "device" / "report_descriptor")
    return True


def _types_digits(capabilities: str) -> bool:
    words = capabilities.split()
    if not all(_WORD.fullmatch(word) for word in words):
        return False
    keys = 0
    for word in words:
        keys = keys << _WORD_BITS | int(word, 16)
    return bool(keys >> _KEY_1 & 1 and keys >> _KEY_ENTER & 1)


def _device_name(entry: Path) -> str:
    for line in _text(entry / "uevent").splitlines():
        if line.startswith("DEVNAME="):
            return line.removeprefix("DEVNAME=")
    return entry.name


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace").strip()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # not every device has every attribute, and any may go while it is read
        return b""


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # no device of that class was ever plugged in
        return []
