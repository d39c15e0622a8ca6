"""Pictures of dots that fit the paper, and those that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.receipt import ReceiptDocument, lay_out
from agent.core.receipt.document import Image
from agent.core.receipt.fitting import ROWS_MAX, checked, fitted


def test_a_logo_for_wide_paper_is_made_smaller_on_narrow_paper():
    """A shop's second, narrow printer would refuse every receipt with the logo."""
    wide = Image(576, bytes([0xFF]) * 72 * 300, alt="Shop")
    line = lay_out(ReceiptDocument("en", (wide,)), 32)[0]
    assert (384, 48 * 200, "Shop") == (line.image.width, len(line.image.data), line.text)
    assert {0xFF} == set(line.image.data)


def test_a_logo_that_fits_is_not_touched():
    """Every dot of a drawing would be moved for nothing (D11)."""
    image = Image(384, bytes(48))
    assert lay_out(ReceiptDocument("en", (image,)), 32)[0].image is image


def test_shapes_stay():
    """A logo would be blurred into a block."""
    half = Image(16, b"\xff\x00" * 4)
    assert Image(8, b"\xf0" * 2) == fitted(half, 8)
    assert Image(4, b"\xc0") == fitted(half, 4)
    line = Image(3, b"\x40")
    assert Image(2, b"\x40") == fitted(line, 2)


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 60), st.data())
def test_any_picture_fits_any_paper(width, height, dots, data):
    """Some logo on some paper would stop a receipt."""
    stride = (width + 7) // 8
    image = Image(width, data.draw(st.binary(min_size=stride * height, max_size=stride * height)))
    made = checked(fitted(checked(image), dots))
    assert made.width == min(width, dots)


@pytest.mark.parametrize(
    "image",
    [
        Image(0, b""),
        Image(-8, b"\x00"),
        Image(8, b""),
        Image(9, b"\x00"),
        Image(8, bytes(ROWS_MAX + 1)),
    ],
)
def test_what_is_no_picture_is_said(image):
    """POS software's mistake would end in a trace, or in a printer that waits for more bytes."""
    with pytest.raises(InputFault) as fault:
        lay_out(ReceiptDocument("en", (image,)), 42)
    assert "bad-image" == fault.value.name
