"""Selling over a bad line, with a clock that jumps: `make badline` sells for a minute.

The real programs, a proxy between them that loses, cuts, flips, delays, repeats and hangs, and an
agent that is started again and again with its clock some years off. In the end HQ holds what was
sold, each sale once, to the cent.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec

from agent.daemon.demo.world import TILL, World, opened_world
from tests.journeys.audit import Audit
from tests.journeys.cashier import Cashier
from tests.journeys.faulty_line import FaultyLine
from tests.journeys.kills import first
from tests.journeys.seeded import asking, played

CLOCKS = ("+0", "-3650d", "+3650d", "+1d", "-1h", "+0")
"""What faketime(1) is told, one after the other."""
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    sales: int
    chunks: Counter[str]
    clocks: int
    seconds: float

    def __str__(self) -> str:
        """Say it in one line."""
        faults = ", ".join(f"{count} {what}" for what, count in sorted(self.chunks.items()))
        return (
            f"seed {self.seed}: {self.sales} sales at HQ, each once, to the cent; chunks: {faults};"
            f" {self.clocks} clocks; {self.seconds:.0f} s"
        )


def can_fake_time() -> bool:
    """Tell whether faketime is installed; without it the clock stays right."""
    return Path(FAKETIME).exists()


async def bad_line(directory: Path, *, seconds: float, seed: int) -> Outcome:
    """Sell for so long.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    async with opened_world(directory, (0, 0)) as world:
        target = int(world.hq_url.rpartition(":")[2])
        async with FaultyLine(target, random.Random(rng.random())) as line:
            await _lead_over(world, line)
            await world.ask_till("POST", f"/v1/tills/{TILL}/sign-on", {"actor": "Anna"})
            cashier = Cashier(world, random.Random(rng.random()))
            audit = Audit(world, cashier.book)
            clocks = await _sell(world, cashier, audit, seconds)
            line.heal()
            await audit.hq_has_everything()
            await audit.histories()
            seen = line.seen
    spent = time.monotonic() - began
    return Outcome(seed, len(cashier.book.completed), seen, clocks, spent)


async def _lead_over(world: World, line: FaultyLine) -> None:
    """Have the agent find HQ at the far end of the line."""
    await world.agent.stop()
    text = world.agent_toml.read_text()
    world.agent_toml.write_text(text.replace(world.hq_url, f"http://127.0.0.1:{line.port}"))
    await world.agent.start()


async def _sell(world: World, cashier: Cashier, audit: Audit, seconds: float) -> int:
    """Sell, with another clock now and then; gives how many clocks there were."""
    clocks = CLOCKS if can_fake_time() else CLOCKS[:1]
    cashier.open.set()
    selling = asyncio.create_task(cashier.work())
    for clock in clocks:
        await first(asyncio.create_task(_with_clock(world, cashier, clock)), selling)
        await first(asyncio.create_task(asyncio.sleep(seconds / len(clocks))), selling)
    cashier.stopping = True
    await selling
    await audit.restart()
    return len(clocks)


async def _with_clock(world: World, cashier: Cashier, clock: str) -> None:
    """Start the agent again with another clock; its monotonic one stays as it is."""
    if clock == "+0" and world.agent.env.get("FAKETIME", "+0") == "+0":
        return
    cashier.open.clear()
    await world.agent.stop()
    world.agent.env |= {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME": clock,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    await world.agent.start()
    cashier.open.set()


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    play = partial(bad_line, seconds=asked.seconds, seed=asked.seed)
    return played("line", asked.seed, f"{asked.seconds:.0f} s", play)


if __name__ == "__main__":
    sys.exit(main())
