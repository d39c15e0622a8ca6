from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent.core.faults import InputFault
from agent.core.receipt.layout import BARCODE_DOTS, DOTS_PER_COLUMN, barcode_columns
from drivers.printers.codecs import code128

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30)


def picture(modules):
    quiet = "0" * 12
    row = bytes(0 if module == "1" else 255 for module in quiet + modules + quiet)
    narrow = Image.frombytes("L", (len(row), 1), row)
    return narrow.resize((len(row) * 2, 60), Image.Resampling.NEAREST)


@settings(max_examples=60)
@given(printable.filter(lambda text: text.strip() == text))
def test_an_independent_reader_reads_it(text):
    """The barcode on a receipt could not be scanned, or would say something else."""
    (symbol,) = zxingcpp.read_barcodes(
        picture(code128.modules(text)), formats=zxingcpp.BarcodeFormat.Code128
    )
    assert text == symbol.text


def test_known_values():
    """Start, code change or check character would be wrong (worked out by hand)."""
    assert [104, 33, 34, 99, 12, 34, 56, 26, 106] == code128.values("AB123456")
    assert [105, 12, 34, 100, 33, 102, 106] == code128.values("1234A")


@given(printable)
def test_the_layout_has_room_for_it(text):
    """The printer would drop a barcode that is wider than its paper, without a word."""
    quiet = 20
    dots = (len(code128.modules(text)) + quiet) * BARCODE_DOTS
    assert dots <= barcode_columns(text) * DOTS_PER_COLUMN


@pytest.mark.parametrize(
    ("text", "data"),
    [("a{b", b"{Ba{{b"), ("123456", b"{C\x0c\x22\x38"), ("R-12345", b"{BR-{C\x0c\x22{B5")],
)
def test_printer_commands(text, data):
    """The printer would switch code sets in the wrong place."""
    assert data == code128.escpos_data(text)


@pytest.mark.parametrize("text", ["", "Café", "a\nb"])
def test_what_it_cannot_say(text):
    """A barcode would stand for another text."""
    assert not code128.holds(text)
    with pytest.raises(InputFault, match="barcode cannot say"):
        code128.values(text)
