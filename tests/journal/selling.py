"""A shop that sells as fast as it can and says each sale that was answered; made to be killed.

Started as a program: `python selling.py JOURNAL RUN TILLS SALES`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from agent.journal import Journal, baskets, events, prints
from tests.journal.shop import KEY, STORE, CountingClock, basket, sell


def decide(sale_id, till):
    """Write all that completing a sale writes."""

    def write(conn):
        receipt = {"device": "receipt", "kind": prints.RECEIPT, "payload": None}
        prints.enqueue(
            conn, print_id=f"p-{sale_id}", till=till, at="now", sale_id=sale_id, **receipt
        )
        events.add(conn, till, "sale", "now", {"sale_id": sale_id})
        return sell(conn, sale_id, till)

    return write


async def keep_selling(journal, run, till, sales):
    for number in range(sales):
        sale_id = f"{run}-{till}-{number}"
        await journal.write(lambda conn, one=sale_id: baskets.save(conn, basket(one, till)))
        appended = await journal.write(decide(sale_id, till))
        sys.stdout.write(f"{sale_id} {appended.hash.hex()}\n")
        sys.stdout.flush()


async def main(path, run, tills, sales):
    names = [f"till-{number}" for number in range(1, tills + 1)]
    clock = CountingClock(run)
    with Journal.open(path, store=STORE, tills=names, device_key=KEY, clock=clock) as journal:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        await asyncio.gather(*(keep_selling(journal, run, till, sales) for till in names))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:])))
