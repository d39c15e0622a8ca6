"""Symbols drawn by one program and read by another: the bytes a real scanner sends."""

from __future__ import annotations

import pytest

from agent.core.barcode import BarcodeRules, InStoreItem, Reading, TradeItem, read
from tests.core.barcode.symbols import scanned

RULES = BarcodeRules(("21IIIIIPPPPPC",), "EUR")
LINK = "https://example.com/01/09506000134352/10/ABC123"
GS1 = "[01]09506000134352[10]ABC123[21]S1"


def _scan(symbology: str, text: str, *, gs1: bool = False) -> Reading:
    return read(scanned(symbology, text, gs1=gs1), RULES)


@pytest.mark.parametrize(
    ("kind", "text", "gs1", "symbology"),
    [
        ("EANX", "950600013435", False, "ean-13"),
        ("DBAR_OMN", "0950600013435", False, "databar"),
        ("DBAR_OMNSTK", "0950600013435", False, "databar"),
        ("DBAR_STK", "0950600013435", False, "databar"),
        ("DBAR_LTD", "0950600013435", False, "databar"),
        ("DBAR_EXP", GS1, True, "databar"),
        ("DBAR_EXPSTK", GS1, True, "databar"),
        ("GS1_128", GS1, True, "gs1-128"),
        ("DATAMATRIX", GS1, True, "gs1-datamatrix"),
        ("QRCODE", GS1, True, "gs1-qr"),
        ("AZTEC", GS1, True, "gs1-aztec"),
        ("DATAMATRIX", LINK, False, "datamatrix"),
        ("QRCODE", LINK, False, "qr"),
        ("QRCODE", LINK.upper(), False, "qr"),
        ("AZTEC", LINK, False, "aztec"),
        ("PDF417", LINK, False, "pdf417"),
        ("RMQR", LINK, False, "qr"),
    ],
)
def test_symbols_of_one_pack_are_one_item(kind, text, gs1, symbology):
    """What a real scanner sends for one of these symbols would not be understood."""
    reading = _scan(kind, text, gs1=gs1)
    item = reading.meanings[0]
    assert isinstance(item, TradeItem)
    assert item.gtin == "09506000134352"
    assert symbology == reading.symbology
    assert item.lot in (("ABC123",) if "ABC" in text else (None,))


@pytest.mark.parametrize(
    ("kind", "text", "gtin"),
    [
        ("EANX", "9638507", "00000096385074"),
        ("UPCA", "03600029145", "00036000291452"),
        ("UPCE", "0123455", "00012345000058"),
        ("ITF14", "1061414100041", "10614141000415"),
        ("ISBNX", "9783161484100", "09783161484100"),
    ],
)
def test_linear_symbols_are_their_gtin(kind, text, gtin):
    """A small pack, an American one, a case or a book could not be sold."""
    item = _scan(kind, text).meanings[0]
    assert isinstance(item, TradeItem)
    assert item.gtin == gtin


@pytest.mark.parametrize(
    ("text", "add_on", "number"),
    [
        ("977123456700+05", "05", "1234-5679"),
        ("978316148410+90000", "90000", "9783161484100"),
    ],
)
def test_an_add_on_is_kept_beside_the_number(text, add_on, number):
    """A magazine would not be found, or nobody know which issue was sold."""
    item = _scan("EANX", text).meanings[0]
    assert isinstance(item, TradeItem)
    assert item.supplement == add_on
    assert item.publication is not None
    assert item.publication.number == number


def test_a_scale_label_is_its_price():
    """A label as printed by a scale would not be understood."""
    item = _scan("EANX", "211234501299").meanings[0]
    assert isinstance(item, InStoreItem)
    assert (item.reference, item.price) == ("2112345", 1299)


@pytest.mark.parametrize("kind", ["CODE128", "CODE39", "CODE93", "QRCODE", "MICROQR", "DATAMATRIX"])
def test_a_card_is_text(kind):
    """A loyalty card would be read as something else."""
    reading = _scan(kind, "LC004106105R")
    assert [meaning.text for meaning in reading.meanings] == ["LC004106105R"]
