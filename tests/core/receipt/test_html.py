"""Receipts as pages: whole, readable by machines, and harmless."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from agent.core.faults import InputFault
from agent.core.receipt import ReceiptDocument, html, sale_receipt
from agent.core.receipt.document import Barcode, Cut, Feed, Image, Qr, Row, Rule, Text
from agent.core.receipt.html import png_of
from tests.core.receipt.papers import BERLIN, everything

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "p", "span", "bdi", "hr"),
    *("figure", "figcaption", "svg", "path", "img"),
}


class Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def page(*blocks, language="de", columns=42):
    return html(ReceiptDocument(language, blocks), columns)


def scanned(svg):
    """Draw the one path of an SVG of ours on a bitmap, and read the symbol."""
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    drawn = Picture.new("L", (width, height), 255)
    path = re.findall(r'<path d="([^"]*)"', svg)[0]
    for found in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path):
        left, top, across, down = map(int, found)
        drawn.paste(0, (left, top, left + across, top + down))
    found = zxingcpp.read_barcodes(
        drawn.resize((width * 4, height * 4), Picture.Resampling.NEAREST)
    )
    return [(symbol.format, symbol.text) for symbol in found]


@given(st.lists(st.text(max_size=30), min_size=4, max_size=4), st.sampled_from(["de", "he"]))
def test_no_text_becomes_a_part_of_the_page(names, language):
    """A customer's, item's or cashier's name could run in the browser of whoever looks."""
    hostile = [f"{name}<script>alert('1')</script>\"><img src=x onerror=y>" for name in names]
    left, right, text, alt = hostile
    tags = Tags(page(Row(left, right), Text(text), Image(8, b"\xff", alt), language=language))
    assert set(tags.tags) <= ALLOWED
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name == "style"]
    assert 1 == tags.tags.count("img")
    assert "onerror=y" in tags.text


def test_the_page_allows_itself_exactly_its_own_style():
    """A browser would show the receipt without its style, or run what was smuggled in."""
    text = page(Text("Hi"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = dict(Tags(text).attributes)
    assert f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'" == policy[
        "content"
    ] or (f"'sha256-{digest}'" in text)
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_language_and_direction_are_said():
    """A screen reader would read Hebrew as German, and a browser show it from the left."""
    assert '<html lang="de" dir="ltr">' in page(Text("x"))
    assert '<html lang="he-IL" dir="rtl">' in page(Text("x"), language="he-IL")
    assert 'lang="&quot;&gt;"' in page(Text("x"), language='">')
    mixed = page(Row("\u05ea\u05d4", "4.99"), Text("  \u05ea\u05d4"), language="he")
    assert 2 == mixed.count('<bdi dir="rtl">\u05ea\u05d4</bdi>')
    assert "&nbsp;&nbsp;<bdi" in mixed


def test_a_whole_receipt_says_what_the_paper_says():
    """A customer who gets the page would have another receipt than one with paper."""
    text = Tags(html(sale_receipt(everything(), BERLIN, copy=True), 42)).text
    for said in ("Tee & Kaffee", "13,65 €", "store-1-till-1-ab12-7", "*** KOPIE ***", "0,345 kg"):
        assert said in text
    assert (
        "*** KOPIE ***"
        in re.search(
            "<title>.*</title>", html(sale_receipt(everything(), BERLIN, copy=True), 42)
        ).group()
    )


def test_a_page_without_words_has_a_title_too():
    """A browser would show the address, with the token's till in it."""
    assert "<title>-</title>" in page(Rule(), Row("a", "b"), Text(" "))


@pytest.mark.parametrize("data", ["https://shop.example/r/7?x=1&y=2", "\u05ea\u05d4 é", "A" * 300])
def test_a_qr_code_on_the_page_can_be_read(data):
    """A customer's telephone would find nothing."""
    assert [(zxingcpp.BarcodeFormat.QRCode, data)] == scanned(page(Qr(data)))


@pytest.mark.parametrize("data", ["s-t-ab12-7", "0123456789", "AB12345678"])
def test_bars_on_the_page_can_be_read(data):
    """A return could not be begun from a telephone's screen."""
    text = page(Barcode(data), columns=48)
    assert [(zxingcpp.BarcodeFormat.Code128, data)] == scanned(text)
    assert data in Tags(text).text


def test_a_code_that_is_too_long_is_said():
    """The page would end in a trace."""
    with pytest.raises(InputFault) as fault:
        page(Qr("x" * 5000))
    assert "code-too-long" == fault.value.name


@given(st.integers(1, 40), st.integers(1, 9), st.data())
def test_a_logo_keeps_every_dot(width, height, data):
    """A logo on the page would not be the one on paper."""
    stride = (width + 7) // 8
    dots = data.draw(st.binary(min_size=stride * height, max_size=stride * height))
    with Picture.open(BytesIO(png_of(Image(width, dots)))) as picture:
        assert (width, height) == picture.size
        shown = [picture.getpixel((x, y)) == 0 for y in range(height) for x in range(width)]
    bits = [
        bool(dots[y * stride + x // 8] >> (7 - x % 8) & 1)
        for y in range(height)
        for x in range(width)
    ]
    assert bits == shown


def test_a_logo_is_in_the_page_itself():
    """A saved receipt would have a hole where the logo was."""
    text = page(Image(16, b"\xff\x00", alt='Shop "A"'))
    assert 'alt="Shop &quot;A&quot;" width="12"' in text
    assert b64decode(re.search(r"base64,([^\"]+)", text).group(1)).startswith(b"\x89PNG")
    assert 'width="1"' in page(Image(1, b"\x80"))


def test_every_mark_has_its_element():
    """A rule, a cut or an empty line would be lost."""
    body = page(Text("a", bold=True, double=True), Rule(), Cut(), Feed(2), Text("b"), Feed(), Cut())
    main = body[body.index("<main>") :]
    assert '<p class="left bold double">' in main
    assert (1, 1, 2) == (main.count("<hr>"), main.count('class="cut"'), main.count("<p></p>"))
    assert '<p class="row bold">' in page(Row("a", "b", bold=True))
