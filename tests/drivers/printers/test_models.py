from __future__ import annotations

import unicodedata

import pytest

from drivers.printers.codecs.dialect import CELL_WIDTH, Page
from drivers.printers.codecs.text import Encoded, runs
from drivers.printers.models import DEFAULT_MODEL, MODELS


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
    assert model.dialect.columns * CELL_WIDTH <= model.dialect.dots
    assert Page(0, "cp437") == model.dialect.pages[0]
    assert len(model.dialect.pages) == len({page.number for page in model.dialect.pages})
    assert model.proof in ("emulated", "captured", "tested on hardware")
    assert model.reason or not (model.dialect.prologue or model.dialect.feed_before_cut)


def test_the_models_of_the_plan():
    """Settings that name a shipped model would be refused."""
    columns = {name: model.dialect.columns for name, model in MODELS.items()}
    assert {"generic-80mm": 48, "generic-58mm": 32, "epson-tm-t20iii": 48} == columns
    assert DEFAULT_MODEL in MODELS
