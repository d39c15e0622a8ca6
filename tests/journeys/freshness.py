"""How soon each side knows what happened at the other, by the real programs, HQ on SQLite.

    python -m tests.journeys.freshness --events 200 --queued 10000

Events of the web shop are told to HQ and looked for on the customer's timeline at the till; sales
of the till are looked for on the timeline at HQ, one after the other, while its own cashier sells
on. Then the till is without HQ until so many sales wait, and HQ comes back.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import msgspec
from pysqlite3 import dbapi2

from agent.core.identifiers import StoreId, TillId, receipt_number
from agent.daemon.demo.shop import new_id
from agent.daemon.files import open_journal
from agent.journal import Connection
from agent.journal.chains import append, next_receipt
from agent.settings import load
from tests.journal.shop import completed
from tests.journeys.audit import insist
from tests.journeys.chain_hq import TILL, Answer, Headquarters
from tests.journeys.chain_shops import Shop, opened_chain
from tests.journeys.seeded import asking, played

GOALS_S = {"web event at the till": 5, "store sale at HQ": 5, "queue drained": 60}
PERSONS = 10
LOOK_S = 0.02
LOST_S = 120
CHUNK = 500
COFFEE = {"item_id": "item-0002"}
PRICE = 799


class Outcome(msgspec.Struct):
    """Seconds, by what was waited for."""

    spent: dict[str, list[float]] = {}
    queued: int = 0
    load: float = 0

    def p95(self, name: str) -> float:
        """Give what 95 of 100 stay within; of one alone, that one."""
        found = self.spent[name]
        return quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]

    def __str__(self) -> str:
        """Say each in a line, with how busy the machine was."""
        said = [
            f"{name}: {len(found)} times, half within {sorted(found)[len(found) // 2]:.2f} s, "
            f"95 of 100 within {self.p95(name):.2f} s, all within {max(found):.2f} s"
            for name, found in self.spent.items()
        ]
        return "\n".join([*said, f"{self.queued} sales were queued; load {self.load:.1f}"])


async def seen(look: Callable[[], Awaitable[bool]], began: float) -> float:
    """Look until it is there; gives the seconds since it began."""
    async with asyncio.timeout(LOST_S):
        while True:
            if await look():
                return time.monotonic() - began
            # Each side tells its own people by events, and nobody of what the other one knows.
            await asyncio.sleep(LOOK_S)


def shows(timeline: Answer, event_id: str) -> bool:
    """Tell whether something is on a timeline."""
    return any(each["event_id"] == event_id for each in timeline["interactions"])


async def web_event(hq: Headquarters, shop: Shop, party_id: str, n: int) -> float:
    """Have a customer order on the web; gives when the till has it."""
    at, number = datetime.now(UTC).isoformat(), f"WEB-{n:08}"
    line = {"name": "Tea", "quantity": 1, "amount": 499}
    order = {"order_no": number, "lines": [line], "total": 499, "currency": "EUR"}
    event = {
        "event_id": f"{number}-1",
        "type": "order.placed",
        "occurred_at": at,
        "touch_point": "webshop",
        "party": {"party_id": party_id},
        "order": order | {"placed_at": at, "paid": True},
    }
    began = time.monotonic()
    await hq.tell([event])

    async def look() -> bool:
        return shows(await shop.ask("GET", f"/v1/parties/{party_id}/timeline"), f"web/{number}-1")

    return await seen(look, began)


async def store_sale(hq: Headquarters, shop: Shop, party_id: str) -> float:
    """Sell to a customer; gives when HQ has it, from the till's answer on."""
    sale_id = new_id()
    async with shop.counter:
        await shop.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
        await shop.ask("PUT", f"/v1/sales/{sale_id}/customer", {"party_id": party_id})
        await shop.ask("POST", f"/v1/sales/{sale_id}/lines", COFFEE | {"line_id": new_id()})
        cash = {"kind": "cash", "amount": PRICE, "tender_id": new_id()}
        await shop.ask("POST", f"/v1/sales/{sale_id}/tenders", cash)
        await shop.ask("POST", f"/v1/sales/{sale_id}/complete", {})
    began = time.monotonic()

    async def look() -> bool:
        return shows(await hq.ask("GET", f"/v1/parties/{party_id}/timeline"), sale_id)

    return await seen(look, began)


async def both_ways(hq: Headquarters, shop: Shop, events: int) -> dict[str, list[float]]:
    """Measure either way, while the shop's cashier sells to others."""
    people = [
        (await shop.ask("POST", "/v1/parties", {"party_id": new_id(), "name": f"Ada {n}"}))
        for n in range(PERSONS)
    ]
    await shop.in_step()
    working = asyncio.create_task(shop.work())
    web, store = [], []
    for n in range(events):
        party_id = people[n % PERSONS]["party_id"]
        web.append(await web_event(hq, shop, party_id, n))
        store.append(await store_sale(hq, shop, party_id))
    shop.stopping = True
    await working
    return {"web event at the till": web, "store sale at HQ": store}


def queue(shop: Shop, count: int) -> None:
    """Put sales into a stopped till's journal, as many as it would have made without HQ."""
    journal, _ = open_journal(load(shop.config))

    def sell(conn: Connection) -> None:
        for _ in range(CHUNK):
            journal_id, n = next_receipt(conn, TillId(TILL))
            number = receipt_number(StoreId(shop.store), TillId(TILL), journal_id, n)
            body = msgspec.structs.replace(completed(new_id(), number), store=shop.store)
            append(conn, TillId(TILL), body, salt=os.urandom(16))

    with closing(journal):
        for _ in range(count // CHUNK):
            journal.write_blocking(sell)


def sales_at(hq: Headquarters) -> int:
    """Count the sales that HQ has in its histories."""
    uri = f"file:{hq.state / 'central.sqlite'}?mode=ro"
    with closing(dbapi2.connect(uri, uri=True)) as conn:
        [count] = conn.execute("SELECT count(*) FROM sale").fetchone()
    return int(count)


async def drained(hq: Headquarters, shop: Shop, count: int) -> float:
    """Queue sales while there is no HQ; gives how long it takes from its return on."""
    await shop.in_step()
    before = await asyncio.to_thread(sales_at, hq)
    await hq.program.stop()
    await shop.stop()
    await asyncio.to_thread(queue, shop, count)
    await shop.start()
    await hq.program.start()

    async def look() -> bool:
        return await asyncio.to_thread(sales_at, hq) >= before + count

    return await seen(look, time.monotonic())


async def freshness(
    directory: Path, *, events: int, queued: int, seed: int, **more: Any
) -> Outcome:
    """Measure all three.

    Raises:
        Broken: one took longer than it may.
    """
    outcome = Outcome(queued=queued)
    async with opened_chain(directory, 1, random.Random(seed), **more) as (hq, [shop]):
        outcome.spent = await both_ways(hq, shop, events)
        outcome.spent["queue drained"] = [await drained(hq, shop, queued)]
        outcome.load = os.getloadavg()[0]
    for name, most_s in GOALS_S.items():
        insist(outcome.p95(name) <= most_s, f"{name}: more than {most_s} s\n{outcome}")
    return outcome


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--queued", type=int, default=10_000)
    asked = parser.parse_args()
    much = f"{asked.events} events either way, {asked.queued} sales queued"

    def play(at: Path) -> object:
        return freshness(at, events=asked.events, queued=asked.queued, seed=asked.seed)

    return played("freshness", asked.seed, much, play)


if __name__ == "__main__":
    sys.exit(main())
