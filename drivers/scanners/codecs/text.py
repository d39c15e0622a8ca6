"""What of a scanner's bytes can be text, and what only a line set wrongly gives."""

from __future__ import annotations

from drivers.scanners.codecs.frame import GROUP_SEPARATOR

BEYOND_CHANCE = 4
"""Printable ASCII characters of a frame that ends a flood: a megabyte of random bytes holds one or
two such frames by chance, and some two hundred that are merely text."""
# Tabulator and, for ISO/IEC 15434 and GS1: EOT, FS, GS, RS, US.
_ALLOWED_CONTROLS = frozenset((0x09, 0x04, 0x1C, 0x1D, 0x1E, 0x1F))
_BROKEN = frozenset(range(0x20)) - _ALLOWED_CONTROLS | {0x7F}
_C1_CONTROLS = frozenset(range(0x80, 0xA0))


def why_not_text(data: bytes) -> str | None:
    r"""Say why bytes are no text a symbol could hold; None where they could be.

    >>> why_not_text(b"010950600013435210ABC\x1d21S1")
    >>> why_not_text(b"\xfe\x00")
    'holds the control character 0x00, as a wrong baud rate gives'
    """
    controls = _BROKEN.intersection(data)
    if controls:
        return f"holds the control character 0x{min(controls):02x}, as a wrong baud rate gives"
    if not _C1_CONTROLS.isdisjoint(data) and not _is_utf8(data):
        return "is neither UTF-8 nor Latin-1 text, as a wrong baud rate gives"
    return None


def beyond_chance(data: bytes) -> bool:
    """Tell whether a frame is so clearly text that it ends a flood of noise."""
    printable = data.replace(GROUP_SEPARATOR, b"").decode("latin-1")
    return len(data) >= BEYOND_CHANCE and printable.isascii() and printable.isprintable()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
