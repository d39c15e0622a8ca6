"""The printer's side of ESC/POS: a stream of bytes cut into commands.

Lengths are from the Epson ESC/POS command reference.
"""

from __future__ import annotations

import re

from drivers.virtual.cutting import Command, Cutter, Found

_ESC, _FS, _GS, _DLE = 0x1B, 0x1C, 0x1D, 0x10


_FIXED = {
    _ESC: {
        **dict.fromkeys(b"@2LS<", 0),
        **dict.fromkeys(b"!-EGJMRtadeV3 {rUT=", 1),
        **dict.fromkeys(b"c$\\", 2),
        ord("p"): 3,
    },
    _FS: {**dict.fromkeys(b".&", 0), **dict.fromkeys(b"C!-", 1)},
    _GS: {**dict.fromkeys(b"!BHabfhrwI", 1), **dict.fromkeys(b"LWP$\\", 2)},
}
"""Leading byte → command letter → number of parameter bytes."""
_NAMES = {_ESC: "ESC", _FS: "FS", _GS: "GS"}
_DLE_NAMES = {0x04: "EOT", 0x05: "ENQ", 0x14: "DC4"}
_CONTROLS = {0x0A: "LF", 0x0D: "CR", 0x0C: "FF", 0x09: "HT", 0x18: "CAN", 0x00: "NUL"}


class CommandReader(Cutter):
    """Cuts ESC/POS."""

    def __init__(self) -> None:
        super().__init__(_first)


class RealTimeReader:
    """Finds real-time commands wherever they stand, also inside a picture, as real printers do.

    `GS ( D` switches the pulse (`DLE DC4`) off and on.
    """

    def __init__(self) -> None:
        self._seen = b""
        self._pulse = True

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Take bytes, give name and parameters of each real-time command they complete."""
        self._seen += data
        found, end = [], 0
        for match in _REAL_TIME.finditer(self._seen):
            end = match.end()
            found += self._command(match)
        self._seen = self._seen[max(end, len(self._seen) - _LONGEST) :]
        return found

    def _command(self, match: re.Match[bytes]) -> list[tuple[str, bytes]]:
        if match["asked"]:
            return [("DLE EOT", match["asked"])]
        if match["switch"]:
            self._pulse = match["switch"] in b"\x011"
            return []
        return [("DLE DC4", match["pulse"])] if self._pulse else []


_LONGEST = 7
"""Bytes of the longest real-time command, without its last one."""
_REAL_TIME = re.compile(
    rb"\x10\x04(?P<asked>[\x01-\x08])|\x10\x14\x01(?P<pulse>..)|\x1d\(D..\x14\x01(?P<switch>.)",
    re.DOTALL,
)


def _first(data: bytes) -> Found | None:
    lead = data[0]
    if lead in _NAMES or lead == _DLE:
        return _command(data)
    return Command(_CONTROLS.get(lead, f"unknown {lead:02x}")), 1


def _command(data: bytes) -> Found | None:
    if len(data) < 2:
        return None
    length = _length(data)
    if length is None or len(data) < length:
        return None
    if data[0] == _DLE:
        return Command(f"DLE {_DLE_NAMES.get(data[1], '?')}", data[2:length]), length
    name_length = 3 if data[1] == ord("(") else 2
    letters = " ".join(chr(byte) for byte in data[1:name_length])
    name = f"{_NAMES[data[0]]} {letters}"
    return Command(name, data[name_length:length]), length


def _length(data: bytes) -> int | None:
    """Tell how long the command at the start of `data` is, or None while that is not known."""
    lead, letter = data[0], data[1]
    if lead == _DLE:
        return {0x04: 3, 0x05: 3, 0x14: 5}.get(letter, 2)
    if letter in _FIXED[lead]:
        return 2 + _FIXED[lead][letter]
    if letter == ord("("):
        return None if len(data) < 5 else 5 + int.from_bytes(data[3:5], "little")
    return _SPECIAL.get((lead, letter), _two)(data)


def _two(_: bytes) -> int:
    return 2


def _bit_image(data: bytes) -> int | None:
    if len(data) < 5:
        return None
    return 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] >= 32 else 1)


def _raster_image(data: bytes) -> int | None:
    if len(data) < 8:
        return None
    return 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")


def _cut(data: bytes) -> int | None:
    if len(data) < 3:
        return None
    return 4 if data[2] in (65, 66, 97, 98, 103, 104) else 3


def _barcode(data: bytes) -> int | None:
    if len(data) < 4:
        return None
    if data[2] >= 65:
        return 4 + data[3]
    end = data.find(b"\0", 3)
    return None if end < 0 else end + 1


def _tabs(data: bytes) -> int | None:
    end = data.find(b"\0", 2)
    return None if end < 0 else end + 1


_SPECIAL = {
    (_ESC, ord("*")): _bit_image,
    (_ESC, ord("D")): _tabs,
    (_GS, ord("v")): _raster_image,
    (_GS, ord("V")): _cut,
    (_GS, ord("k")): _barcode,
}
