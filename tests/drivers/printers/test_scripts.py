"""Every script on every shipped model: read back from the bytes, by a reader of its own."""

from __future__ import annotations

import unicodedata

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from agent.core.receipt.document import Cut, Image, Qr, ReceiptDocument, Row, Text
from agent.core.receipt.layout import LaidLine, lay_out
from agent.core.receipt.width import printable, width
from agent.settings.model import DeviceSettings
from drivers.printers.dots import draw
from drivers.printers.making import LANGUAGES, printer
from drivers.printers.models import MODELS
from tests.drivers.printers.paper_reader import CELL, DRAWN, read
from tests.drivers.printers.scripts_picture import LINE, SCRIPTS, job

SHOWN = {
    48: ["Café €3 Žluť Привет Ωμέγα 漢 한글 םולש ابحرم"],
    42: ["Café €3 Žluť Привет Ωμέγα 漢 한글 ابحرم", "םולש"],
    40: ["Café €3 Žluť Привет Ωμέγα 漢 한글 ابحرم", "םולש"],
    32: ["Café €3 Žluť Привет Ωμέγα 漢", "한글 םולש ابحرم"],
}
"""Columns → how the line stands on paper, from left to right; Arabic letter by letter."""
PRINTING_DOTS = [name for name, model in MODELS.items() if model.dialect.dot_pictures]
LOGO = Image(
    width=205,
    data=bytes(
        (0x10, 0x14, 0x01, x * y & 255)[(x + y) % 4] & (0xF8 if x == 25 else 0xFF)
        for y in range(300)
        for x in range(26)
    ),
    alt="Shop",
)


def lines_of(name, *blocks, language="en"):
    return read(job(name, ReceiptDocument(language, (*blocks, Cut()))), MODELS[name]).lines


def cells(text):
    """Spread a text over columns: the second one of a wide character is empty."""
    return [cell for char in text for cell in (char, *[""] * (width(char) - 1))]


def text_lines(name, *blocks):
    """Read a paper; of what takes two lines, being drawn by needles, the lower ones."""
    return [line for line in lines_of(name, *blocks) if line.text and not line.upper]


@pytest.mark.parametrize("name", MODELS)
def test_the_line_is_whole_on_every_model(name):
    """Some letter would be lost, garbled or a question mark on some printer."""
    model = MODELS[name]
    lines = text_lines(name, Text(LINE))
    expected = SHOWN[model.dialect.columns]
    assert len(expected) == len(lines)
    for shown, line in zip(expected, lines, strict=True):
        columns = cells(shown)
        assert len(columns) == len(line.text)
        for sent, meant in zip(line.text, columns, strict=True):
            assert sent in (meant, DRAWN)
        assert "?" not in line.text
        assert "\ufffd" not in line.text
        for run in line.dots:
            assert 0 < sum(row.bit_count() for row in run.rows) < run.width * len(run.rows) * 2 // 3


@pytest.mark.parametrize("name", MODELS)
def test_cafe_is_text_everywhere(name):
    """A foreign letter far away on the line would change how `Café` is printed."""
    line = text_lines(name, Text(LINE))[0]
    assert line.text.startswith("Café €3 ")
    assert line.raw.startswith(text_lines(name, Text("Café"))[0].raw)


@pytest.mark.parametrize("name", PRINTING_DOTS)
def test_drawn_runs_are_the_letters_they_stand_for(name):
    """Dots would be sent, but of other letters, upside down or scrambled."""
    for shown, line in zip(
        SHOWN[MODELS[name].dialect.columns], lines_of(name, Text(LINE)), strict=False
    ):
        oracle = draw(f"\u2066{_read(shown)}\u2069", False)
        across = len(oracle.rows[0]) * 8
        rows = [f"{int.from_bytes(row, 'big'):0{across}b}" for row in oracle.rows]
        for run in line.dots:
            meant = [row[run.left : run.left + run.width] for row in rows]
            assert meant == [f"{row:0{run.width}b}" for row in run.rows]


def _read(shown):
    """Put a line as it stands into the order it is read."""
    for word in ("םולש ابحرم", "ابحرم", "םולש"):
        if word in shown:
            return shown.replace(word, word[::-1])
    return shown


@pytest.mark.parametrize("name", MODELS)
def test_amounts_end_at_the_right_edge_beside_every_script(name):
    """The column of amounts would be ragged as soon as a name is not Latin."""
    columns = MODELS[name].dialect.columns
    for script in SCRIPTS.values():
        line = text_lines(name, Row(script, "9.99"))[-1]
        assert columns == len(line.text)
        assert line.text.endswith(" 9.99")


@given(
    st.text(
        st.sampled_from("abÄéžЖΩ漢한ب‌سשל٣7., ()-%ก\u0e49\u064e") | st.characters(), max_size=60
    ),
    st.sampled_from(sorted(MODELS)),
    st.booleans(),
    st.booleans(),
)
def test_any_text_is_printed_column_for_column(text, name, bold, double):
    """Some name would fail the receipt on some printer, or push the rest off the paper."""
    document = ReceiptDocument("en", (Text(text, bold=bold, double=double), Cut()))
    laid = lay_out(document, MODELS[name].dialect.columns)
    meant = [width(printable(line.text)) for line in laid if line.kind == "text"]
    paper = read(job(name, document), MODELS[name]).lines
    if not any(line.picture for line in paper):  # a large line with dots is a picture as a whole
        printed = [len(line.text) for line in paper if not line.upper]
        assert meant == printed[: len(meant)]


@pytest.mark.parametrize("text", ["\u20d0", "\u0301", "\u20d0a", "Tea \u0301", "\u064e9", "\u200d"])
def test_a_mark_without_a_letter_takes_the_column_it_was_given(text):
    """A broken name would push the price beside it off the paper."""
    document = ReceiptDocument("en", (Row(text, "9.99"), Cut()))
    [line] = [line for line in lay_out(document, 42) if line.kind == "text"]
    [printed] = read(job("bixolon-srp-350iii", document), MODELS["bixolon-srp-350iii"]).lines
    assert 42 == width(line.text) == len(printed.text)


@pytest.mark.parametrize("name", PRINTING_DOTS)
def test_a_logo_is_printed_dot_by_dot(name):
    """The shop's logo would come out skewed, cut or full of stripes."""
    pictures = [line.picture for line in lines_of(name, LOGO) if line.picture]
    rows = [f"{row:0{picture.width}b}" for picture in pictures for row in picture.rows]
    source = [
        f"{int.from_bytes(LOGO.data[at : at + 26], 'big'):0208b}"
        for at in range(0, len(LOGO.data), 26)
    ]
    assert "".join(source).strip("0") == "".join(_aligned(rows, source)).strip("0")


def _aligned(rows, source):
    """Take out by how many dots all rows together were moved, and blank rows at the end."""
    moved = min(row.index("1") for row in rows if "1" in row)
    moved -= min(row.index("1") for row in source if "1" in row)
    return [row[moved:].ljust(208, "0")[:208] for row in rows[: len(source)]]


@pytest.mark.parametrize(
    "name", [name for name in PRINTING_DOTS if not MODELS[name].dialect.draws_qr]
)
def test_a_code_sent_as_dots_can_be_scanned(name):
    """Nobody could scan the receipt of a printer that draws no codes by itself."""
    data = "https://shop.example/r/s1-t1-ab12-7"
    model = MODELS[name]
    paper = read(job(name, ReceiptDocument("en", (Qr(data), Cut()))), model)
    page = Picture.new("L", (model.dialect.dots, 600), 255)
    page.paste(paper.picture(model.dialect.dots), (0, 50))
    assert [data] == [symbol.text for symbol in zxingcpp.read_barcodes(page)]


@pytest.mark.parametrize("name", MODELS)
def test_the_page_is_selected_again_after_a_reset(name):
    """The second receipt would be printed in the page that the first one ended with."""
    once = job(name, ReceiptDocument("en", (Text("Привет"), Cut())))
    assert once + once == once * 2
    reader = read(once + once, MODELS[name])
    texts = [line.text for line in reader.lines if line.text]
    assert texts[0] == texts[-1]


@pytest.mark.parametrize("name", MODELS)
def test_all_scripts_of_the_world_are_on_paper_as_a_picture(name):
    """The picture that people look at would be blank or broken for some model."""
    model = MODELS[name]
    picture = read(job(name), model).picture(model.dialect.dots)
    assert (model.dialect.dots, "L") == (picture.width, picture.mode)
    dark = sum(picture.histogram()[:128])
    assert dark > 5 * CELL * CELL


def table_of(model):
    """List every character of every page of a model, each once."""
    found = {}
    for page in model.dialect.pages:
        for byte in range(0x20, 0x100):
            char = bytes((byte,)).decode(page.codec, errors="ignore")
            if char and unicodedata.category(char)[0] not in "CM" and not char.isspace():
                found.setdefault(unicodedata.normalize("NFC", char))
    return "".join(found)


@pytest.mark.parametrize("name", MODELS)
def test_every_character_of_every_page_comes_out_as_itself(name):
    """A page would have another number on the printer, and its letters come out as others."""
    model = MODELS[name]
    table = table_of(model)
    rows = [table[at : at + 16] for at in range(0, len(table), 16)]
    apart = ["".join(f"\u2066{char}\u2069" for char in row) for row in rows]
    driver = LANGUAGES[model.language][0](None, model)
    sent = driver.encode([LaidLine("text", row) for row in apart], draw)
    assert rows == [line.text for line in read(sent, model).lines]


@pytest.mark.asyncio
async def test_what_no_font_holds_is_told_with_the_print():
    """Nobody would know why there are boxes on the receipt, nor what they stand for."""
    row = DeviceSettings(id="receipt", kind="printer", address="virtual:receipt")
    told = await printer(row).print_document(ReceiptDocument("ja", (Text("直 😀"), Cut())))
    assert "shown as boxes, since no font here holds them: 😀 (grinning face)" in told.detail
