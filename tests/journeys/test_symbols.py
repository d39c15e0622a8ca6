"""Symbols as they stand on goods: drawn, read, through a port, to the item on the till page.

zint draws, zxing-cpp reads and gives the AIM identifier and the bytes, a scanner on a
pseudo-terminal sends them to the running program, and Chromium shows what the cashier sees.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import expect

from agent.core.barcode import check_digit
from tests.core.barcode.symbols import scanned
from tests.journeys.lone import TILL, lone_agent
from tests.journeys.pages import TillPage, opened

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

HEADER = "item_id,name,tax,gtin,reference,unit,price\n"
CARD = "LCSETR8P36HB"
APART_S = 0.75
"""Two symbols of one GTIN that far apart are two packs."""


def whole(digits: str) -> str:
    """Add the check digit."""
    return digits + str(check_digit(digits))


def gtin(number: int) -> str:
    """Make the GTIN-14 of one of our articles."""
    return whole(f"095200000{number:04}")


def link(number: int) -> str:
    """Make the Digital Link of one of our articles."""
    return f"https://id.example.com/01/{gtin(number)}/10/LOT{number}/21/S{number}?17=491231"


# Name → GTIN or in-store reference, symbology, what is drawn, whether that is GS1 data.
GOODS = {
    "EAN-13": (gtin(1), "EANX", gtin(1)[1:-1], False),
    "EAN-8": ("96385074", "EANX", "9638507", False),
    "UPC-A": ("036000291452", "UPCA", "03600029145", False),
    "UPC-E": ("012345000058", "UPCE", "0123455", False),
    "ITF-14": ("10614141000415", "ITF14", "1061414100041", False),
    "GS1-128": (gtin(6), "GS1_128", f"[01]{gtin(6)}[10]LOT6[17]491231", True),
    "DataBar Omni": (gtin(7), "DBAR_OMN", gtin(7)[:-1], False),
    "DataBar Expanded": (gtin(8), "DBAR_EXP", f"[01]{gtin(8)}[3103]000500[3922]0250", True),
    "GS1 DataMatrix": (gtin(9), "DATAMATRIX", f"[01]{gtin(9)}[10]LOT9[21]S9[17]491231", True),
    "GS1 QR": (gtin(10), "QRCODE", f"[01]{gtin(10)}[10]LOT10[17]491231", True),
    "QR with link": (gtin(11), "QRCODE", link(11), False),
    "QR with shouted link": (gtin(12), "QRCODE", link(12).upper(), False),
    "DataMatrix with link": (gtin(13), "DATAMATRIX", link(13), False),
    "Price label": ("2112345", "EANX", "211234501299", False),
    "Weight label": ("2212345", "EANX", "221234500345", False),
    "Book": ("9783161484100", "ISBNX", "9783161484100", False),
    "Shelf label": (gtin(16), "CODE128", gtin(16)[1:], False),
}
SHOWN = {
    "DataBar Expanded": "€2.50",
    "Price label": "€12.99",
    "Weight label": "0.345 kg",
    "GS1-128": "good until 2049-12-31",
    "GS1 DataMatrix": "good until 2049-12-31",
    "GS1 QR": "good until 2049-12-31",
    "QR with link": "good until 2049-12-31",
    "DataMatrix with link": "good until 2049-12-31",
}


def catalogue() -> str:
    """Write our articles as the shop's IT does."""
    rows = []
    for number, (name, (key, *_)) in enumerate(GOODS.items()):
        label = len(key) == len("2112345")
        unit = "kg" if name == "Weight label" else "each"
        rows.append(
            f"s{number},{name},reduced,{'' if label else key},{key if label else ''},{unit},3"
        )
    return HEADER + "\n".join(rows) + "\n"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def agent(tmp_path_factory):
    """One running agent that lists our articles and knows one customer's card."""
    async with lone_agent(tmp_path_factory.mktemp("symbols")) as agent:
        watching = asyncio.create_task(agent.watcher.run())
        items = agent.directory / "symbols.csv"
        items.write_text(catalogue(), encoding="utf-8")
        await agent.command("import-items", str(items))
        enrolled = {"name": "Greta Sommer", "card": CARD}
        assert 201 == (await agent.send("POST", "/v1/parties", json=enrolled)).status_code
        yield agent
        watching.cancel()
        await asyncio.wait([watching])


@pytest_asyncio.fixture(loop_scope="session")
async def page(agent, browser):
    """The till page with an empty basket; its console must stay silent."""
    address = f"{agent.url}/#token={agent.token}&till={TILL}"
    async with opened(browser, address) as (tab, complaints):
        await expect(tab.locator("#till")).to_have_text(TILL)
        yield TillPage(tab, complaints)
        view = (await agent.send("GET", f"/v1/tills/{TILL}")).json()
        if view.get("sale"):
            await agent.send("POST", f"/v1/sales/{view['sale']['sale']['sale_id']}/cancel", json={})
        assert [] == complaints


async def test_every_symbol_is_its_item_on_the_page(agent, page):
    """Goods with one of these symbols could not be sold, or would be sold as something else."""
    for count, (name, (_, symbology, text, gs1)) in enumerate(GOODS.items(), start=1):
        symbol = scanned(symbology, text, gs1=gs1)
        event = await agent.scan(symbol)
        assert "item" == event["data"]["kind"], event["data"]
        assert symbol == event["data"]["raw"].encode("latin-1")
        await page.shows_lines(count)
        line = page.lines.nth(count - 1)
        await expect(line).to_contain_text(name)
        await expect(line).to_contain_text(SHOWN.get(name, ""))


@pytest.mark.parametrize("symbology", ["QRCODE", "CODE128", "DATAMATRIX"])
async def test_a_card_is_its_customer_on_the_page(agent, page, symbology):
    """A customer who shows the card on a phone would not be known."""
    await agent.scan(scanned(symbology, CARD))
    await expect(page.customer).to_contain_text("Greta Sommer")
    await agent.send("DELETE", f"/v1/tills/{TILL}/customer", json={})


async def at_once(agent, *symbols):
    """Read symbols together, as an area scanner does, however slow the machine is; their events."""
    mark, events = agent.watcher.mark(), []
    agent.scanner.send(b"".join(symbol + b"\r" for symbol in symbols))
    for _ in symbols:
        event = await agent.watcher.until(mark, lambda event: event["type"] == "scan")
        mark = agent.watcher.events.index(event) + 1
        events.append(event)
    return events


async def test_a_dual_marked_pack_is_one_line(agent, page):
    """The customer would pay twice for a pack with an EAN and a QR code."""
    for number in (1, 11):
        code = gtin(number)
        ean = scanned("EANX", code[1:-1])
        qr = scanned("QRCODE", link(number))
        _, merged = await at_once(agent, ean, qr)
        assert merged["data"]["merged_into"] is not None
    await page.shows_lines(2)
    await expect(page.lines.first).to_contain_text("good until 2049-12-31")
    await agent.scan(scanned("EANX", gtin(1)[1:-1]))
    await agent.scan(scanned("EANX", gtin(1)[1:-1]))
    await page.shows_lines(4)


async def test_an_expired_pack_needs_a_reason(agent, page):
    """Spoilt goods would be sold, or a wrong clock keep good ones from being sold."""
    await asyncio.sleep(APART_S)
    event = await agent.scan(scanned("DATAMATRIX", f"[01]{gtin(9)}[17]200131", gs1=True))
    assert event["data"]["expired"]
    await expect(page.message).to_contain_text("was to be used by 2020-01-31")
    await page.shows_lines(0)
    await page.message.locator("button.way").click()
    await page.answer(reason="checked, date misprinted")
    await page.shows_lines(1)
    await expect(page.lines.first).to_contain_text("past its date 2020-01-31")
    await expect(page.lines.first).to_contain_text("checked, date misprinted")
