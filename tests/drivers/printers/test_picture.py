from __future__ import annotations

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from agent.core.faults import InputFault
from agent.core.receipt.document import Barcode, Cut, Feed, Qr, ReceiptDocument, Row, Rule, Text
from drivers.printers.picture import CELL_WIDTH, HEIGHT_MAX, LINE_HEIGHT, MARGIN, png

QR = "https://shop.example/r/s1-t1-ab12-7"


def picture(*blocks, columns=42):
    return Image.open(BytesIO(png(ReceiptDocument("en", blocks), columns)))


def read(image):
    flat = Image.new("L", image.size, 255)
    flat.paste(image.getchannel("L"), mask=image.getchannel("A"))
    return {symbol.text for symbol in zxingcpp.read_barcodes(flat)}


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_an_independent_reader_reads_the_symbols(columns):
    """The receipt on the page could not be scanned for a return."""
    image = picture(Text("Shop"), Barcode("s1-t1-ab12-7"), Feed(1), Qr(QR), Cut(), columns=columns)
    assert {"s1-t1-ab12-7", QR} == read(image)
    assert columns * CELL_WIDTH + 2 * MARGIN == image.width


def test_amounts_stand_at_the_right_edge():
    """Columns of amounts would not line up."""
    image = picture(Row("Tea", "2.50")).getchannel("L").point(lambda level: 255 - level)
    _, _, right, _ = image.point(lambda level: 255 if level > 128 else 0).getbbox()
    edge = 42 * CELL_WIDTH + MARGIN
    assert edge - CELL_WIDTH < right <= edge


def test_double_lines_are_twice_as_high():
    """The total would not stand out, or overlap the next line."""
    low, high = picture(Text("Sum")), picture(Text("Sum", double=True))
    assert LINE_HEIGHT == high.height - low.height


def test_a_second_paper_below_the_first():
    """A report with two parts would look like one."""
    one, two = picture(Text("a"), Cut()), picture(Text("a"), Cut(), Rule(), Cut())
    assert 2 * LINE_HEIGHT == two.height - one.height


def test_an_empty_document_is_an_empty_paper():
    """A till without a word to print would get an error instead of paper."""
    assert picture().height < 3 * MARGIN


def test_a_picture_is_never_higher_than_a_till_can_hold():
    """A document of a million lines would take all memory."""
    assert HEIGHT_MAX + 4 * MARGIN > picture(*[Feed(20)] * 200).height


def test_a_text_too_long_for_any_symbol():
    """The page would show an internal error instead of a reason."""
    with pytest.raises(InputFault, match="QR code cannot hold"):
        picture(Qr("x" * 5000))
