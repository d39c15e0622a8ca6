from __future__ import annotations

from drivers.printers.codecs.bitmap import Bitmap, doubled, inline, raster
from drivers.printers.dots import draw


def test_doubling():
    """Large letters would be distorted."""
    assert Bitmap(6, (b"\xcc", b"\xcc")) == doubled(Bitmap(3, (b"\xa0",)))
    assert Bitmap(16, (b"\xf0\x0f",) * 2) == doubled(Bitmap(8, (b"\xc3",)))


def test_inline_columns():
    """A drawn character would lie on its side or be scrambled."""
    rows = (b"\x80", *[b"\x00"] * 22, b"\x40")  # top left, and bottom second
    assert bytes.fromhex("1b2a21 0200 800000 000001") == inline(Bitmap(2, rows))


def test_inline_of_a_low_picture():
    """A picture lower than the line would shift all bytes after it."""
    assert bytes.fromhex("1b2a21 0100 800000") == inline(Bitmap(1, (b"\x80",)))


def test_raster_rows():
    """A drawn line would be scrambled."""
    assert bytes.fromhex("1d763000 0200 0200 ff80 0080") == raster(
        Bitmap(9, (b"\xff\x80", b"\x00\x80"))
    )


def test_drawing_fills_its_columns():
    """Drawn text would overlap its neighbours, or be blank."""
    narrow, wide, bold = draw("ж", False), draw("漢", False), draw("ж", True)
    assert (12, 24, 24) == (narrow.width, wide.width, len(narrow.rows))
    assert sum(row.count(0) for row in narrow.rows) < 48
    assert narrow != bold
