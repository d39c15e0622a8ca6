"""What can be answered in a setup, such as `store.id`, `scanner.address` or `tax.standard`.

The keys are those of the settings, with `scanner` and `printer` for the two devices.
"""

from __future__ import annotations

import difflib
import re
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec

from agent.core.faults import InputFault
from agent.settings import (
    AgentSettings,
    BarcodeSettings,
    DeviceSettings,
    HqSettings,
    StoreSettings,
    TillSettings,
)
from drivers.transports.address import parse_address

Value: TypeAlias = str | int | bool | tuple[str, ...]
Answers: TypeAlias = dict[str, Value | None]
"""Key → value; None stands for what is expressly left out, such as a printer."""

NONE = "none"
PRINTER_PORT = 9100
"""Raw printing over TCP, as practically every network printer listens on."""
TAX = "tax"
_TABLES: dict[str, type[msgspec.Struct]] = {
    "store": StoreSettings,
    "agent": AgentSettings,
    "hq": HqSettings,
    "barcode": BarcodeSettings,
    "till": TillSettings,
    "scanner": DeviceSettings,
    "printer": DeviceSettings,
}
_OF_SCANNERS = ("suffix", "prefix", "frame_timeout_ms", "separator", "layout")
_OF_PRINTERS = (
    *("model", "watch", "print_within_minutes", "drawer_pin", "drawer_on_ms", "drawer_off_ms"),
    *("drawer_open_is", "drawer_alert_s"),
)
_NOT_ASKED = frozenset(
    {
        *(f"till.{name}" for name in ("scanners", "printer", "drawer", "display", "scale")),
        *(f"scanner.{name}" for name in ("kind", *_OF_PRINTERS)),
        *(f"printer.{name}" for name in ("kind", *_OF_SCANNERS)),
    }
)
KINDS = MappingProxyType(
    {
        key: field.type
        for table, struct in _TABLES.items()
        for field in msgspec.structs.fields(struct)
        if (key := f"{table}.{field.encode_name}") not in _NOT_ASKED
    }
)
"""Every key but those of taxes, with the type of its value."""
_CODES = frozenset({"store.country", "store.currency"})
_TAX_KEY = re.compile(r"tax\.[A-Za-z0-9_-]+")
_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))? ?%")
_PERCENT_MIN = 100
"""A bare number below is a percentage somebody wrote where basis points are meant."""


class WrongAnswer(InputFault):
    """A key or a value that cannot be meant."""

    name = "wrong-answer"
    title = "This cannot be set"


def value_of(key: str, text: str) -> Value | None:
    """Read the value of a key.

    Raises:
        WrongAnswer: no such key, or a text that is no such value.
    """
    text = text.strip()
    if _TAX_KEY.fullmatch(key):
        return None if text in {"", NONE} else _basis_points(key, text)
    if key not in KINDS:
        raise _unknown(key)
    if key in {"scanner.address", "printer.address"}:
        return _address(key, text)
    return _plain(key, text.upper() if key in _CODES else text)


def _unknown(key: str) -> WrongAnswer:
    near = difflib.get_close_matches(key, [*KINDS, "tax.standard", "tax.reduced"], n=1)
    known = "known are " + ", ".join([*KINDS, "tax.NAME"])
    return WrongAnswer(
        f"{key!r} is not known", remedy=f"did you mean {near[0]!r}?" if near else known
    )


def _plain(key: str, text: str) -> Value | None:
    kind = KINDS[key]
    parts = {getattr(part, "__supertype__", part) for part in (kind, *get_args(kind))}
    if type(None) in parts and text in {"", NONE}:
        return None
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if bool in parts:
        return _yes_or_no(key, text)
    if int in parts:
        return _number(key, text)
    return _chosen(key, text) if get_origin(kind) is Literal else text


def _chosen(key: str, text: str) -> Value:
    choices: dict[str, Value] = {str(choice): choice for choice in get_args(KINDS[key])}
    if text not in choices:
        raise _wrong(key, text, "one of " + ", ".join(choices))
    return choices[text]


def _yes_or_no(key: str, text: str) -> bool:
    known = {"true": True, "yes": True, "false": False, "no": False}
    if text.lower() not in known:
        raise _wrong(key, text, "true or false")
    return known[text.lower()]


def _number(key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _wrong(key, text, "a whole number")
    return int(text)


def _basis_points(key: str, text: str) -> int:
    """Read a rate: `1900` basis points, or `19%`."""
    if read := _PERCENT.fullmatch(text):
        return int(read[1]) * 100 + int((read[2] or "0").ljust(2, "0"))
    rate = _number(key, text)
    if 0 < rate < _PERCENT_MIN:
        raise _wrong(key, text, f"hundredths of a percent, {rate * 100}, or {rate}%")
    return rate


def _address(key: str, text: str) -> str | None:
    if text in {"", NONE}:
        return None
    try:
        address = full_address(text, default_port=PRINTER_PORT if key.startswith("pri") else None)
        parse_address(address)
    except InputFault as fault:
        raise WrongAnswer(f"{key}: {fault.detail}", remedy=fault.remedy) from fault
    return address


def full_address(text: str, *, default_port: int | None) -> str:
    """Complete what a person writes for an address: a path, or a host with or without its port.

    >>> full_address("/dev/ttyACM0", default_port=None)
    'serial:/dev/ttyACM0'
    >>> full_address("printer.shop", default_port=9100)
    'tcp:printer.shop:9100'
    >>> full_address("10.0.0.5:9101", default_port=9100)
    'tcp:10.0.0.5:9101'
    """
    if text.startswith("/"):
        return f"serial:{text}"
    if text.partition(":")[0] in {"serial", "tcp", "virtual"}:
        return text
    has_port = text.rpartition("]")[2].rpartition(":")[2].isdigit() and ":" in text
    return f"tcp:{text}" if has_port or default_port is None else f"tcp:{text}:{default_port}"


def _wrong(key: str, text: str, expected: str) -> WrongAnswer:
    return WrongAnswer(f"{key} cannot be {text!r}", remedy=f"write {expected}")


def read_answers(given: dict[str, str]) -> Answers:
    """Read everything that was answered beforehand.

    Raises:
        WrongAnswer: the first key or value that cannot be meant.
    """
    return {key: value_of(key, text) for key, text in given.items()}


def shown(value: Any) -> str:  # noqa: ANN401 - whatever an answer can be
    """Write a value as `value_of` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)
