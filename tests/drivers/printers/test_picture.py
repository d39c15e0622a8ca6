from __future__ import annotations

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from agent.core.faults import InputFault
from agent.core.receipt.document import (
    Barcode,
    Cut,
    Feed,
    Qr,
    ReceiptDocument,
    Row,
    Rule,
    Text,
)
from agent.core.receipt.document import Image as Logo
from drivers.printers.picture import CELL_WIDTH, EDGE, HEIGHT_MAX, LINE_HEIGHT, MARGIN, png
from tests.drivers.printers.scripts_picture import SCRIPTS

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


@pytest.mark.parametrize("width", [1, 205, 42 * CELL_WIDTH])
def test_a_logo_is_the_logo_dot_by_dot(width):
    """The page would show another logo than the paper."""
    across = (width + 7) // 8
    data = bytes((x * 37 + y * 91) % 251 for y in range(40) for x in range(across))
    image = picture(Logo(width, data, "Shop")).getchannel("L")
    left, top = MARGIN + (42 * CELL_WIDTH - width) // 2, MARGIN + EDGE
    ink = image.crop((left, top, left + width, top + 40)).point(lambda level: 255 * (level < 128))
    source = Image.frombytes("1", (width, 40), data)
    assert source.tobytes() == ink.convert("1", dither=Image.Dither.NONE).tobytes()


def test_too_wide_a_logo_stays_on_the_paper():
    """The page would be as wide as somebody's logo."""
    wide = Logo(1200, bytes(150 * 8), "Shop")
    assert 42 * CELL_WIDTH + 2 * MARGIN == picture(wide).width


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("double", [False, True])
def test_amounts_stand_in_their_column_beside_every_script(script, double):
    """An amount beside a name in another script would be moved, or covered by it."""
    foreign = picture(Row(script, "9.50", double=double)).getchannel("L")
    latin = picture(Row("Tea", "9.50", double=double)).getchannel("L")
    box = (latin.width - MARGIN - 4 * CELL_WIDTH * (1 + double), 0, latin.width, latin.height)
    assert latin.crop(box).tobytes() == foreign.crop(box).tobytes()


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_symbols_are_read_beside_every_script(columns):
    """A receipt in Arabic or Chinese could not be scanned for a return."""
    rows = [Row(script, "9.50") for script in SCRIPTS.values()]
    image = picture(*rows, Barcode("s1-t1-ab12-7"), Qr(QR), Cut(), columns=columns)
    assert {"s1-t1-ab12-7", QR} == read(image)


def test_a_bold_line_is_bold_in_every_script():
    """Nothing would tell the total from the lines above it."""
    for script in SCRIPTS.values():
        thin, thick = picture(Text(script)), picture(Text(script, bold=True))
        assert thin.getchannel("L").histogram()[30] < thick.getchannel("L").histogram()[30]


def test_the_language_of_the_document_decides_how_chinese_is_written():
    """A Japanese shop would see the Chinese forms of its characters."""
    japanese, chinese = (png(ReceiptDocument(tag, (Text("直骨"),))) for tag in ("ja", "zh"))
    assert japanese != chinese
