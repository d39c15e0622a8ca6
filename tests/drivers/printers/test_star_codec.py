from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.receipt.document import Barcode, Cut, Feed, Image, Qr, ReceiptDocument, Row, Rule
from agent.core.receipt.document import Text as Paragraph
from agent.core.receipt.layout import LaidLine, lay_out
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.star import encode_star, star_pulse
from drivers.printers.dots import draw
from drivers.printers.models import MODELS
from drivers.virtual.star_paper import StarPaper

STAR = MODELS["star-tsp650ii"].dialect
SMALL = MODELS["star-mpop"].dialect
START = "1b40 1b4d 1b1d7401"  # ESC @, ESC M, ESC GS t 1


def black(text, _bold):
    return Bitmap(12 * len(text), (b"\xff" * ((12 * len(text) + 7) // 8),) * 24)


def job(*lines, dialect=STAR):
    return encode_star(lines, dialect, black)


def test_golden_bytes():
    """A mode would leak into the next line, or a line not be set as laid out."""
    lines = (
        LaidLine("text", "Shop", bold=True, double=True, align="center"),
        LaidLine("text", "é", align="right"),
        LaidLine("rule", "--"),
        LaidLine("feed"),
        LaidLine("cut"),
    )
    expected = (
        f"{START}"
        "1b1d6101 1b45 1b690101 53686f70 0a"  # centre, bold, double: Shop
        "1b1d6102 1b46 1b690000 82 0a"  # right and plain, é of page 437
        "1b1d6100 2d2d 0a"
        "0a"
        "1b6403"  # ESC d 3
    )
    assert bytes.fromhex(expected) == job(*lines)


def test_pages_are_switched_once():
    """A character would be printed from the wrong page, or each one cost a switch."""
    assert bytes.fromhex(f"{START} 1b1d7420 80 80 0a") == job(LaidLine("text", "€€"))


def test_unheld_text_is_drawn_in_its_place():
    """A character the printer lacks would spoil the line."""
    data = job(LaidLine("text", "A漢B"))
    assert bytes.fromhex(f"{START} 41 1b58 0c00") + b"\xff" * 36 + b"B\n" == data


def test_unheld_text_in_a_double_line():
    """Large letters and small dots would stand side by side."""
    data = job(LaidLine("text", "A漢", double=True))
    band = bytes.fromhex("1b6b 0600") + b"\xff" * 144 + b"\n"
    assert bytes.fromhex(f"{START} 1b690101 1b30") + band * 2 + b"\x1bz1" == data


def test_symbols():
    """A code would hold something else, or not be printed at all."""
    paper = StarPaper()
    paper.feed(job(LaidLine("barcode", data="A%b-12"), LaidLine("qr", data="é" * 40)))
    paper.feed(job(LaidLine("qr", data="x" * 500), LaidLine("cut"), dialect=SMALL))
    (receipt,) = paper.receipts
    assert (("A%b-12",), ("é" * 40, "x" * 500)) == (receipt.barcodes, receipt.qr)
    assert [] == paper.unknown


@pytest.mark.parametrize("data", ["x" * 5000, "x" * 2300])
def test_a_symbol_that_fits_nowhere(data):
    """A code the printer drops silently would be called printed."""
    if len(data) < 3000:  # it exists, 177 modules wide, and there is paper narrower than that
        narrow = LaidLine("qr", data=data)
        with pytest.raises(InputFault):
            job(narrow, dialect=type(STAR)(columns=16, dots=96, pages=STAR.pages))
        return
    with pytest.raises(InputFault):
        job(LaidLine("qr", data=data))


@given(st.integers(1, 576), st.integers(1, 60), st.randoms(use_true_random=False))
def test_a_logo_is_dot_identical(width, height, random):
    """The shop's logo would come out torn, moved or with other dots."""
    across = (width + 7) // 8
    rows = tuple(random.randbytes(across) for _ in range(height))
    paper = StarPaper()
    image = Image(width, b"".join(rows))
    lines = lay_out(ReceiptDocument("en", (image, Cut())), 48)
    paper.feed(encode_star(lines, STAR, draw))
    (printed,) = paper.receipts[0].images
    padding = (bytes(across),) * (-height % 24)
    assert (rows + padding, []) == (printed.rows, paper.unknown)


def test_a_logo_without_dots_or_too_wide():
    """A logo would be cut off at the edge, or an empty one end the job."""
    assert bytes.fromhex(f"{START} 1b1d6101") == job(LaidLine("image", image=Image(8, b"")))
    for image in (Image(577, bytes(73)), Image(9, bytes(3)), Image(0, b"x")):
        with pytest.raises(InputFault):
            job(LaidLine("image", image=image))


def test_a_whole_receipt():
    """Symbols, alignment of amounts or the cut would be missing on paper."""
    blocks = (
        Paragraph("Shop", align="center", bold=True, double=True),
        Row("Tea", "2.50"),
        Rule(),
        Feed(1),
        Barcode("s1-t1-ab12-7"),
        Qr("https://shop.example/é"),
        Cut(),
    )
    paper = StarPaper()
    paper.feed(encode_star(lay_out(ReceiptDocument("en", blocks), 48), STAR, draw))
    (receipt,) = paper.receipts
    assert ("Shop", "Tea" + " " * 41 + "2.50", "-" * 48, "") == receipt.lines[:4]
    assert (("s1-t1-ab12-7",), ("https://shop.example/é",)) == (receipt.barcodes, receipt.qr)
    assert [] == paper.unknown


def test_pulses():
    """The drawer's coil would get a pulse of another length, or at another pin."""
    assert "1b070c1807" == star_pulse(2, 120, 240).hex()
    assert "1b07017f07" == star_pulse(2, 1, 9999).hex()
    assert "19" == star_pulse(5, 120, 240).hex()
