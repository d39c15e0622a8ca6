"""Symbols drawn by one program and read by another: the bytes a real scanner sends."""

from __future__ import annotations

import pytest
import zint
import zxingcpp

from agent.core.barcode import BarcodeRules, InStoreItem, Reading, TradeItem, read

RULES = BarcodeRules(("21IIIIIPPPPPC",), "EUR")
LINK = "https://example.com/01/09506000134352/10/ABC123"
GS1 = "[01]09506000134352[10]ABC123[21]S1"


def _scan(symbology: zint.Symbology, text: str, *, gs1: bool = False) -> Reading:
    symbol = zint.Symbol()
    symbol.symbology = symbology
    symbol.scale = 4
    symbol.show_hrt = False
    symbol.whitespace_width = 10
    symbol.whitespace_height = 10
    if gs1:
        symbol.input_mode = zint.InputMode.GS1
    symbol.encode(text)
    symbol.buffer()
    seen = zxingcpp.read_barcodes(memoryview(symbol.bitmap))[0]
    return read(seen.symbology_identifier.encode() + seen.bytes, RULES)


@pytest.mark.parametrize(
    ("kind", "text", "gs1", "symbology"),
    [
        ("EANX", "950600013435", False, "ean-13"),
        ("GS1_128", GS1, True, "gs1-128"),
        ("DATAMATRIX", GS1, True, "gs1-datamatrix"),
        ("QRCODE", GS1, True, "gs1-qr"),
        ("DBAR_EXP", GS1, True, "databar"),
        ("DATAMATRIX", LINK, False, "datamatrix"),
        ("QRCODE", LINK, False, "qr"),
        ("QRCODE", LINK.upper(), False, "qr"),
    ],
)
def test_symbols_of_one_pack_are_one_item(kind, text, gs1, symbology):
    """What a real scanner sends for one of these symbols would not be understood."""
    reading = _scan(getattr(zint.Symbology, kind), text, gs1=gs1)
    item = reading.meanings[0]
    assert isinstance(item, TradeItem)
    assert item.gtin == "09506000134352"
    assert symbology == reading.symbology
    assert item.lot in (("ABC123",) if "ABC" in text else (None,))


def test_a_scale_label_is_its_price():
    """A label as printed by a scale would not be understood."""
    item = _scan(zint.Symbology.EANX, "211234501299").meanings[0]
    assert isinstance(item, InStoreItem)
    assert (item.reference, item.price) == ("2112345", 1299)


def test_a_card_is_text():
    """A loyalty card in Code 128 would be read as something else."""
    reading = _scan(zint.Symbology.CODE128, "LC004106105R")
    assert reading.symbology == "code-128"
    assert [meaning.text for meaning in reading.meanings] == ["LC004106105R"]
