"""Every block of a document in every form a shop can see it: one layout for all."""

from __future__ import annotations

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image as Picture

from agent.core.receipt import ReceiptDocument, html, lay_out, plain_text
from agent.core.receipt.document import Barcode, Cut, Feed, Image, Qr, Row, Rule, Text
from drivers.printers.dots import draw
from drivers.printers.making import LANGUAGES
from drivers.printers.models import ESCPOS, MODELS, STAR
from drivers.printers.picture import png
from drivers.transports.address import TcpAddress
from drivers.transports.making import transport_of

BLOCKS = {
    "text": Text("Grüße", align="center", bold=True),
    "double": Text("Grüße", double=True),
    "row": Row("Tee", "4,99"),
    "hebrew": Row("\u05ea\u05d4", "4.99"),
    "rule": Rule(),
    "feed": Feed(2),
    "barcode": Barcode("R-17"),
    "qr": Qr("https://shop.example/r/17"),
    "image": Image(16, b"\xf0\x0f" * 8, alt="Shop"),
    "cut": Cut(),
}


def to_bytes(document, language):
    model = next(model for model in MODELS.values() if model.language == language)
    driver = LANGUAGES[language][0](transport_of(TcpAddress("127.0.0.1", 9)), model)
    return driver.encode(lay_out(document, model.dialect.columns), draw)


FORMS = {
    "text": lambda document: plain_text(document, 42).encode(),
    "html": lambda document: html(document, 42).encode(),
    "png": lambda document: png(document, 42),
    "escpos": lambda document: to_bytes(document, ESCPOS),
    "star": lambda document: to_bytes(document, STAR),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("language", ["de", "he"])
def test_every_block_is_seen_in_every_form(block, form, language):
    """A customer would hold another paper than the page shows, or none at all."""
    blank = FORMS[form](ReceiptDocument(language, (Text("x"), Text("y"))))
    made = FORMS[form](ReceiptDocument(language, (Text("x"), BLOCKS[block], Text("y"))))
    unseen = form == "text" and block == "cut"
    assert unseen or len(made) > len(blank)


@pytest.mark.parametrize("block", ["barcode", "qr"])
def test_symbols_of_the_picture_can_be_read(block):
    """A return could not be begun from the picture of a receipt."""
    with Picture.open(BytesIO(png(ReceiptDocument("en", (BLOCKS[block],)), 42))) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [BLOCKS[block].data] == [symbol.text for symbol in found]
