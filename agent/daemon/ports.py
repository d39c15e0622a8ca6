"""The serial ports of this machine, under the names that stay the same after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

DEV = Path("/dev")
_USB_NAMES = ("ttyACM", "ttyUSB")
_SCANNER_WORDS = (
    "barcode",
    "scan",
    "symbol",
    "zebra",
    "honeywell",
    "metrologic",
    "datalogic",
    "newland",
    "opticon",
)
_PRINTER_WORDS = ("print", "epson", "star_micronics", "citizen", "bixolon")


class Port(msgspec.Struct, frozen=True):
    """A serial port one could use."""

    path: str
    """Below /dev/serial/by-id where it has a name there: that one survives replugging."""
    device: str
    """What the path leads to, such as `/dev/ttyACM0`."""

    @property
    def title(self) -> str:
        """Name it for a person."""
        return self.path if self.path == self.device else f"{self.path} ({self.device})"


def find_ports(dev: Path = DEV) -> list[Port]:
    """List the USB serial ports there are now."""
    by_id = {str(link): str(link.resolve()) for link in _below(dev / "serial" / "by-id")}
    plain = [str(path) for path in _below(dev) if path.name.startswith(_USB_NAMES)]
    return ports(by_id, plain)


def ports(by_id: Mapping[str, str], plain: Iterable[str]) -> list[Port]:
    """Put ports in order: named ones first, and what is a scanner by its name before the rest.

    Args:
        by_id: lasting name → device.
        plain: devices; those that have a lasting name are listed under it alone.
    """
    named = [Port(path, device) for path, device in sorted(by_id.items())]
    rest = [Port(path, path) for path in sorted(plain) if path not in by_id.values()]
    return sorted([*named, *rest], key=lambda port: -_likeness(port, _SCANNER_WORDS))


def scanner_of(found: Iterable[Port]) -> Port | None:
    """Choose what is most likely the scanner; None where there is nothing, or only printers."""
    likely = [port for port in found if not _likeness(port, _PRINTER_WORDS)]
    return likely[0] if likely else None


def _likeness(port: Port, words: Iterable[str]) -> int:
    return int(any(word in port.path.lower() for word in words))


def _below(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
