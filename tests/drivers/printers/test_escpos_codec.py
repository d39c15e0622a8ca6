from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.core.receipt.document import Barcode, Cut, Feed, Qr, ReceiptDocument, Row, Rule, Text
from agent.core.receipt.layout import LaidLine, lay_out
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.escpos import encode
from drivers.printers.dots import draw
from drivers.printers.models import MODELS
from drivers.virtual.paper import Paper

EPSON = MODELS["epson-tm-t20iii"].dialect
SMALL = MODELS["generic-58mm"].dialect
MIXED = "Café €3 Žluť Привет Ωμέγα 漢"


def black(text, _bold):
    return Bitmap(12 * len(text), (b"\xff" * ((12 * len(text) + 7) // 8),) * 24)


def job(*lines, dialect=EPSON):
    return encode(lines, dialect, black)


def printed(document, dialect=EPSON):
    paper = Paper()
    paper.feed(encode(lay_out(document, dialect.columns), dialect, draw))
    return paper


def test_golden_bytes():
    """A mode would leak into the next line, or a line not be set as laid out."""
    lines = (
        LaidLine("text", "Shop", bold=True, double=True, align="center"),
        LaidLine("text", "é"),
        LaidLine("rule", "--"),
        LaidLine("feed"),
        LaidLine("cut"),
    )
    expected = (
        "1b40"  # ESC @
        "1b6101 1b4501 1d2111 53686f70 0a"  # centre, bold, double: Shop
        "1b6100 1b4500 1d2100 82 0a"  # back to plain, é of page 0
        "2d2d 0a"
        "0a"
        "1d564200"  # GS V 66 0
    )
    assert bytes.fromhex(expected) == job(*lines)


def test_pages_are_switched_once():
    """A character would be printed from the wrong page, or each one cost a switch."""
    euro = "1b7410 80 80"  # ESC t 16: Windows-1252 is the first page of the model to hold it
    assert bytes.fromhex(f"1b40 {euro} 0a") == job(LaidLine("text", "€€"))


def test_the_model_decides_what_stands_before_and_after():
    """A clone would print Chinese for accents, or tear the receipt's last line off."""
    data = job(LaidLine("cut"), dialect=SMALL)
    assert bytes.fromhex("1b40 1c2e 0a0a0a 1d564200") == data


def test_unheld_text_is_drawn_in_its_place():
    """A character the printer lacks would spoil the line."""
    data = job(LaidLine("text", "A漢B"))
    assert data.startswith(bytes.fromhex("1b40 1d284405001401300230 41 1b2a21"))
    assert data.endswith(b"B\n" + bytes.fromhex("1d284405001401310231"))


def test_unheld_text_in_a_double_line():
    """Large letters and small dots would stand side by side."""
    data = job(LaidLine("text", "A漢", double=True))
    guarded = "1b40 1d284405001401300230"
    assert bytes.fromhex(f"{guarded} 1d2111 1d763000 0600 3000") == data[:23]


def test_a_whole_receipt():
    """Symbols, alignment of amounts or the cut would be missing on paper."""
    document = ReceiptDocument(
        "en",
        (
            Text("Shop", align="center", bold=True, double=True),
            Row("Tea", "2.50"),
            Rule(),
            Feed(1),
            Barcode("s1-t1-ab12-7"),
            Qr("https://shop.example/é"),
            Cut(),
        ),
    )
    paper = printed(document)
    (receipt,) = paper.receipts
    assert "Shop" == receipt.lines[0]
    assert f"Tea{' ' * 41}2.50" == receipt.lines[1]
    assert ("s1-t1-ab12-7",) == receipt.barcodes
    assert ("https://shop.example/é",) == receipt.qr
    assert () == paper.unfinished


def test_qr_codes_fit_the_paper():
    """The printer would drop a QR code wider than its paper, without a word."""
    small = job(LaidLine("qr", data="x"), dialect=SMALL)
    large = job(LaidLine("qr", data="x" * 600), dialect=SMALL)
    assert bytes.fromhex("1d286b 0300 3143 06") in small
    assert bytes.fromhex("1d286b 0300 3143 03") in large


def test_a_qr_code_has_an_end():
    """A text too long for any symbol would end in a printer error instead of a reason."""
    with pytest.raises(InputFault, match="QR code cannot hold"):
        job(LaidLine("qr", data="x" * 5000))
