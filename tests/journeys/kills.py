"""SIGKILL at random moments under continuous sales: `make kills` runs a hundred.

A seeded random decides who is killed (the agent, HQ, both, or the agent again while it starts),
when, and what ails the printer. A failure prints the seed and keeps all files.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from agent.daemon.demo.programs import Launch, ProgramFault, executed
from agent.daemon.demo.world import TILL, World, opened_world
from agent.program.terminal import say
from tests.journeys.audit import Audit
from tests.journeys.cashier import Cashier
from tests.journeys.seeded import asking, played

MOMENT_S = (0.02, 2.0)
VICTIMS = {"agent": 60, "agent while starting": 15, "hq": 10, "both": 15}
AILMENTS = {"none": 70, "reset": 15, "paper": 8, "cover": 7}
RECEIPT_BYTES = 2000
FILES_EVERY = 5
"""Kills between two readings of all sales from the file; they are read at the end again."""


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    kills: Counter[str]
    ailments: Counter[str]
    sales: int
    customers: int
    cancelled: int
    lost: int
    again: int
    verified: int
    papers: Counter[str]
    seconds: float
    slowest_start_s: float

    def __str__(self) -> str:
        """Say it in one line."""
        kills = ", ".join(f"{count} {who}" for who, count in sorted(self.kills.items()))
        papers = ", ".join(f"{count} {state}" for state, count in sorted(self.papers.items()))
        return (
            f"seed {self.seed}: {self.kills.total()} kills ({kills}), {self.sales} sales complete "
            f"({self.customers} with a customer), {self.cancelled} cancelled, {self.lost} answers "
            f"lost and asked again, {self.again} asked twice; receipts: {papers}; both ends "
            f"verified {self.verified} times; slowest start {self.slowest_start_s:.1f} s; "
            f"{self.seconds:.0f} s in all"
        )


class Killer:
    """Kills and starts again, and has everything looked at."""

    def __init__(self, world: World, cashier: Cashier, rng: random.Random) -> None:
        self.world = world
        self.cashier = cashier
        self.rng = rng
        self.audit = Audit(world, cashier.book)
        self.kills: Counter[str] = Counter()
        self.ailments: Counter[str] = Counter()
        self.slowest_start_s = 0.0

    async def round(self) -> None:
        """Let some sales happen, kill somebody in the middle, look whether all is well."""
        self.ail()
        await asyncio.sleep(self.rng.uniform(*MOMENT_S))
        who = self.rng.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        if who == "hq":
            await self.world.hq.kill()
            await self.world.hq.start()
        else:
            await self.kill_agent(who)
        self.kills[who] += 1
        await self.audit.restart()
        if self.kills.total() % FILES_EVERY == 0:
            await self.audit.files()

    async def kill_agent(self, who: str) -> None:
        """Kill the agent, perhaps HQ with it, perhaps the agent once more as it comes up."""
        self.cashier.open.clear()
        victims = [self.world.agent, self.world.hq] if who == "both" else [self.world.agent]
        await asyncio.gather(*(victim.kill() for victim in victims))
        if who == "agent while starting":
            await self.kill_starting()
        began = time.monotonic()
        await asyncio.gather(*(victim.start() for victim in victims))
        self.slowest_start_s = max(self.slowest_start_s, time.monotonic() - began)
        await self.audit.basket_is_back()
        self.cashier.open.set()

    async def kill_starting(self) -> None:
        """Kill the agent at a random moment of its start."""
        start = asyncio.create_task(self.world.agent.start())
        await asyncio.wait([start], timeout=self.rng.uniform(0.3, 3.0))
        await self.world.agent.kill()
        with suppress(ProgramFault):
            await start

    def ail(self) -> None:
        """Let the printer have what printers have, and heal what it had before."""
        printer = self.world.printer
        printer.paper_empty = printer.cover_open = False
        what = self.rng.choices(list(AILMENTS), list(AILMENTS.values()))[0]
        self.ailments[what] += 1
        if what == "reset":
            printer.reset_at = printer.bytes_received + self.rng.randrange(1, RECEIPT_BYTES)
        printer.paper_empty = what == "paper"
        printer.cover_open = what == "cover"

    def heal(self) -> None:
        """Make the printer well for good."""
        printer = self.world.printer
        printer.reset_at = None
        printer.paper_empty = printer.cover_open = False


async def kills(directory: Path, *, count: int, seed: int, launch: Launch = executed) -> Outcome:
    """Run so many kills of programs that are launched so.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    async with opened_world(directory, (0, 0), launch) as world:
        await world.ask_till("POST", f"/v1/tills/{TILL}/sign-on", {"actor": "Anna"})
        cashier = Cashier(world, random.Random(rng.random()))
        killer = Killer(world, cashier, rng)
        cashier.open.set()
        selling = asyncio.create_task(cashier.work())
        for number in range(1, count + 1):
            await first(asyncio.create_task(killer.round()), selling)
            tell(number, count, cashier)
        cashier.stopping = True
        await selling
        killer.heal()
        await killer.audit.hq_has_everything()
        await killer.audit.histories()
        papers = await killer.audit.paper()
    book = cashier.book
    return Outcome(
        seed=seed,
        kills=killer.kills,
        ailments=killer.ailments,
        sales=len(book.completed),
        customers=len(book.customers),
        cancelled=len(book.cancelled),
        lost=book.lost,
        again=book.again,
        verified=killer.audit.verified,
        papers=papers,
        seconds=time.monotonic() - began,
        slowest_start_s=killer.slowest_start_s,
    )


async def first(work: asyncio.Task[None], selling: asyncio.Task[None]) -> None:
    """Do some work beside the selling; whichever fails ends both."""
    await asyncio.wait([work, selling], return_when=asyncio.FIRST_COMPLETED)
    if selling.done():
        work.cancel()
        await asyncio.wait([work])
        selling.result()
    try:
        await work
    except BaseException:
        selling.cancel()
        raise


def tell(number: int, count: int, cashier: Cashier) -> None:
    """Say how far it is, now and then."""
    if number % 10 == 0 and number < count:
        say(f"{number} kills, {len(cashier.book.completed)} sales, all well")


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--kills", type=int, default=100)
    asked = parser.parse_args()
    play = partial(kills, count=asked.kills, seed=asked.seed)
    return played("kills", asked.seed, f"{asked.kills} kills", play)


if __name__ == "__main__":
    sys.exit(main())
