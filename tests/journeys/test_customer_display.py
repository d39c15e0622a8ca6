"""A till with a scale, a line display and a display page: what the customer sees and weighs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib import resources

import httpx
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import expect

from agent.daemon.demo.programs import Program, call, free_port
from agent.daemon.demo.shop import new_id
from drivers.virtual.display import VirtualDisplay
from drivers.virtual.scale import VirtualScale
from tests.forked import forked
from tests.journeys.pages import SMALL, TillPage, opened

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

ITEMS = resources.files("agent.daemon.demo") / "data" / "items.csv"
WIDE = {"width": 1024, "height": 600}
COFFEE = "]E09521000151109"
APPLES = "item-0137"
SETTINGS = """\
[store]
id = "store-0001"
name = "Corner Shop"
language = "{language}"

[tax]
standard = 1900
reduced = 700

[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"

[[till]]
id = "till-1"
display = "pole"
scale = "scale"

[[device]]
id = "pole"
kind = "display"
model = "epson-dm-d110"
address = "{display}"

[[device]]
id = "scale"
kind = "scale"
model = "toledo-8217"
address = "{scale}"
"""


class Counter:
    """The running agent with its scale and its display."""

    def __init__(self, directory, scale, pole, client):
        self.directory = directory
        self.scale = scale
        self.pole = pole
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._client = client
        self._config = directory / "agent.toml"
        self.program = Program(
            "till-agent",
            ["run", "--config", str(self._config)],
            url=self.url,
            log=directory / "agent.log",
            env={},
            launch=forked,
        )

    async def set_up(self, language):
        """Write the settings, start, take the catalogue over, pair the till."""
        state = self.directory / "agent"
        state.mkdir(mode=0o700)
        text = SETTINGS.format(
            language=language,
            port=self.port,
            state=state,
            display=self.pole.address,
            scale=self.scale.address,
        )
        self._config.write_text(text, encoding="utf-8")
        await self.program.start()
        with resources.as_file(ITEMS) as items:
            await self._command("import-items", str(items))
        said = await self._command("pair", "till-1", "--json")
        self.token = msgspec.json.decode(said)["token"]

    async def _command(self, *arguments):
        return await call("till-agent", *arguments, "--config", str(self._config), launch=forked)

    def page(self, path):
        """Give the address of a page with its credentials."""
        return f"{self.url}{path}#till=till-1&token={self.token}"

    async def send(self, method, path, body=None):
        """Call the agent as the till."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self._client.request(method, self.url + path, headers=headers, json=body)

    async def ask(self, method, path, body=None):
        """Call the agent; gives the body of an answer that has to be a good one."""
        answer = await self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def open_sale(self):
        """Open a sale; gives its path."""
        opened_sale = await self.ask("POST", "/v1/tills/till-1/sales", {"sale_id": new_id()})
        return f"/v1/sales/{opened_sale['sale']['sale_id']}"


@asynccontextmanager
async def counter(directory, language="en"):
    """Set the till up, and stop it again."""
    async with (
        VirtualScale(link=directory / "scale") as scale,
        VirtualDisplay(link=directory / "pole") as pole,
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
    ):
        made = Counter(directory, scale, pole, client)
        try:
            await made.set_up(language)
            yield made
        finally:
            await made.program.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop_counter(tmp_path_factory):
    """One till for all tests of this file."""
    async with counter(tmp_path_factory.mktemp("counter")) as made:
        yield made


async def test_the_line_display_follows_a_sale_with_goods_by_weight(shop_counter):
    """A customer could not follow what is charged, or a weight would have to be typed."""
    till = shop_counter
    assert "Welcome" in (await till.pole.until(lambda lines: "Welcome" in lines[0]))[0]
    sale = await till.open_sale()
    till.scale.put(345, swings_ms=300)
    sold = await till.ask("POST", f"{sale}/lines", {"item_id": APPLES})
    line = sold["sale"]["lines"][0]
    assert 345 == line["quantity"]
    shown = await till.pole.until(lambda lines: lines[1].startswith("Total"))
    assert shown[0].startswith(line["name"][:10])
    assert shown[1].endswith(f"€{line['extension'] / 100:.2f}")
    till.scale.put(0)
    refused = await till.send("POST", f"{sale}/lines", {"item_id": APPLES})
    assert (409, "urn:till-agent:problem:no-weight") == (
        refused.status_code,
        refused.json()["type"],
    )
    await till.ask("POST", f"{sale}/tenders", {"kind": "cash", "amount": 1000})
    done = await till.ask("POST", f"{sale}/complete", {})
    shown = await till.pole.until(lambda lines: lines[1].startswith("Change"))
    assert "Given         €10.00" == shown[0]
    assert shown[1].endswith(f"€{done['change'] / 100:.2f}")
    assert [] == till.pole.glass.unknown


async def test_the_weight_is_told_and_an_empty_scale_says_why_not(shop_counter):
    """POS software could not weigh, or would get nothing without a reason."""
    till = shop_counter
    till.scale.put(1250, swings_ms=200)
    weight = await till.ask("GET", "/v1/tills/till-1/weight?within_ms=3000")
    assert ("scale", 1250) == (weight["device"], weight["grams"])
    assert 0 <= weight["age_ms"] <= 1000
    till.scale.put(700, swings_ms=60_000)
    answer = await till.send("GET", "/v1/tills/till-1/weight?within_ms=300")
    assert (409, "urn:till-agent:problem:unstable-weight") == (
        answer.status_code,
        answer.json()["type"],
    )
    till.scale.platter.silent = True
    till.scale.put(500)
    answer = await till.send("GET", "/v1/tills/till-1/weight?within_ms=1500")
    assert (503, "urn:till-agent:problem:scale-not-ready") == (
        answer.status_code,
        answer.json()["type"],
    )
    assert answer.json()["remedy"]
    till.scale.platter.silent = False
    weight = await till.ask("GET", "/v1/tills/till-1/weight?within_ms=9000")
    assert 500 == weight["grams"]
    refused = await till.send("GET", "/v1/tills/till-1/weight?within_ms=99999")
    assert 400 == refused.status_code
    till.scale.put(0)


async def test_pos_software_shows_lines_of_its_own(shop_counter):
    """POS software that keeps the basket could not tell its customers anything."""
    till = shop_counter
    lines = ["Hello", "Café 2,50 €"]
    answer = await till.ask("POST", "/v1/tills/till-1/display", {"lines": lines})
    assert (lines, 20, 2) == (answer["lines"], answer["columns"], answer["rows"])
    assert tuple(lines) == await till.pole.until(lambda shown: shown[0] == "Hello")
    refused = await till.send("POST", "/v1/tills/till-1/display", {"lines": ["x"] * 9})
    assert 400 == refused.status_code


async def test_the_display_page_from_welcome_to_change(shop_counter, browser):
    """A customer would read an old sale, or somebody's name."""
    till = shop_counter
    async with opened(browser, till.page("/display"), WIDE) as (tab, complaints):
        sale = await till.open_sale()
        await till.ask("POST", f"{sale}/lines", {"scan": COFFEE})
        await expect(tab.locator("#lines li")).to_have_count(1)
        await till.ask("POST", f"{sale}/lines", {"item_id": APPLES, "quantity": 345})
        await expect(tab.locator("#lines li")).to_have_count(2)
        await expect(tab.locator("#lines li").last).to_contain_text("0.345 kg × €")
        view = await till.ask("GET", sale)
        total = f"€{view['totals']['total'] / 100:.2f}"
        await expect(tab.locator("#sums dd.big")).to_have_text(total)
        await till.ask("POST", f"{sale}/tenders", {"kind": "card", "amount": 100})
        await expect(tab.locator("#sums dt.big")).to_have_text("To pay")
        await till.ask("POST", f"{sale}/tenders", {"kind": "cash", "amount": 5000})
        done = await till.ask("POST", f"{sale}/complete", {})
        await expect(tab.locator("#settled dd.big")).to_have_text(f"€{done['change'] / 100:.2f}")
        await tab.reload()
        await expect(tab.locator("#settled dd.big")).to_have_text(f"€{done['change'] / 100:.2f}")
        assert [] == complaints


async def test_a_long_sale_keeps_the_newest_line_in_sight(shop_counter, browser):
    """The line just sold would be below the edge of the screen."""
    till = shop_counter
    sale = await till.open_sale()
    async with opened(browser, till.page("/display"), SMALL) as (tab, complaints):
        for _ in range(25):
            await till.ask("POST", f"{sale}/lines", {"scan": COFFEE})
        await expect(tab.locator("#lines li")).to_have_count(25)
        await expect(tab.locator("#lines li").last).to_be_in_viewport(ratio=0.9)
        await expect(tab.locator("#sums dd.big")).to_be_in_viewport(ratio=0.9)
        assert [] == complaints
    await till.ask("POST", f"{sale}/cancel", {"reason": "the end of the test"})


async def test_a_display_without_a_token_says_what_to_do(shop_counter, browser):
    """A technician would stand before a dark screen."""
    async with opened(browser, f"{shop_counter.url}/display", WIDE) as (tab, _):
        await expect(tab.locator("#away")).to_contain_text("till-agent pair")


async def test_the_till_page_shows_the_weight_while_it_asks_for_it(shop_counter, browser):
    """A cashier would type what the scale shows."""
    till = shop_counter
    till.scale.put(0)
    async with opened(browser, till.page("/")) as (tab, complaints):
        page = TillPage(tab, complaints)
        await page.wedge("Apples B")
        await tab.locator("#matches button").first.click()
        field = page.dialog.locator("#field-kg")
        await expect(page.dialog).to_contain_text("Nothing on the scale")
        till.scale.put(515, swings_ms=200)
        await expect(field).to_have_value("0.515")
        till.scale.put(620)
        await expect(field).to_have_value("0.620")
        await tab.keyboard.press("Enter")
        await expect(page.lines.first).to_contain_text("0.620 kg")
        await page.wedge("Apples B")
        await tab.locator("#matches button").first.click()
        await expect(field).to_have_value("0.620")
        await field.fill("0.1")
        till.scale.put(900)
        await tab.keyboard.press("Enter")
        await expect(page.lines.nth(1)).to_contain_text("0.100 kg")
        # That the scale was empty when the dialog opened is an answer, and the console notes it.
        assert [] == [said for said in complaints if "409" not in said]
    view = await till.ask("GET", "/v1/tills/till-1")
    path = f"/v1/sales/{view['sale']['sale']['sale_id']}/cancel"
    await till.ask("POST", path, {"reason": "the end of the test"})


async def test_an_older_weight_never_comes_after_a_newer_one(shop_counter, browser):
    """The cashier would read what the goods before weighed."""
    till = shop_counter
    asked, told = asyncio.Event(), asyncio.Event()

    async def late(route):
        answer = await route.fetch()
        asked.set()
        await told.wait()
        await route.fulfill(response=answer)

    till.scale.put(333)
    assert 333 == (await till.ask("GET", "/v1/tills/till-1/weight?within_ms=9000"))["grams"]
    async with opened(browser, till.page("/")) as (tab, complaints):
        page = TillPage(tab, complaints)
        await tab.route("**/weight?*", late)
        await page.wedge("Apples B")
        await tab.locator("#matches button").first.click()
        await asked.wait()
        till.scale.put(444)
        field = page.dialog.locator("#field-kg")
        await expect(field).to_have_value("0.444")
        async with tab.expect_response("**/weight?*") as response:
            told.set()
        await (await response.value).finished()
        await tab.evaluate("() => new Promise((done) => setTimeout(done))")
        assert "0.444" == await field.input_value()
        assert [] == complaints


async def test_devices_pulled_out_are_gone_and_come_back(shop_counter):
    """A scale or a display that slipped out of its port would need a restart of the agent."""
    till = shop_counter
    for peer in (till.scale, till.pole):
        peer.unplug()
        peer.plug()
    till.scale.put(333)
    assert 333 == (await till.ask("GET", "/v1/tills/till-1/weight?within_ms=9000"))["grams"]
    await till.ask("POST", "/v1/tills/till-1/display", {"lines": ["Here", "again"]})
    await till.pole.until(lambda shown: shown == ("Here", "again"), timeout_s=60)
