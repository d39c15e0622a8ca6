"""Clocks of HQ and tills years apart, and stepping: `python -m tests.journeys.clock_steps`.

At each step HQ and the shop start again with other clocks (ten years back, ten years on, right),
and a new shop is enrolled: it must enrol, sign and sync, and no entry may be lost, refused or
held back for a time that somebody's clock says (P11).
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.daemon.demo.programs import call
from agent.program.terminal import say
from tests.journeys.audit import insist
from tests.journeys.bad_line import FAKETIME, can_fake_time
from tests.journeys.chain_hq import TILL, Headquarters
from tests.journeys.chain_shops import Shop, Sold, opened_chain
from tests.journeys.seeded import asking, played

STEPS = (("-3650d", "+3650d"), ("+3650d", "-3650d"), ("-3650d", "-3650d"), ("+0", "+0"))
"""Clock of HQ, clock of the tills."""
SALES = 5


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    steps: int = 0
    enrolled: int = 0
    sales: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"seed {self.seed}: {self.steps} steps of the clocks, {self.enrolled} tills enrolled "
            f"under them, {self.sales} sales: all at HQ, each once, to the cent; "
            f"{self.seconds:.0f} s"
        )


def clock(step: str) -> Mapping[str, str]:
    """Give the environment of a program whose clock is off; its monotonic one is right."""
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": step, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Steps:
    """One HQ and its shops, whose clocks are set."""

    def __init__(self, hq: Headquarters, shops: list[Shop], rng: random.Random, seed: int) -> None:
        self.hq, self.shops, self.rng = hq, shops, rng
        self.outcome = Outcome(seed)

    async def take(self, of_hq: str, of_tills: str) -> None:
        """Start HQ and the first shop again with other clocks, and let a new shop in."""
        await self.hq.program.stop()
        self.hq.program.env |= clock(of_hq)
        await self.hq.program.start()
        await self.shops[0].stop()
        self.shops[0].program.env |= clock(of_tills)
        await self.shops[0].start()
        await self._enrol(of_hq, of_tills)
        for shop in (self.shops[0], self.shops[-1]):
            for _ in range(SALES):
                await shop.serve()
            await shop.in_step()
            sync = (await shop.status())["sync"]
            insist(not sync["troubles"], f"clocks {of_hq} and {of_tills}: {sync['troubles']}")
        self.outcome.steps += 1

    async def _enrol(self, of_hq: str, of_tills: str) -> None:
        store = f"store-{len(self.shops) + 1:04d}"
        first = self.shops[0]
        shop = Shop(
            self.hq.directory,
            store,
            self.hq.url,
            first.client,
            random.Random(self.rng.random()),
            env=clock(of_tills),
        )
        self.shops.append(shop)
        config = ("--config", str(self.hq.config))
        said = await call(
            "till-central", "enrol-code", store, TILL, "--json", *config, env=clock(of_hq)
        )
        await shop.start()
        await shop.enrol(msgspec.json.decode(said)["code"])
        self.outcome.enrolled += 1

    async def audit(self) -> None:
        """Everything is at HQ, once, to the cent."""
        rows = await self.hq.sales(self.hq.directory / "sales.json")
        there = [Sold(each["receipt_no"], each["sale_id"], each["total_minor"]) for each in rows]
        sold = [each for shop in self.shops for each in shop.book]
        insist(sorted(there, key=str) == sorted(sold, key=str), "HQ and the tills differ")
        insist((await self.hq.said("ledger", "verify"))["ok"], "the ledger does not verify")
        insist(not (await self.hq.status())["incidents"], "there is an incident")
        self.outcome.sales = len(sold)


async def clock_steps(directory: Path, *, steps: int, seed: int) -> Outcome:
    """Set the clocks so many times.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    async with opened_chain(directory, 1, rng) as (hq, shops):
        journey = Steps(hq, shops, rng, seed)
        for number in range(steps):
            await journey.take(*STEPS[number % len(STEPS)])
        await journey.audit()
    journey.outcome.seconds = time.monotonic() - began
    return journey.outcome


def run(steps: int, seed: int) -> int:
    """Run and report; gives the exit code."""
    if not can_fake_time():
        say("skipped: apt install faketime")
        return 0
    return played(
        "clocks", seed, f"{steps} steps", lambda at: clock_steps(at, steps=steps, seed=seed)
    )


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--steps", type=int, default=len(STEPS))
    asked = parser.parse_args()
    return run(asked.steps, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
