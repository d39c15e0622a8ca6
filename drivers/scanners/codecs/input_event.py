"""The kernel's input events (`struct input_event`, linux/input.h) out of a stream of bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
KEY_UP, KEY_DOWN, KEY_REPEAT = 0, 1, 2
_LAYOUT = struct.Struct("=qqHHi")
"""Seconds and microseconds as 64-bit `long`, type, code, value."""
EVENT_BYTES = _LAYOUT.size


class InputEvent(msgspec.Struct, frozen=True):
    """One event; its time is the kernel's, and not used."""

    type: int
    code: int
    value: int


class EventReader:
    """Cuts a stream into events; it may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[InputEvent]:
        """Take bytes as they arrive; give the events they complete."""
        data = self._rest + chunk
        whole = len(data) - len(data) % EVENT_BYTES
        self._rest = data[whole:]
        for _, _, kind, code, value in _LAYOUT.iter_unpack(data[:whole]):
            yield InputEvent(kind, code, value)


def packed(event: InputEvent) -> bytes:
    """Write an event as the kernel does, at the epoch."""
    return _LAYOUT.pack(0, 0, event.type, event.code, event.value)
