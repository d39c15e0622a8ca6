"""Device addresses as IT writes them, such as `serial:PATH?baud=…` or `tcp:HOST:PORT`.

A PATH is a device node, or an identity that stays whatever the node is called today
(`drivers.transports.identity`).
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import msgspec

from agent.core.faults import InputFault
from drivers.transports.evdev import EvdevAddress
from drivers.transports.hidraw import HidrawAddress
from drivers.transports.identity import FORMS as PLACES
from drivers.transports.identity import is_place
from drivers.transports.serial_port import FLOWS, PARITIES, SerialLine
from drivers.transports.usblp import UsblpAddress

BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)
"""The rates a till device can be set to; others are typing errors."""
FORMS = (
    "`serial:PATH?baud=9600`, `tcp:HOST:PORT`, `usblp:PATH`, `evdev:PATH`, `hidraw:PATH` "
    f"or `virtual:NAME`, where PATH is {PLACES}"
)
"""Every form of an address, for messages."""
_OPTIONS = ("baud", "parity", "bits", "stop", "flow")


class TcpAddress(msgspec.Struct, frozen=True):
    """Where a network device listens."""

    host: str
    port: int


class VirtualAddress(msgspec.Struct, frozen=True):
    """A device without hardware, inside the agent."""

    name: str


Address = SerialLine | TcpAddress | UsblpAddress | EvdevAddress | HidrawAddress | VirtualAddress


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        InputFault: no known form, or a value out of range; the remedy shows the right form.

    >>> parse_address("tcp:192.168.1.50:9100")
    TcpAddress(host='192.168.1.50', port=9100)
    >>> parse_address("serial:/dev/ttyACM0?baud=115200").baud
    115200
    """
    kind, colon, rest = text.partition(":")
    parsers: dict[str, Callable[[str], Address]]
    parsers = {
        "serial": _serial,
        "tcp": _tcp,
        "usblp": lambda rest: UsblpAddress(_place(text, rest)),
        "evdev": lambda rest: EvdevAddress(_place(text, rest)),
        "hidraw": lambda rest: HidrawAddress(_place(text, rest)),
        "virtual": VirtualAddress,
    }
    if kind not in parsers or not colon or not rest:
        raise _bad(text, "has no known form", f"write {FORMS}")
    return parsers[kind](rest)


def _tcp(rest: str) -> TcpAddress:
    host, _, port = rest.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not host or not 1 <= number <= 65_535:
        raise _bad(
            f"tcp:{rest}", "names no host and port", "write `tcp:HOST:PORT` with a port of 1-65535"
        )
    return TcpAddress(host.removeprefix("[").removesuffix("]"), number)


def _serial(rest: str) -> SerialLine:
    path, _, query = rest.partition("?")
    path = _place(f"serial:{rest}", path)
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := [name for name in options if name not in _OPTIONS]:
        named = ", ".join(map(repr, unknown))
        raise _bad(f"serial:{rest}", f"has an unknown option {named}", f"use {', '.join(_OPTIONS)}")
    return SerialLine(
        path=path,
        baud=_number(options, "baud", 9600, BAUDS),
        parity=_word(options, "parity", tuple(PARITIES)),
        bits=_number(options, "bits", 8, (7, 8)),
        stop=_number(options, "stop", 1, (1, 2)),
        flow=_word(options, "flow", FLOWS),
    )


def _place(text: str, place: str) -> str:
    if is_place(place):
        return place
    raise _bad(
        text,
        "names no absolute path and no USB identity",
        f"write {PLACES}; the last three stay the same after a restart, as the paths "
        "of /dev/serial/by-id/ do",
    )


def _number(options: dict[str, str], key: str, default: int, allowed: tuple[int, ...]) -> int:
    text = options.get(key, str(default))
    for value in allowed:
        if text == str(value):
            return value
    raise _bad(f"{key}={text}", "is out of range", f"use one of {', '.join(map(str, allowed))}")


def _word(options: dict[str, str], key: str, allowed: tuple[str, ...]) -> str:
    text = options.get(key, "none").lower()
    if text not in allowed:
        raise _bad(f"{key}={text}", "is not known", f"use one of {', '.join(allowed)}")
    return text


def _bad(text: str, why: str, remedy: str) -> InputFault:
    return InputFault(f"the address {text!r} {why}", remedy=remedy, name="bad-address")
