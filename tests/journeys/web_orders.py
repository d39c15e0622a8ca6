"""Thousands of orders of a real web store, whose webhooks are lost, repeated and out of order.

    python -m tests.journeys.web_orders --orders 10000 --bought 500 [--major]

So many are bought in a real Vendure and seen to by its staff, while HQ hears of it; the rest are
copies of these in Vendure's own database, told of all at once. Every transition in Vendure's
history must be on its customer's timeline at HQ within five minutes, every amount the same to the
cent. With `--major` the same Vendure has a money strategy by which its tables and its API hold
major units, 19.99 where it has 1999 by itself.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from agent.core.quantities import decimal_text
from agent.program.terminal import say
from central.channels.vendure_money import MAJOR, MINOR
from tests.journeys.audit import insist
from tests.journeys.chain_hq import Headquarters
from tests.journeys.seeded import asking, played
from tests.journeys.vendure_crowd import Sums, broken, buy, copied, see_to, transitions
from tests.journeys.vendure_shop import WebStore
from tests.journeys.web_chain import EXPONENT, Chain, opened

GOAL_S = 300
AT_ONCE = 4
T, R = TypeVar("T"), TypeVar("R")


class Outcome(msgspec.Struct):
    """What was told, what was seen, and how long it took."""

    lines: list[str] = []
    longest_s: float = 0
    """How long HQ took at most until it knew everything."""

    def __str__(self) -> str:
        """Say each in a line, with how busy the machine was."""
        return "\n".join([*self.lines, f"load {os.getloadavg()[0]:.1f}"])

    def took(self, what: str, seconds: float) -> None:
        """Note how long one of them took, and say it: the whole takes long."""
        self.longest_s = max(self.longest_s, seconds)
        self.lines.append(f"{what}, all at HQ {seconds:.0f} s after the last")
        say(self.lines[-1])


async def each_of(things: Iterable[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do something with each, several at once; gives what came of each, in their order."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> R:
        async with turns:
            return await act(thing)

    return await asyncio.gather(*(one(thing) for thing in things))


async def lived(chain: Chain, web: WebStore, bought: int, outcome: Outcome) -> None:
    """Buy and see to orders; notes how soon after the last of it HQ knew all."""
    began = time.monotonic()
    codes = await each_of(range(bought), lambda n: buy(web, chain.draw, n))
    await each_of(chain.draw.sample(codes, len(codes)), lambda code: see_to(web, chain.draw, code))
    ended = time.monotonic()
    await chain.hooks.flush()
    found, took = await chain.caught_up(ended)
    much = f"{bought} orders bought and seen to in {ended - began:.0f} s"
    outcome.took(f"{much}: {found} transitions", took)


async def flooded(chain: Chain, orders: int, outcome: Outcome) -> None:
    """Copy orders in the web store and tell of all at once; notes how soon HQ knew all."""
    before = set(await asyncio.to_thread(lambda: list(transitions(chain.shop))))
    codes = await asyncio.to_thread(copied, chain.shop, orders)
    began, before_s = time.monotonic(), chain.processor_s()
    for code in codes:
        chain.hooks.heard(msgspec.json.encode({"order_no": code}))
    await chain.hooks.flush()
    found, took = await chain.caught_up(began)
    outcome.took(f"{len(codes)} orders with copies: {found - len(before)} more transitions", took)
    each_ms = 1000 * (chain.processor_s() - before_s) / len(codes)
    outcome.lines.append(f"{each_ms:.1f} ms of HQ's processor an order")


async def reconciled(chain: Chain) -> Sequence[str]:
    """Compare order by order and customer by customer; gives what was compared."""
    wanted = set(await asyncio.to_thread(lambda: list(transitions(chain.shop))))
    codes = sorted({event.split("/")[1] for event in wanted})
    sheets = await each_of(codes, lambda code: chain.hq.ask("GET", f"/v1/orders/{code}"))
    people = sorted({sheet["order"]["party_id"] for sheet in sheets})
    shown = await each_of(people, lambda party_id: timeline(chain.hq, party_id))
    seen = [event for events in shown for event in events]
    insist(wanted <= set(seen), f"not on a timeline: {sorted(wanted - set(seen))[:5]}")
    # Vendure's history has no line of a refund's beginning; HQ may have looked just then.
    more = [e for e in set(seen) - wanted if not ("/refund/" in e and e.endswith("/Pending"))]
    insist(not more, f"told, and not in the web store's history: {sorted(more)[:5]}")
    insist(len(seen) == len(set(seen)), "something is on two timelines, or twice on one")
    money = [sheet["money"] for sheet in sheets]
    there, here = await asyncio.to_thread(chain.sums), added(money)
    insist(there == here, f"the web store says {there}, HQ says {here}")
    for what in ("ordered", "settled", "refunded"):
        major = sum((Decimal(decimal_text(each[what], EXPONENT)) for each in money), Decimal(0))
        insist(major == Decimal(getattr(there, what)).scaleb(-EXPONENT), f"{what}: {major}")
    refunds = sum("/refund/" in event for event in wanted)
    seen_at = (
        f"transitions expected {len(wanted)}, on the timelines of {len(people)} customers "
        f"{len(seen)}, of them refunds {refunds}; each once"
    )
    cents = await asyncio.to_thread(broken, chain.shop)
    insist(bool(cents) == (chain.amounts == MAJOR), f"not in {chain.amounts} units: {cents[:3]}")
    held = f"payments in its tables that are no whole numbers: {len(cents)}, as {cents[:2]}"
    return (seen_at, held, f"web store: {money_of(there)}", f"HQ:        {money_of(here)}")


async def timeline(hq: Headquarters, party_id: str) -> list[str]:
    """Name everything on a customer's timeline."""
    found: list[str] = []
    before: str | None = ""
    while before is not None:
        asked = "?" + urlencode({"before": before}) if before else ""
        page = await hq.ask("GET", f"/v1/parties/{party_id}/timeline{asked}")
        found += [each["event_id"] for each in page["interactions"]]
        before = page["before"]
    return found


def added(money: Sequence[dict[str, int]]) -> Sums:
    """Add up what HQ's sheets say."""
    return Sums(len(money), *(sum(each[what] for each in money) for what in Sums._fields[1:]))


def money_of(found: Sums) -> str:
    """Say sums in minor and in major units."""
    said = (
        f"{what} {getattr(found, what)} = {decimal_text(getattr(found, what), EXPONENT)}"
        for what in Sums._fields[1:]
    )
    return f"{found.orders} orders, {', '.join(said)}"


async def web_orders(
    directory: Path, *, orders: int, bought: int, seed: int, amounts: str = MINOR
) -> Outcome:
    """Play it.

    Args:
        directory: for everything.
        orders: there are at the end.
        bought: how many of them by the web store's own API.
        seed: of everything drawn.
        amounts: `MINOR` or `MAJOR`: what the web store has its money in.

    Raises:
        Broken: something is missing at HQ, or came too late.
    """
    outcome = Outcome()
    async with opened(directory, random.Random(seed), amounts) as (chain, web):
        await lived(chain, web, bought, outcome)
        await flooded(chain, orders, outcome)
        outcome.lines += await reconciled(chain)
        [standing] = (await chain.hq.ask("GET", "/v1/channels"))["connectors"]
        insist((None, 0) == (standing["problem"], standing["quarantined"]), f"{standing}")
        outcome.lines.append(str(chain.hooks))
    insist(outcome.longest_s <= GOAL_S, f"more than {GOAL_S} s\n{outcome}")
    return outcome


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--bought", type=int, default=500)
    parser.add_argument("--major", action="store_true", help="the web store has major units")
    asked = parser.parse_args()
    amounts = MAJOR if asked.major else MINOR
    much = f"{asked.orders} orders in {amounts} units, {asked.bought} of them bought"
    numbers = {"orders": asked.orders, "bought": asked.bought, "seed": asked.seed}

    def play(at: Path) -> object:
        return web_orders(at, **numbers, amounts=amounts)

    return played("web-orders", asked.seed, much, play)


if __name__ == "__main__":
    sys.exit(main())
