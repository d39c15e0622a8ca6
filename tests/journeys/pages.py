"""A browser before the till page and the HQ console, as the people there use it."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager

from playwright.async_api import async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 800}
SMALL = {"width": 800, "height": 600}
PATIENCE_MS = 45_000
WEDGE_MS = 1
"""Between two characters of a scanner that types; no hand is as fast."""
TELLS_VIOLATIONS = """addEventListener("securitypolicyviolation",
    (event) => console.error(`refused by the policy: ${event.violatedDirective}`));"""


@asynccontextmanager
async def chromium():
    """Start Debian's Chromium; the browsers of playwright itself are not needed."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser, address, viewport=None):
    """Open an address in a context of its own; gives the page and what its console complained."""
    context = await browser.new_context(viewport=viewport or DESK, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(TELLS_VIOLATIONS)
    page = await context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    yield page, complaints
    await context.close()


class TillPage:
    """The till page, by what stands on it."""

    def __init__(self, page, complaints):
        self.page = page
        self.complaints = complaints
        self.lines = page.locator("#lines tbody tr")
        self.customer = page.locator("#customer")
        self.receipt = page.locator("#receipt")
        self.message = page.locator("#messages .message")
        self.dialog = page.locator("#dialog[open]")
        self.total = page.locator("#totals .big .amount, #totals .big span:last-child")

    async def wedge(self, code):
        """Scan with a scanner that types: fast, wherever the focus is, with Enter behind it."""
        await self.page.keyboard.type(code, delay=WEDGE_MS)
        await self.page.keyboard.press("Enter")

    async def wedge_timed(self, code):
        """Scan as `wedge`, every character stamped as the scanner sent it.

        A machine that is busy hands them on late; how fast they were typed is what they say.
        """
        keys = await self.page.context.new_cdp_session(self.page)
        began = time.time()
        for number, key in enumerate([*code, "Enter"]):
            stamp = {"key": key, "timestamp": began + number * WEDGE_MS / 1000}
            text = {"text": key} if len(key) == 1 else {"text": "\r", "windowsVirtualKeyCode": 13}
            await keys.send("Input.dispatchKeyEvent", {"type": "keyDown", **stamp, **text})
            await keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **stamp})
        await keys.detach()

    async def answer(self, **fields):
        """Fill the fields of the open dialog and press Enter, as a cashier does."""
        for name, value in fields.items():
            await self.dialog.locator(f"#field-{name}").fill(value)
        await self.page.keyboard.press("Enter")

    async def from_day_menu(self, value):
        """Choose from the menu behind F9."""
        await self.page.keyboard.press("F9")
        await self.dialog.locator(f"button[value={value}]").click()

    async def shows_lines(self, count):
        """Wait until so many lines are in the basket."""
        await expect(self.lines).to_have_count(count)

    async def shows_total(self, text):
        """Wait until the total is this."""
        await expect(self.total.last).to_have_text(text)
