"""The printer's side of Star Line mode: a stream of bytes cut into commands.

Lengths are from the Star Line Mode Command Specifications, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.virtual.cutting import Command, Cutter, Found

_Measure = Callable[[bytes], int | None]

_CONTROLS = {
    0x00: "NUL",
    0x04: "EOT",
    0x05: "ENQ",
    0x07: "BEL",
    0x09: "HT",
    0x0A: "LF",
    0x0C: "FF",
    0x0D: "CR",
    0x0E: "SO",
    0x0F: "SI",
    0x12: "DC2",
    0x14: "DC4",
    0x17: "ETB",
    0x18: "CAN",
    0x19: "EM",
    0x1A: "SUB",
    0x1C: "FS",
}
_ESC, _GS, _RS = 0x1B, 0x1D, 0x1E
_FIXED = {
    **{bytes((letter,)): 0 for letter in b"@EF45MP:g0267"},
    **{bytes((letter,)): 1 for letter in b"-_/R WhazJIdlQCN3Ay\x06\x1a\x19"},
    **{bytes((letter,)): 2 for letter in b"i\x07"},
    **{b"\x1d" + bytes((letter,)): 1 for letter in b"at"},
    **{b"\x1d" + bytes((letter,)): 2 for letter in b"AR"},
    b"\x1d\x03": 3,
    **{b"\x1e" + bytes((letter,)): 1 for letter in b"aEFAiCdr"},
    b"\x1dyP": 0,
    b"\x1dyI": 0,
    **{b"\x1dyS" + bytes((letter,)): 1 for letter in b"012"},
}
"""What follows ESC → number of parameter bytes."""
_NAMES = {0x03: "ETX", 0x06: "ACK", 0x07: "BEL", 0x19: "EM", 0x1A: "SUB", 0x1D: "GS", 0x1E: "RS"}
_PARENTS = (b"\x1d", b"\x1e", b"\x1dy", b"\x1dyS")
_BARCODE_LIMIT = 260
"""A barcode's end mark is nearer than that, or the stream is none of this language."""


class StarCommandReader(Cutter):
    """Cuts Star Line mode."""

    def __init__(self) -> None:
        super().__init__(_first)


def _first(data: bytes) -> Found | None:
    if data[0] == _ESC:
        return _escaped(data)
    return Command(_CONTROLS.get(data[0], f"unknown {data[0]:02x}")), 1


def _escaped(data: bytes) -> Found | None:
    name_length = _name_length(data)
    if name_length is None:
        return None
    name = data[1:name_length]
    length = _length(name, data)
    if length is None or len(data) < length:
        return None
    return Command(_spelt(name), data[name_length:length]), length


def _name_length(data: bytes) -> int | None:
    """Tell where the name of an escaped command ends, ESC included; None while that is open."""
    end = 2
    while end <= len(data) and data[1:end] in _PARENTS:
        end += 1
    return end if len(data) >= end else None


def _spelt(name: bytes) -> str:
    return " ".join(["ESC", *(_NAMES.get(byte, chr(byte)) for byte in name)])


def _length(name: bytes, data: bytes) -> int | None:
    """Tell how long the command at the start of `data` is, or None while that is not known."""
    if name in _FIXED:
        return 1 + len(name) + _FIXED[name]
    measure = _MEASURED.get(name)
    return measure(data) if measure else 1 + len(name)


def _dots(each: int) -> _Measure:
    def measure(data: bytes) -> int | None:
        return None if len(data) < 4 else 4 + int.from_bytes(data[2:4], "little") * each

    return measure


def _barcode(data: bytes) -> int | None:
    end = data.find(b"\x1e", 6)
    if end < 0:
        return None if len(data) < _BARCODE_LIMIT else len(data)
    return end + 1


def _raster(data: bytes) -> int | None:
    if len(data) < 9:
        return None
    return 9 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")


def _qr_data(data: bytes) -> int | None:
    return None if len(data) < 8 else 8 + int.from_bytes(data[6:8], "little")


def _memory(data: bytes) -> int | None:
    end = data.find(b"\n\0", 2)
    return None if end < 0 else end + 2


_MEASURED: dict[bytes, _Measure] = {
    b"b": _barcode,
    b"k": _dots(24),
    b"X": _dots(3),
    b"K": _dots(1),
    b"L": _dots(1),
    b"\x1dS": _raster,
    b"\x1dyD": _qr_data,
    b"#": _memory,
}
