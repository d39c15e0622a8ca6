from __future__ import annotations

from drivers.printers.codecs.bitmap import Bitmap, doubled


def test_doubling():
    """Large letters would be distorted."""
    assert Bitmap(6, (b"\xcc", b"\xcc")) == doubled(Bitmap(3, (b"\xa0",)))
    assert Bitmap(16, (b"\xf0\x0f",) * 2) == doubled(Bitmap(8, (b"\xc3",)))


def test_doubling_nothing():
    """A picture without a row would fail the receipt."""
    assert Bitmap(16, ()) == doubled(Bitmap(8, ()))
