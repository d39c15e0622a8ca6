"""What arrived of the test symbol, judged: each way a scanner can be set wrong has its line.

Pure: bytes in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from agent.daemon.doctor.finding import Finding, ill, well
from agent.daemon.trial.symbol import AFTER_GS, BEFORE_GS, EXPECTED, GS, LINEAR
from drivers.scanners.codecs.layouts import LAYOUTS, NONE, Layout

ENDS = ("\r\n", "\r", "\n", "\t")
_NAMES = {"\r\n": "CR LF", "\r": "CR", "\n": "LF", "\t": "Tab", GS: "GS", "": "nothing"}
_AIM = "]"
_AIM_LENGTH = 3
"""ISO/IEC 15424: `]`, a letter, a modifier."""
_LETTERS_SEEN = 8
"""Of the symbol, in order, to believe that it is the one and not another code."""


class Heard(msgspec.Struct, frozen=True):
    """What came from a scanner, and how it is set in the settings."""

    text: str
    """Latin-1: a character is a byte."""
    framed: bool
    """Whether prefix and suffix are taken off already."""
    suffix: str = "\r"
    separator: str = ""
    layout: str | None = None
    """Of a scanner that types; None of one that sends characters."""


def verdict(heard: Heard) -> list[Finding]:
    """Judge what arrived."""
    body, findings = _without_end(heard)
    body, aim = _without_aim(body)
    findings.append(aim)
    findings += _of_linear() if body == LINEAR else _of_symbol(heard, body)
    return findings


def as_bytes(text: str) -> str:
    """Write bytes as hexadecimal, and beside them what can be read of them."""
    readable = "".join(c if c.isprintable() else _NAMES.get(c, "·").join("<>") for c in text)
    return f"{text.encode('latin-1', 'replace').hex(' ')}  {readable}"


def _without_end(heard: Heard) -> tuple[str, list[Finding]]:
    if heard.framed:
        return heard.text, []
    text = heard.text
    if heard.suffix and text.endswith(heard.suffix):
        end = well("end", f"the scan ends with {_name(heard.suffix)}, as in the settings")
        return text.removesuffix(heard.suffix), [end]
    other = next((each for each in ENDS if text.endswith(each)), None)
    if other in {"\r", "\n", "\r\n"} and heard.suffix in {"\r", "\n", "\r\n"}:
        end = well("end", f"the scan ends with {_name(other)}, which does as well")
        return text.removesuffix(other), [end]
    if other is not None:
        said = f"the scan ends with {_name(other)}, the settings say {_name(heard.suffix)}"
        return text.removesuffix(other), [ill("end", said, f'set suffix = "{_toml(other)}"')]
    remedy = "set the scanner to send a CR after each scan; or set frame_timeout_ms = 50"
    return text, [ill("end", "nothing says where the scan ends", remedy)]


def _without_aim(text: str) -> tuple[str, Finding]:
    if text.startswith(_AIM) and len(text) > _AIM_LENGTH:
        said = f"the scanner says what it read: {text[:_AIM_LENGTH]}"
        return text[_AIM_LENGTH:], well("aim", said)
    remedy = "switch AIM identifiers on in the scanner: codes are then told apart with certainty"
    return text, well("aim", "no AIM identifier came; codes are told apart by their form", remedy)


def _of_linear() -> list[Finding]:
    remedy = "scan the square symbol as well: it shows whether GS arrives"
    return [well("content", "the linear symbol arrived as it is", remedy)]


def _of_symbol(heard: Heard, body: str) -> list[Finding]:
    if body == EXPECTED:
        return [
            well("content", "the symbol arrived as it is"),
            well("separator", "GS arrived for FNC1"),
        ]
    if body.startswith(BEFORE_GS) and body.endswith(AFTER_GS):
        between = body.removeprefix(BEFORE_GS).removesuffix(AFTER_GS)
        return [well("content", "the symbol arrived as it is"), _separated(heard, between)]
    if heard.layout and (set_to := _layouts_of(heard.layout, body)):
        said = f"the scanner types for another keyboard than {heard.layout!r}: {set_to[0]!r}"
        others = f" (or {', '.join(set_to[1:])}: the same keys)" if set_to[1:] else ""
        return [ill("layout", said, f'set layout = "{set_to[0]}"{others}')]
    return list(_garbled(heard, body))


def _separated(heard: Heard, between: str) -> Finding:
    if between == heard.separator and between:
        return well("separator", f"{between!r} arrived for FNC1, as in the settings")
    if between:
        return ill(
            "separator",
            f"{between!r} arrived instead of GS",
            f'set separator = "{_toml(between)}", or set the scanner to send GS for FNC1',
        )
    return ill(
        "separator",
        "nothing arrived for FNC1: a batch runs into what follows it",
        "set the scanner to send FNC1 as GS (ASCII 29); one that types: as F8, with "
        'separator = "F8"',
    )


def _garbled(heard: Heard, body: str) -> Iterator[Finding]:
    if body.swapcase() == EXPECTED or body.upper() == EXPECTED.upper():
        yield ill(
            "content",
            "upper and lower case are exchanged",
            "switch Caps Lock, or the case conversion of the scanner, off",
        )
    elif _noise(body):
        yield ill(
            "content",
            "bytes arrived that are no text, as a wrong baud rate gives",
            "set ?baud=… of the address as the scanner is set (9600 and 115200 are usual), and "
            "parity likewise",
        )
    elif _part_of_it(body):
        yield ill(
            "content",
            "only a part of the symbol arrived",
            "set the scanner to send all it reads; check its prefix, suffix and editing rules",
        )
    elif heard.layout:
        yield ill(
            "layout",
            "the characters are those of no layout known here",
            f'set layout = "…" as the scanner is set; known: {", ".join(LAYOUTS)}',
        )
    else:
        yield ill("content", "another code arrived", "scan the symbol that is shown")


def _layouts_of(layout: str, body: str) -> list[str]:
    """Find the layouts the scanner can be set to: those whose keys, misread, give what arrived."""
    read_as = LAYOUTS[layout]
    others = {
        name: _misread(EXPECTED, each, read_as) for name, each in LAYOUTS.items() if name != layout
    }
    fitting = [name for name, read in others.items() if _bare(read) == _bare(body)]
    return [name for name in fitting if others[name] == body.replace(GS, "")] or fitting


def _misread(text: str, typed_on: Layout, read_as: Layout) -> str:
    keys = _keys_of(typed_on)
    read = []
    for character in text.replace(GS, ""):
        code, level = keys.get(character, (0, 0))
        levels = read_as.keys.get(code, "")
        read.append(levels[level] if level < len(levels) else "")
    return "".join(read)


def _keys_of(layout: Layout) -> Mapping[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for code, levels in layout.keys.items():
        for level, character in enumerate(levels):
            if character != NONE:
                found.setdefault(character, (code, level))
    return found


def _bare(text: str) -> str:
    """Leave out what a dead key or the FNC1 makes of itself: letters and digits tell enough."""
    return "".join(c for c in text if c.isascii() and c.isalnum())


def _noise(text: str) -> bool:
    printable = sum(c.isascii() and c.isprintable() for c in text)
    return printable * 2 < len(text)


def _part_of_it(text: str) -> bool:
    return len(text) >= _LETTERS_SEEN and (text in EXPECTED or EXPECTED.startswith(text))


def _name(mark: str) -> str:
    return _NAMES.get(mark, repr(mark))


def _toml(text: str) -> str:
    return "".join(
        c
        if c.isprintable() and c not in '"\\'
        else {"\r": "\\r", "\n": "\\n", "\t": "\\t"}.get(c, f"\\u{ord(c):04x}")
        for c in text
    )
