"""A keyboard-wedge scanner without hardware: types `struct input_event` into a FIFO."""

from __future__ import annotations

import struct
from pathlib import Path

from drivers.virtual.fifo import FifoDevice
from drivers.virtual.keystrokes import ALT, CONTROL, ENTER, GS_KEY, KEYPAD, Press, alt_code, presses

_EVENT = struct.Struct("=qqHHi")
_SYN, _KEY, _MSC = 0, 1, 4
_SYN_DROPPED, _MSC_SCAN = 3, 4
_F8 = 66
GS_KEYS: dict[str, tuple[Press, ...]] = {
    "control": ((CONTROL, GS_KEY),),
    "alt": (alt_code("\x1d"),),
    "F8": ((_F8,),),
}
"""The ways scanners type GS: Ctrl and the key right of `[`, Alt+029, a function key."""


class VirtualWedge(FifoDevice):
    """A scanner that types.

    Attributes:
        end: the key after each scan; None where it presses none.
        gs: how it types GS, a key of `GS_KEYS`.
    """

    form = "evdev"

    def __init__(
        self, path: Path, *, layout: str = "us", end: int | None = ENTER, gs: str = "control"
    ) -> None:
        super().__init__(path)
        self._layout = layout
        self.end = end
        self.gs = gs

    def scan(self, text: str) -> None:
        """Type a symbol and its end, as the trigger does."""
        end = b"" if self.end is None else _pressed((self.end,))
        self.send(self.typed(text) + end)

    def typed(self, text: str) -> bytes:
        """Give the events of a text, without an end: half a scan."""
        return b"".join(_pressed(press) for char in text for press in self._presses(char))

    def lose(self, text: str = "") -> None:
        """Send what the kernel does after it had to drop events: what follows is incomplete."""
        self.send(_event(_SYN, _SYN_DROPPED, 0) + self.typed(text) + _event(_SYN, 0, 0))

    def _presses(self, char: str) -> list[Press]:
        return list(GS_KEYS[self.gs]) if char == "\x1d" else presses(char, self._layout)


def _pressed(keys: Press) -> bytes:
    """Press keys one by one; what is held is released last, digits of an Alt code at once."""
    if keys[0] == ALT and set(keys[1:]) <= set(KEYPAD):
        digits = b"".join(_key(key, 1) + _key(key, 0) for key in keys[1:])
        return _key(ALT, 1) + digits + _key(ALT, 0)
    return b"".join([_key(key, 1) for key in keys] + [_key(key, 0) for key in reversed(keys)])


def _key(code: int, value: int) -> bytes:
    return _event(_MSC, _MSC_SCAN, code) + _event(_KEY, code, value) + _event(_SYN, 0, 0)


def _event(kind: int, code: int, value: int) -> bytes:
    return _EVENT.pack(1_700_000_000, 250_000, kind, code, value)
