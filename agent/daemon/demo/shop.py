"""What the people of the story do at the till, through its scanner and its page's API."""

from __future__ import annotations

import time
from typing import Any

import uuid_utils

from agent.core.barcode import check_digit
from agent.daemon.demo.watching import Event, Watcher
from agent.daemon.demo.world import TILL, World

GS1_DIGITAL_LINK = "https://id.example.com/01/{gtin}"


def new_id() -> str:
    """Make a UUIDv7, as a till page does for what it may have to repeat."""
    return str(uuid_utils.uuid7())


def in_store_price_code(reference: str, price: int) -> str:
    """Print the label of a counter scale: reference, price in minor units, check digit.

    >>> in_store_price_code("2110909", 437)
    '2110909004379'
    """
    digits = f"{reference}{price:05d}"
    return digits + str(check_digit(digits))


class Till:
    """One till, as its cashier sees it."""

    def __init__(self, world: World, watcher: Watcher) -> None:
        self.world = world
        self.watcher = watcher
        self.slowest_ms = 0

    async def scan(self, symbol: str) -> Event:
        """Pull the scanner's trigger over a symbol; gives the till's `scan` event."""
        mark = self.watcher.mark()
        self.world.scanner.scan(symbol.encode())
        return await self.watcher.until(mark, lambda event: event["type"] == "scan")

    async def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call the agent, and remember how long the slowest answer took."""
        started = time.monotonic()
        answer = await self.world.ask_till(method, path, body)
        self.slowest_ms = max(self.slowest_ms, int((time.monotonic() - started) * 1000))
        return answer

    async def look(self) -> dict[str, Any]:
        """Look at the till as the page does."""
        view: dict[str, Any] = await self.ask("GET", f"/v1/tills/{TILL}")
        return view

    async def sale(self) -> dict[str, Any]:
        """Give the open sale with its totals."""
        view = await self.look()
        if not view.get("sale"):
            raise AssertionError("no sale is open at the till")
        sale: dict[str, Any] = view["sale"]
        return sale

    async def add(self, line: dict[str, Any]) -> dict[str, Any]:
        """Add a line to the open sale as the page does; gives the sale."""
        sale_id = (await self.sale())["sale"]["sale_id"]
        body = {**line, "line_id": new_id()}
        sale: dict[str, Any] = await self.ask("POST", f"/v1/sales/{sale_id}/lines", body)
        return sale

    async def card(self, party_id: str) -> dict[str, Any]:
        """Give the customer's card."""
        party = await self.ask("GET", f"/v1/parties/{party_id}")
        card: dict[str, Any] = party["card"]
        return card

    async def pay_cash(self, given: int) -> dict[str, Any]:
        """Take cash for the open sale and complete it."""
        sale_id = (await self.sale())["sale"]["sale_id"]
        tender = {"kind": "cash", "amount": given, "tender_id": new_id()}
        await self.ask("POST", f"/v1/sales/{sale_id}/tenders", tender)
        done: dict[str, Any] = await self.ask("POST", f"/v1/sales/{sale_id}/complete", {})
        return done

    async def day(self, what: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Do something of the till's day: open, close, cash, sign-on."""
        return await self.ask("POST", f"/v1/tills/{TILL}/{what}", body)
