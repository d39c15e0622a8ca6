"""Rules of `[[device]]`: each setting with its kind and in its range, each device at its own place.

What only drivers know (models, layouts, the forms of addresses) is judged where devices are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from agent.core.fields import FieldProblem
from agent.settings.model import DeviceSettings, Settings

Problems = Iterator[FieldProblem]

OF_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "model": ("printer", "display", "scale"),
        "suffix": ("scanner",),
        "prefix": ("scanner",),
        "frame_timeout_ms": ("scanner",),
        "separator": ("scanner",),
        "layout": ("scanner",),
        "watch": ("printer",),
        "print_within_minutes": ("printer",),
        "drawer_pin": ("printer",),
        "drawer_on_ms": ("printer",),
        "drawer_off_ms": ("printer",),
        "drawer_open_is": ("printer",),
        "drawer_alert_s": ("printer",),
    }
)
"""Setting → the kinds of device that have it; a setting that is not here is everybody's."""

RANGES: Mapping[str, tuple[int, int, str]] = MappingProxyType(
    {
        "drawer_on_ms": (2, 510, "milliseconds of a pulse (ESC p counts in steps of 2, to 255)"),
        "drawer_off_ms": (2, 510, "milliseconds of a pause (ESC p counts in steps of 2, to 255)"),
        "drawer_alert_s": (0, 86_400, "seconds; 0 never alerts"),
        "print_within_minutes": (1, 10_080, "minutes, a week at most"),
        "frame_timeout_ms": (0, 2_000, "milliseconds of a pause; 0 where the suffix ends a scan"),
    }
)
MARK_MAX = 8
"""Characters a scanner can be set to send before or after a scan."""
_MARKS = ("suffix", "prefix", "separator")
_TYPED = ("evdev:",)
_WITHOUT_END = ("evdev:", "hidraw:")
"""Enter is a key, and a HID-POS report says itself where a scan ends."""


def device_problems(settings: Settings) -> Problems:
    """Run every rule of this module over the devices."""
    for n, device in enumerate(settings.devices):
        path = f"device[{n}]"
        yield from _foreign(device, path)
        yield from _ranges(device, path)
        if device.kind == "scanner":
            yield from _marks(device, path)
            yield from _framing(device, path)
    yield from _places(settings)


def _foreign(device: DeviceSettings, path: str) -> Problems:
    for field in msgspec.structs.fields(DeviceSettings):
        kinds = OF_KINDS.get(field.name)
        if kinds is None or device.kind in kinds or getattr(device, field.name) == field.default:
            continue
        yield FieldProblem(
            f"{path}.{field.name}",
            f"{device.id!r} is a {device.kind}, which has no {field.name}",
            f"remove this line: it is a setting of a {' or '.join(kinds)}",
        )


def _ranges(device: DeviceSettings, path: str) -> Problems:
    for name, (least, most, what) in RANGES.items():
        value: int = getattr(device, name)
        if device.kind in OF_KINDS[name] and not least <= value <= most:
            yield FieldProblem(
                f"{path}.{name}",
                f"{value} is not between {least} and {most}",
                f"write {least} to {most} {what}",
            )


def _marks(device: DeviceSettings, path: str) -> Problems:
    typed = device.address.startswith(_TYPED)
    for name in _MARKS:
        mark: str = getattr(device, name)
        if not (typed or _is_latin1(mark)) or len(mark) > MARK_MAX:
            yield FieldProblem(
                f"{path}.{name}",
                f"{mark!r} is nothing a scanner sends",
                f'write up to {MARK_MAX} Latin-1 characters, for example "\\r" or "\\u0002"',
            )
    if len(device.separator) == 1 and device.separator.isalnum():
        yield FieldProblem(
            f"{path}.separator",
            f"{device.separator!r} stands in codes themselves",
            "set the scanner to send a sign no code holds for FNC1, such as ~ or |, and write that",
        )


def _framing(device: DeviceSettings, path: str) -> Problems:
    ended = device.suffix or device.frame_timeout_ms or device.address.startswith(_WITHOUT_END)
    if not ended:
        yield FieldProblem(
            f"{path}.suffix",
            "nothing says where a scan ends",
            'write what the scanner sends after a scan, such as suffix = "\\r", or '
            "frame_timeout_ms = 50",
        )
    if device.layout != "us" and not device.address.startswith(_TYPED):
        yield FieldProblem(
            f"{path}.layout",
            "a layout is for scanners that type (evdev:PATH)",
            f"remove this line; {device.address!r} sends characters, not keys",
        )


def _places(settings: Settings) -> Problems:
    """Two devices at one place: both would open it, and each would get half of what comes."""
    taken: dict[str, str] = {}
    for n, device in enumerate(settings.devices):
        place = device.address.partition("?")[0]
        if place.startswith("virtual:"):
            continue
        if place in taken:
            yield FieldProblem(
                f"device[{n}].address",
                f"{place!r} is the address of {taken[place]!r} already",
                "a device has one row; name that one in every [[till]] that uses it",
            )
        taken.setdefault(place, device.id)


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
