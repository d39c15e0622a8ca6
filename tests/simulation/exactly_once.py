"""`python -m tests.simulation.exactly_once --sales 100000`: a bad line loses and doubles nothing.

One in five requests is lost, one in five replies, one in five requests comes again up to a minute
later. All sales must be at HQ, each once, and the totals equal to the cent. Slices of sales run on
all processors, each against an HQ of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from collections import Counter

from sqlalchemy import func, select

from agent.core.identifiers import receipt_number
from agent.journal import chains
from central.ledger.customer_tables import SALES
from central.ledger.tables import CHAIN
from tests.simulation import facts
from tests.simulation.environment import simulated
from tests.simulation.loop import run
from tests.simulation.scenarios import Scenario
from tests.simulation.world import World

TILL = "till-1"
SLICE = 2_000
AT_ONCE = 25
"""Sales of one commit, as of a busy shop."""
END_S = 7200.0
LINE = Scenario(
    "line",
    "A line that loses a fifth of everything, either way.",
    {},
    weather={"lose_request": 0.2, "lose_reply": 0.2, "again": 0.2, "slow_s": 2.0},
    stores=1,
)


class Wrong(AssertionError):
    """A sale was lost or doubled, or the money differs."""


def of_slice(task):
    """Sell a slice; gives how many sales and what they took, per currency."""
    seed, sales = task
    with simulated(seed):
        return run(_slice(World(f"once {seed}", LINE), sales))


async def _slice(world, sales):
    try:
        await world.begin()
        due, machine = Counter(), world.machines[0]
        for at in range(0, sales, AT_ONCE):
            await machine.record(_sold(machine, min(AT_ONCE, sales - at), due))
            await asyncio.sleep(1.0)
        await _all_in(world)
        _compare(world, sales, due)
        return sales, due
    finally:
        await world.end()


def _sold(machine, count, due):
    def sell(conn):
        for _ in range(count):
            journal_id, n = chains.next_receipt(conn, TILL)
            number = receipt_number(machine.store, TILL, journal_id, n)
            clock = machine.clock
            sale_id, stamp = clock.uuid7(), clock.stamp()
            sale = facts.sale(machine.rng, machine.store, TILL, sale_id, number, stamp)
            chains.append(conn, TILL, sale, salt=clock.random(16))
            due[sale.currency] += sale.total

    return sell


async def _all_in(world):
    """Wait, on the bad line all the while, until HQ has and has applied everything."""
    end = asyncio.get_running_loop().time() + END_S
    while waiting := world.waiting():
        if asyncio.get_running_loop().time() > end:
            raise Wrong(f"not in after {END_S:.0f} s: {waiting}")
        await asyncio.sleep(5.0)


def _compare(world, sales, due):
    with world.hq.reading() as conn:
        sums = select(SALES.c.currency, func.sum(SALES.c.total)).group_by(SALES.c.currency)
        found = {currency: int(total) for currency, total in conn.execute(sums)}
        applied = conn.execute(select(func.count()).select_from(SALES)).scalar_one()
        held = conn.execute(select(func.count()).select_from(CHAIN)).scalar_one()
    if (applied, held, found) != (sales, sales, dict(due)):
        raise Wrong(f"{sales} sales of {dict(due)}: HQ holds {held}, applied {applied}, {found}")


def main():
    """Sell so many; 1 if anything is lost or double."""
    parser = argparse.ArgumentParser(prog="exactly_once", description=__doc__)
    parser.add_argument("--sales", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    began, sold, money = time.monotonic(), 0, Counter()
    starts = range(0, asked.sales, SLICE)
    tasks = [(at // SLICE, min(SLICE, asked.sales - at)) for at in starts]
    with multiprocessing.Pool(asked.processes, maxtasksperchild=20) as pool:
        for sales, due in pool.imap_unordered(of_slice, tasks):
            sold, money = sold + sales, money + due
            took = ", ".join(f"{money[name] / 100:.2f} {name}" for name in sorted(money))
            sys.stdout.write(
                f"{sold} sales, {took}: none lost, none double, {time.monotonic() - began:.0f} s\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
