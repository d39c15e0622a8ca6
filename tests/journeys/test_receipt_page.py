"""A receipt's page in a real browser: on a telephone, under the policy it is served with."""

from __future__ import annotations

from io import BytesIO

import msgspec
import pytest
import zxingcpp
from PIL import Image

from agent.core.receipt import html, sale_receipt
from agent.core.receipt.document import Qr
from agent.core.receipt.html import policy, stylesheet
from tests.core.receipt.papers import BERLIN, simple
from tests.journeys.pages import opened

ADDRESS = "http://receipt.example/"
PHONE = {"width": 360, "height": 740}
NAME = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
LINK = "https://shop.example/r/7"


def page_of(language):
    body = simple()
    line = msgspec.structs.replace(body.lines[0], name=NAME)
    shop = msgspec.structs.replace(BERLIN, language=language)
    receipt = sale_receipt(msgspec.structs.replace(body, lines=(line,)), shop)
    return msgspec.structs.replace(receipt, blocks=(*receipt.blocks, Qr(LINK)))


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("language", ["de-DE", "he-IL"])
async def test_a_receipt_is_read_on_a_telephone(browser, language):
    """A customer would see half a receipt, one without style, or what an item's name runs."""
    content = html(page_of(language), 42)
    headers = {"content-security-policy": policy(stylesheet(42)), "content-type": "text/html"}
    async with opened(browser, "about:blank", PHONE) as (page, complaints):
        await page.route(
            ADDRESS, lambda route: route.fulfill(status=200, headers=headers, body=content)
        )
        await page.goto(ADDRESS)
        assert [] == complaints
        assert "Tee & Kaffee" == await page.title()
        assert NAME.split(">", maxsplit=1)[0] in await page.inner_text("main")
        assert 360 == await page.evaluate("document.documentElement.scrollWidth")
        assert "Mono" in await page.evaluate(
            "getComputedStyle(document.querySelector('main')).fontFamily"
        )
        shown = await page.screenshot(full_page=True)
    with Image.open(BytesIO(shown)) as picture:
        read = {symbol.text for symbol in zxingcpp.read_barcodes(picture.convert("L"))}
    assert {LINK, "s-t-ab12-7"} == read
