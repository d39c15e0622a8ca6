from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.receipt.document import Image, Qr, ReceiptDocument, Text
from agent.core.receipt.layout import LaidLine, lay_out
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.escpos import PULSE_OFF, PULSE_ON, encode, pulse
from drivers.printers.codecs.graphics import (
    STRIP_BYTES,
    STRIP_ROWS,
    coarse,
    columns,
    fitting,
    inline,
    raster,
    spells_command,
)
from drivers.printers.codecs.symbols import qr_bitmap, qr_modules
from drivers.printers.dots import draw
from drivers.printers.models import MODELS
from drivers.virtual.commands import CommandReader, RealTimeReader
from drivers.virtual.paper import Paper

COMMANDS = [bytes.fromhex(each) for each in ("100401", "100502", "1014010001", "100400")]
ALPHABET = b"\x10\x10\x04\x05\x14\x01\x01\x00\xff"


@st.composite
def bitmaps(draw_, widest=96):
    """Pictures in which real-time commands are as likely as they ever get."""
    width, height = draw_(st.integers(1, widest)), draw_(st.integers(1, 24))
    random = draw_(st.randoms(use_true_random=False))
    across = (width + 7) // 8
    mask = 0xFF << (-width % 8) & 0xFF
    rows = [bytes(random.choices(ALPHABET, k=across)) for _ in range(height)]
    return Bitmap(width, tuple(row[:-1] + bytes((row[-1] & mask,)) for row in rows))


def asked(data):
    return RealTimeReader().feed(data)


@given(bitmaps())
def test_a_picture_never_spells_a_command(bitmap):
    """A logo would open the drawer, or answer a question nobody asked."""
    data = raster(bitmap, 96)
    assert [] == asked(data)
    paper = Paper()
    paper.feed(data)
    assert [] == paper.unknown
    assert (0, ()) == (paper.drawer_kicks, paper.unfinished[1:])


@given(bitmaps())
def test_dots_in_a_line_never_spell_a_command(bitmap):
    """A Chinese name would open the drawer."""
    assert [] == asked(inline(bitmap))
    assert [] == asked(b"".join(coarse(bitmap)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_picture_is_moved_rather_than_changed(command):
    """The shop's logo would have other dots than the shop's."""
    bitmap = Bitmap(len(command) * 8, (b"\xff" * len(command), command))
    paper = Paper()
    paper.feed(raster(bitmap, 576) + b"\x1dV\x00")
    (image,) = paper.receipts[0].images
    moved = [f"{int.from_bytes(row, 'big'):0{image.width}b}".strip("0") for row in image.rows]
    dots = [f"{int.from_bytes(row, 'big'):b}".strip("0") for row in bitmap.rows]
    assert dots == moved


def test_where_nothing_else_helps_a_dot_is_added():
    """A picture as wide as the paper would open the drawer."""
    data = raster(Bitmap(24, (b"\x10\x14\x01",)), 24)
    assert b"\x18\x14\x01" == data[8:]


def test_a_command_over_two_rows_or_columns_is_split():
    """A command would be spelt where one row ends and the next begins."""
    assert 2 == raster(Bitmap(8, (b"\x10", b"\x14", b"\x01")), 8).count(b"\x1dv0")
    tall = Bitmap(
        2, tuple(bytes((0x80 if at == 19 else 0x40 if at == 5 else 0,)) for at in range(24))
    )
    assert columns(tall).endswith(b"\x00\x00\x10\x04\x00\x00")
    assert 2 == inline(tall).count(b"\x1b*\x21")


@settings(max_examples=20)
@given(st.integers(1, 576), st.integers(1, 400), st.randoms(use_true_random=False))
def test_a_logo_is_dot_identical(width, height, random):
    """The shop's logo would come out torn, cut off or with other dots."""
    across = (width + 7) // 8
    mask = (1 << across * 8) - (1 << across * 8 - width)
    numbers = [random.getrandbits(across * 8) & mask for _ in range(height)]
    image = Image(width, b"".join(number.to_bytes(across, "big") for number in numbers))
    dialect = MODELS["generic-80mm"].dialect
    paper = Paper()
    data = encode(lay_out(ReceiptDocument("en", (image,)), 48), dialect, draw)
    paper.feed(data + b"\x1dV\x00")
    (printed,) = paper.receipts[0].images
    rows = [int.from_bytes(row, "big") for row in printed.rows]
    offset = printed.width - across * 8
    assert height == len(rows)
    assert any(
        rows == [number << offset >> shift for number in numbers] for shift in range(8)
    ) or spells_command(image.data)


def test_strips_are_small():
    """A printer with a small buffer would print garbage, or half a picture stay in it for ever."""
    data = raster(Bitmap(576, (bytes(72),) * 1000), 576)
    heads = [command.data for command in CommandReader().feed(data)]
    heights = [int.from_bytes(head[4:6], "little") for head in heads]
    assert 1000 == sum(heights)
    assert max(heights) <= min(STRIP_ROWS, STRIP_BYTES // 72)
    assert b"" == raster(Bitmap(8, ()), 576)


def test_real_time_pulses_are_off_while_dots_are_sent():
    """On models that can, a printer would still look for pulses in pictures; or ever after."""
    lines = lay_out(ReceiptDocument("en", (Image(8, b"\x55"), Text("x"))), 48)
    guarded = encode(lines, MODELS["epson-tm-t20iii"].dialect, draw)
    assert guarded.startswith(b"\x1b@" + PULSE_OFF)
    assert guarded.endswith(PULSE_ON)
    assert PULSE_OFF not in encode(lines, MODELS["generic-80mm"].dialect, draw)
    assert PULSE_OFF not in encode(lines[1:], MODELS["epson-tm-t20iii"].dialect, draw)


def test_qr_codes_as_dots():
    """A printer that makes no codes would print none."""
    paper = Paper()
    dialect = MODELS["pos-5890"].dialect
    paper.feed(encode([LaidLine("qr", data="code"), LaidLine("cut")], dialect, draw))
    (image,) = paper.receipts[0].images
    drawn = qr_bitmap("code", 6)
    assert drawn.rows == image.rows
    assert (21 * 6, 29) == (drawn.width, qr_modules("code"))


def test_needles():
    """A printer that draws nothing would get dots it prints as garbage, or drop a code's text."""
    paper = Paper()
    dialect = MODELS["epson-tm-u220"].dialect
    document = ReceiptDocument(
        "en", (Image(8, b"\x55", "Logo"), Image(8, b"\x55"), Qr("code"), Text("漢", double=True))
    )
    lines = [*lay_out(document, 40), LaidLine("barcode", data="B-1"), LaidLine("cut")]
    paper.feed(encode(lines, dialect, draw))
    (receipt,) = paper.receipts
    assert ("Logo", "code") == receipt.lines[:2]
    assert "B-1" == receipt.lines[-1]
    assert [] == paper.unknown
    assert [20, 20] == [dots.width for dots in receipt.drawn]
    assert any(any(row) for dots in receipt.drawn for row in dots.rows)


def test_sizes_of_modules():
    """A code would be wider than the paper, or too fine to read."""
    assert (6, 3, 1) == (
        fitting(29, 576, 6, (1, 16)),
        fitting(185, 576, 6, (1, 16)),
        fitting(500, 576, 6, (1, 16)),
    )
    with pytest.raises(InputFault):
        fitting(577, 576, 6, (1, 16))


def test_pulses():
    """The drawer's coil would get a pulse of another length, or at another pin."""
    assert "1b70003c78" == pulse(2, 120, 240).hex()
    assert "1b7001ff00" == pulse(5, 9999, 0).hex()
