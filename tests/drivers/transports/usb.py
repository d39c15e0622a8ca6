"""A made-up /sys with USB devices in it, as the kernel lays them out."""

from __future__ import annotations

KEYBOARD = "e080ffdf01cfffff fffffffffffffffe"
VOLUME_KEYS = "e000000000000 0"
POS_DESCRIPTOR = bytes.fromhex("05 8c 09 02 a1 01 85 02 75 08 95 38 09 fe 81 02 c0")
_CLASSES = {
    "tty": "tty/{node}",
    "usbmisc": "usbmisc/{node}",
    "input": "0003:0C2E:0B6A.0001/input/input7/{node}",
    "hidraw": "0003:0C2E:0B6A.0001/hidraw/{node}",
}


def plug(sys, kind, node, *, port="1-1", usb="0c2e:0b6a", serial="", interface="1.0", detail=b""):
    """Plug a device in; `detail` is what its capabilities or its report descriptor say."""
    vendor, product = usb.split(":")
    device = sys / "devices/pci0000:00/0000:00:14.0/usb1" / port
    place = device / f"{port}:{interface}" / _CLASSES[kind].format(node=node)
    place.mkdir(parents=True)
    for name, text in (("idVendor", vendor), ("idProduct", product), ("product", "Xenon 1950")):
        (device / name).write_text(f"{text}\n")
    if serial:
        (device / "serial").write_text(f"{serial}\n")
    folder = {"input": "input/", "usbmisc": "usb/"}.get(kind, "")
    (place / "uevent").write_text(f"MAJOR=1\nMINOR=2\nDEVNAME={folder}{node}\n")
    _detail(kind, place, detail)
    link = sys / "class" / kind / node
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(place)


def _detail(kind, place, detail):
    parent = place.parent if kind == "input" else place.parent.parent
    (place / "device").symlink_to(parent)
    if kind == "input":
        (parent / "capabilities").mkdir(exist_ok=True)
        (parent / "capabilities/key").write_text(detail or KEYBOARD)
    if kind == "hidraw":
        (parent / "report_descriptor").write_bytes(detail)
