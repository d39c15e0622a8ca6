from __future__ import annotations

import unicodedata

import msgspec
import pytest

from agent.core.receipt.layout import LaidLine
from drivers.printers.codecs.dialect import CELL_WIDTH
from drivers.printers.codecs.text import Encoded, runs
from drivers.printers.dots import draw
from drivers.printers.making import LANGUAGES
from drivers.printers.models import DEFAULT_MODEL, ESCPOS, MODELS, STAR
from drivers.transports.scripted import ScriptedTransport
from drivers.virtual.pages import MAKERS


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_printable_byte_of_every_page_round_trips(model):
    """A page would be named wrongly, or a character of it never be found."""
    for page in model.dialect.pages:
        for byte in range(0x80, 0x100):
            try:
                char = bytes((byte,)).decode(page.codec)
            except UnicodeDecodeError:
                continue
            if unicodedata.category(char) not in ("Cc", "Cf"):
                assert [Encoded(page, bytes((byte,)))] == runs(char, (page,), page)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_rows_hold_together(model):
    """Lines would be wider than the paper, or an odd model stand without its reason."""
    dialect = model.dialect
    assert dialect.columns * CELL_WIDTH <= dialect.dots or not dialect.dot_pictures
    assert "cp437" == dialect.pages[0].codec
    assert len(dialect.pages) == len({page.number for page in dialect.pages})
    assert len(dialect.pages) == len({page.codec for page in dialect.pages})
    assert "emulated" == model.proof
    assert model.language in LANGUAGES
    assert model.maker in MAKERS
    assert model.reason or not (dialect.prologue or dialect.feed_before_cut)
    assert model.reason or (dialect.dot_pictures and dialect.draws_qr and dialect.draws_barcodes)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_page_numbers_are_the_makers_own(model):
    """Accents would come out as other letters on that model alone."""
    tables = MAKERS[model.maker]
    assert [] == [page for page in model.dialect.pages if tables.get(page.number) != page.codec]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_printable_byte_reaches_the_paper(model):
    """A character would come out as another one, or not at all."""
    driver, mechanism = LANGUAGES[model.language]
    for page in model.dialect.pages:
        chars = "".join(_printable(page.codec))
        lines = [LaidLine("text", chars[at : at + 16]) for at in range(0, len(chars), 16)]
        only = msgspec.structs.replace(model.dialect, pages=(model.dialect.pages[0], page))
        paper = mechanism(MAKERS[model.maker])
        printer = driver(ScriptedTransport(), msgspec.structs.replace(model, dialect=only))
        paper.feed(printer.encode([*lines, LaidLine("cut")], draw))
        assert chars.replace(" ", "") == paper.receipts[0].text.replace("\n", "").replace(" ", "")
        assert [] == paper.unknown


def _printable(codec):
    for byte in (*range(0x20, 0x7F), *range(0x80, 0x100)):
        try:
            char = bytes((byte,)).decode(codec)
        except UnicodeDecodeError:
            continue
        left_to_right = unicodedata.bidirectional(char) not in ("R", "AL", "AN", "NSM")
        if unicodedata.category(char) not in ("Cc", "Cf", "Zs") and left_to_right:
            yield char


def test_the_models_of_the_plan():
    """Settings that name a shipped model would be refused."""
    columns = {name: model.dialect.columns for name, model in MODELS.items()}
    expected = {"generic-80mm": 48, "generic-58mm": 32, "epson-tm-t20iii": 48, "star-mpop": 32}
    assert expected == {name: columns[name] for name in expected}
    assert DEFAULT_MODEL in MODELS
    assert len(MODELS) >= 12
    assert {ESCPOS, STAR} == {model.language for model in MODELS.values()}
    assert {"epson", "star", ""} <= {model.maker for model in MODELS.values()}
