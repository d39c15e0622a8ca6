"""A cashier who never stops: sells at random, repeats calls that lost their answer, keeps a book.

The book is what the till has promised: every answer that arrived. What the till holds after a kill
must be the book, plus at most the one call that was under way.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec

from agent.daemon.demo.shop import in_store_price_code, new_id
from agent.daemon.demo.world import TILL, World

ITEMS = (
    "]E09521000151109",
    "]E09521100004039",
    "]Q1https://id.example.com/01/09521100359184",
    "]E0" + in_store_price_code("2110909", 437),
    "]E0" + in_store_price_code("2110909", 1215),
)
CARDS = ("]C0LCSETR8P36HB", "]C0LC43QQSGDSYG", "]C0LCHX6KPMQPCP", "]C0LCGBBB4EX9SK")
NOTES = (500, 1000, 2000, 5000, 10_000, 20_000)
LINES_MAX = 6
PACKING_S = 0.2
TRIES_MAX = 40
"""Of one call: no kill lasts so long that more would be needed."""

Answer = dict[str, Any]


class Broken(Exception):
    """A promise of the product did not hold."""


class Book(msgspec.Struct):
    """What the till has answered."""

    completed: dict[str, Answer] = {}
    """sale_id → the answer to `complete`."""
    customers: dict[str, str] = {}
    """sale_id → the party on it, of completed sales."""
    cancelled: set[str] = set()
    basket: Answer | None = None
    """The open sale as last answered; None between two sales."""
    pending: tuple[str, str, str] | None = None
    """The call under way: method, path, id of what it adds."""
    lost: int = 0
    """Answers that did not arrive, so that the call was made again."""
    again: int = 0
    """Calls that were made again although their answer had arrived."""


class Cashier:
    """Sells until told to stop."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.book = Book()
        self.open = asyncio.Event()
        """Whether the till is up, as far as the cashier knows; cleared by who kills it."""
        self.stopping = False
        self.parked: list[str] = []

    async def work(self) -> None:
        """Serve customers, one after the other."""
        while not self.stopping:
            await self.serve()
            # The customer packs: the machine is not only there for this test.
            await asyncio.sleep(self.rng.uniform(0, PACKING_S))
        while self.parked:
            await self.take_up(self.parked.pop())

    async def serve(self) -> None:
        """One customer: lines, sometimes a change of mind, cash, the receipt."""
        sale_id = new_id()
        await self.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
        if self.chance(0.3):
            await self.present_card(sale_id)
        for number in range(1, self.rng.randint(2, LINES_MAX)):
            await self.add(sale_id)
            if number > 1 and self.chance(0.1):
                await self.on_sale("DELETE", sale_id, f"lines/{number}", {"reason": "changed mind"})
        if self.chance(0.05) and len(self.parked) < 2:
            await self.on_sale("POST", sale_id, "park", {})
            self.book.basket = None
            self.parked.append(sale_id)
            return
        await self.finish(sale_id)
        if self.parked and self.chance(0.3):
            await self.take_up(self.parked.pop())

    async def take_up(self, sale_id: str) -> None:
        """Serve somebody who was put aside."""
        await self.on_sale("POST", sale_id, "resume", {})
        await self.add(sale_id)
        await self.finish(sale_id)

    async def present_card(self, sale_id: str) -> None:
        """Recognise a customer and put them on the sale."""
        seen = await self.ask("POST", "/v1/identify", {"scan": self.rng.choice(CARDS)})
        if seen["answer"] != "found":
            raise Broken(f"a customer the till held is not found: {seen}")
        await self.on_sale("PUT", sale_id, "customer", {"party_id": seen["party_id"]})

    async def add(self, sale_id: str) -> None:
        """Scan one item."""
        line = {"scan": self.rng.choice(ITEMS), "line_id": new_id()}
        await self.on_sale("POST", sale_id, "lines", line, new=line["line_id"])

    async def finish(self, sale_id: str) -> None:
        """Cash and receipt, or the customer leaves."""
        if self.chance(0.06):
            await self.on_sale("POST", sale_id, "cancel", {"reason": "customer left"})
            self.book.cancelled.add(sale_id)
            self.book.basket = None
            return
        due = (self.book.basket or {})["totals"]["due"]
        given = self.rng.choice([due, next(note for note in NOTES if note >= due)])
        cash = {"kind": "cash", "amount": given, "tender_id": new_id()}
        await self.on_sale("POST", sale_id, "tenders", cash, new=cash["tender_id"])
        await self.complete(sale_id, due, given)

    async def complete(self, sale_id: str, due: int, given: int) -> None:
        """Complete the sale, and note what was promised."""
        party = (self.book.basket or {})["sale"].get("party_id")
        done = await self.ask("POST", f"/v1/sales/{sale_id}/complete", {})
        if (done["sale_id"], done["total"], done["change"]) != (sale_id, due, given - due):
            raise Broken(f"{due} was due, {given} given, and the answer is {done}")
        self.book.completed[sale_id] = done
        self.book.basket = None
        if party:
            self.book.customers[sale_id] = party

    async def on_sale(
        self, method: str, sale_id: str, what: str, body: Answer, new: str = ""
    ) -> None:
        """Change the open sale; the answer is the basket from now on."""
        path = f"/v1/sales/{sale_id}/{what}"
        before = self.book.basket
        self.book.basket = await self.ask(method, path, body, new=new)
        self._once_more_of(before, self.book.basket, new)

    def _once_more_of(self, before: Answer | None, after: Answer, new: str) -> None:
        """Insist that a call adds what it adds exactly once, however often it was made."""
        ids = ids_in(after)
        if len(ids) != len(set(ids)):
            raise Broken(f"something is on the sale twice: {ids}")
        if new and before is not None and [*ids_in(before), new] != sorted_like(ids, before):
            raise Broken(f"{ids_in(before)} became {ids} by adding {new}")

    def chance(self, likelihood: float) -> bool:
        """Draw whether something happens."""
        return self.rng.random() < likelihood

    async def ask(self, method: str, path: str, body: Answer, new: str = "") -> Any:
        """Call the till until it answers, always with the same ids."""
        self.book.pending = (method, path, new)
        answer = await self._insist(lambda: self.world.ask_till(method, path, body))
        if self.chance(0.05) and method != "GET":
            self.book.again += 1
            same = await self._insist(lambda: self.world.ask_till(method, path, body))
            if not same_as(answer, same):
                raise Broken(f"{method} {path} answered {answer}, and asked again {same}")
        self.book.pending = None
        return answer

    async def _insist(self, call: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(TRIES_MAX):
            await self.open.wait()
            try:
                return await call()
            except httpx.TransportError:
                self.book.lost += 1
        raise Broken(f"no answer to {self.book.pending} in {TRIES_MAX} tries")


def ids_in(view: Answer) -> list[str]:
    """List the callers' ids of a sale's lines and tenders."""
    sale = view["sale"]
    return [each["line_id"] for each in sale.get("lines", ())] + [
        each["tender_id"] for each in sale.get("tenders", ())
    ]


def sorted_like(ids: list[str], before: Answer) -> list[str]:
    """Put what is new behind what was there."""
    old = ids_in(before)
    return [each for each in ids if each in old] + [each for each in ids if each not in old]


def same_as(first: Answer, second: Answer) -> bool:
    """Tell whether an answer was repeated; a customer's card may have news in between."""
    keys = set(first) - {"card", "why"}
    return all(first[key] == second.get(key) for key in keys)
