from __future__ import annotations

import pytest

from drivers.virtual.star_commands import StarCommandReader
from drivers.virtual.star_paper import StarPaper

FINE = "23 06 00 00 00 00 00 00 00"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"\x1bk\x01\x00" + b"\x1b" * 24 + b"X", ["ESC k", "text"]),
        (b"\x1bX\x02\x00abcdefX", ["ESC X", "text"]),
        (b"\x1b\x1dS\x01\x01\x00\x02\x00\x00\x1b\x1bX", ["ESC GS S", "text"]),
        (b"\x1bb621\x40AB\x1eX", ["ESC b", "text"]),
        (b"\x1b\x1dyS0\x02\x1b\x1dyD1\x00\x02\x00\x1b\x1b\x1b\x1dyP", None),
        (b"\x1b#*\n\x00\x1b\x1ea\x01\x17", ["ESC #", "ESC RS a", "ETB"]),
        (b"\x1b\x07\x0c\x18\x07\x1b\xf0\x01", ["ESC BEL", "BEL", "ESC \xf0", "unknown 01"]),
        (b"\x1bb" + b"x" * 300, ["ESC b"]),
    ],
)
def test_commands_are_cut_at_their_ends(data, names):
    """A picture's bytes would be printed as letters, or half a command hang the printer."""
    names = names or ["ESC GS y S 0", "ESC GS y D", "ESC GS y P"]
    assert names == [command.name for command in StarCommandReader().feed(data)][: len(names)]
    reader = StarCommandReader()
    bytewise = [command.name for byte in data for command in reader.feed(bytes((byte,)))]
    assert names == bytewise[: len(names)]


def test_status_and_counter():
    """Faults would not look like those of a real Star."""
    paper = StarPaper()
    assert bytes.fromhex(FINE) == paper.feed(b"\x1b\x06\x01")
    paper.cover_open = paper.paper_empty = paper.cutter_jammed = paper.paper_low = True
    paper.drawer.is_open = True
    assert bytes.fromhex("23 06 2c 08 00 0c 00 00 00") == paper.feed(b"\x1b\x06\x01\x17")
    paper.cover_open = paper.paper_empty = paper.cutter_jammed = paper.paper_low = False
    paper.drawer.is_open = False
    assert b"" == paper.work()  # ETB is counted now, and told when asked
    assert bytes.fromhex("23 06 02 00 00 00 00 02 00") == paper.feed(b"\x1b\x06\x01")
    assert bytes.fromhex("23 06 00 00 00 00 00 02 00") == paper.feed(b"\x1b\x06\x01")


def test_a_network_tells_by_itself():
    """The driver's way with a network Star could not be tried."""
    paper = StarPaper(network=True)
    assert bytes.fromhex("23 86 02 00 00 00 00 02 00 00 00") == paper.feed(b"\x17")
    paper.cover_open = True
    assert bytes.fromhex("23 86 28 00 00 00 00 02 00 00 00") == paper.news()
    assert b"" == paper.news()
    assert paper.feed(b"\x04").endswith(b"\x00\x0802:B\x00\x01\x10;")


def test_drawer_and_unknown_commands():
    """A driver's mistake would go unnoticed by every test."""
    paper = StarPaper()
    paper.feed(b"\x1b\x07\x0a\x14\x07\x19\x1c\x1a\x1b\x1dt\x63\x1b\xf0")
    # The real-time ones (FS, SUB) come first, before ESC BEL has set another length.
    pulses = [(each.pin, each.on_ms) for each in paper.drawer.pulses]
    assert [(2, 200), (5, 200), (2, 100), (5, 200)] == pulses
    assert ["ESC GS t 99", "ESC \xf0"] == paper.unknown
