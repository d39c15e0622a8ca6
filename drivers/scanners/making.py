"""A scanner of the settings to its driver; settings that cannot work together are refused."""

from __future__ import annotations

from difflib import get_close_matches

from agent.contracts.devices import Scanner
from agent.core.faults import InputFault
from drivers.row import DeviceRow
from drivers.scanners.codecs.keys import FUNCTION_KEYS
from drivers.scanners.codecs.layouts import LAYOUTS
from drivers.scanners.evdev import EvdevScanner
from drivers.scanners.framed import FramedScanner
from drivers.scanners.hid_pos import HidPosScanner
from drivers.scanners.reading import Marks, Patience
from drivers.transports.address import Address, VirtualAddress
from drivers.transports.evdev import EvdevAddress, EvdevTransport
from drivers.transports.hidraw import HidrawAddress, HidrawTransport
from drivers.transports.making import address_of, transport_of
from drivers.transports.scripted import ScriptedTransport

PAUSE_MS = (20, 2000)
"""USB adapters hold bytes back for up to 16 ms; after two seconds half a scan is given up."""
DEFAULT_LAYOUT = "us"
LATIN_1_LAST = "\xff"
_LINE_ENDS = frozenset(("\r", "\n", "\r\n"))


def scanner(device: DeviceRow) -> Scanner:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, or settings that cannot work with it or with each other.
    """
    address = address_of(device)
    _check(device, address)
    marks = Marks(device.suffix, device.prefix, device.separator)
    patience = Patience(device.frame_timeout_ms / 1000 if device.frame_timeout_ms else None)
    match address:
        case EvdevAddress():
            transport = EvdevTransport(address)
            return EvdevScanner(transport, layout=device.layout, marks=marks, patience=patience)
        case HidrawAddress():
            return HidPosScanner(HidrawTransport(address), marks=marks)
        case VirtualAddress(name=name):  # it has no trigger: scans come through the API
            return FramedScanner(ScriptedTransport(name=name))
        case _:
            return FramedScanner(transport_of(address), marks=marks, patience=patience)


def _check(device: DeviceRow, address: Address) -> None:
    typing = isinstance(address, EvdevAddress)
    _check_characters(device, typing=typing)
    _check_layout(device, typing=typing)
    _check_timeout(device, address)
    _check_end(device, needed=not isinstance(address, EvdevAddress | HidrawAddress))
    _check_separator(device, typing=typing)


def _check_characters(device: DeviceRow, *, typing: bool) -> None:
    for name in ("suffix", "prefix", "separator"):
        text = getattr(device, name)
        if not typing and max(text, default="") > LATIN_1_LAST:
            raise _refused(
                device,
                f"the {name} {text!r}, which no serial line carries",
                'give characters up to U+00FF, for example "\\r"',
                name,
            )


def _check_layout(device: DeviceRow, *, typing: bool) -> None:
    if typing and device.layout not in LAYOUTS:
        near = get_close_matches(device.layout.lower(), LAYOUTS, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise _refused(
            device,
            f"an unknown layout {device.layout!r}",
            f"{meant}the layouts are {', '.join(LAYOUTS)}: the one the scanner is set to",
            "layout",
        )
    if not typing and device.layout != DEFAULT_LAYOUT:
        raise _refused(
            device,
            f"the layout {device.layout!r}, but types nothing",
            "leave `layout` out: only a scanner with an `evdev:` address has one",
            "layout",
        )


def _check_timeout(device: DeviceRow, address: Address) -> None:
    told_ms, (least, most) = device.frame_timeout_ms, PAUSE_MS
    if told_ms and isinstance(address, HidrawAddress):
        raise _refused(
            device,
            f"frame_timeout_ms = {told_ms}, but its reports say themselves where a scan ends",
            "leave `frame_timeout_ms` out",
            "frame-timeout",
        )
    if told_ms and not least <= told_ms <= most:
        raise _refused(
            device,
            f"frame_timeout_ms = {told_ms}",
            f"give {least} to {most}, or 0 where a suffix ends a scan",
            "frame-timeout",
        )


def _check_end(device: DeviceRow, *, needed: bool) -> None:
    if needed and not device.suffix and not device.frame_timeout_ms:
        raise _refused(
            device,
            f"the suffix {device.suffix!r} and no frame_timeout_ms, so no scan would ever end",
            'give the characters that end a scan, for example "\\r", or frame_timeout_ms = 50',
            "suffix",
        )
    if device.suffix in _LINE_ENDS and not _LINE_ENDS.isdisjoint(device.prefix):
        raise _refused(
            device,
            f"a prefix {device.prefix!r} and a suffix {device.suffix!r}, which are both line ends",
            "leave `prefix` out: empty lines between scans are passed over",
            "prefix",
        )
    if device.suffix and device.suffix in device.prefix:
        raise _refused(
            device,
            f"a prefix {device.prefix!r} which holds the suffix {device.suffix!r}",
            "set the scanner to begin and end its scans with different characters",
            "prefix",
        )


def _check_separator(device: DeviceRow, *, typing: bool) -> None:
    told = device.separator
    if not told or (typing and told in FUNCTION_KEYS):
        return
    if len(told) == 1 and (told.isalnum() or told == "]"):
        raise _refused(
            device,
            f"the separator {told!r}, which codes hold as data",
            'set the scanner to send something no code holds, for example "~" or "{GS}"',
            "separator",
        )
    others = [part for part in (device.suffix, device.prefix) if part]
    lines = device.suffix in _LINE_ENDS and not _LINE_ENDS.isdisjoint(told)
    if lines or any(part in told or told in part for part in others):
        raise _refused(
            device,
            f"the separator {told!r}, which is also in its suffix or prefix",
            "set the scanner to send different characters for each",
            "separator",
        )


def _refused(device: DeviceRow, what: str, remedy: str, setting: str) -> InputFault:
    return InputFault(f"scanner {device.id!r} has {what}", remedy=remedy, name=f"bad-{setting}")
