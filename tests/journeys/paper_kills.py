"""SIGKILL at random moments of printing: `make paper` kills three hundred times.

Each kill belongs to a cell of {ok, paper out, cover open, reset, silence} x {TCP, serial}. What
came out is counted at the printer: a receipt that is `confirmed` came out once and unmarked,
none came out twice unmarked, and one that is in doubt says so and comes out marked when it is
asked for again. A failure prints the seed and keeps all files.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from agent.daemon.demo.programs import Launch, executed
from agent.daemon.demo.shop import new_id
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.serial_printer import SerialVirtualPrinter
from tests.journeys.cashier import Broken
from tests.journeys.paper_shop import OVER, PaperShop
from tests.journeys.seeded import asking, played

FAULTS = ("ok", "paper out", "cover open", "reset", "silence")
TRANSPORTS = {"tcp": "generic-80mm", "serial": "epson-tm-t20iii"}
"""Transport and the model the agent takes its printer for."""
SALES = (1, 3)
"""Receipts on their way in each round."""
KILL_S, FAULT_S = (0.0, 0.6), (0.0, 0.4)
"""Drawn moments: of the kill and of the fault, after the first sale begins."""
SLOW_S = (0.0, 0.0, 0.002, 0.008)
"""Seconds per line of paper; with the slow ones a kill falls into the middle of a receipt."""
RECEIPT_BYTES = 900
ENDS_WITHIN_S = 150


class Cell(msgspec.Struct):
    """What happened in one cell."""

    kills: int = 0
    receipts: int = 0
    states: Counter[str] = msgspec.field(default_factory=Counter)
    torn: int = 0
    """Receipts in doubt of which something, perhaps all, is on the paper."""
    copies: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return f"{self.kills} kills, {self.receipts} receipts: {states}; {self.copies} copies"


class Killer:
    """Works one transport's cells."""

    def __init__(self, shop: PaperShop, rng: random.Random) -> None:
        self.shop = shop
        self.rng = rng

    async def round(self, fault: str, cell: Cell) -> None:
        """Sell, hurt the printer, kill the agent, start it, mend the printer, look."""
        printer, rng = self.shop.printer, self.rng
        printer.slow_s = rng.choice(SLOW_S)
        before = set(self.shop.done)
        selling = asyncio.create_task(self.sales(rng.randint(*SALES)))
        hurting = asyncio.create_task(self.hurt(fault))
        await asyncio.sleep(rng.uniform(*KILL_S))
        await self.shop.kill()
        cell.kills += 1
        mends_first = rng.random() < 0.5
        await hurting
        if mends_first:
            self.mend()
        await self.shop.start()
        await selling
        self.mend()
        printer.slow_s = 0
        await self.audit([self.shop.done[each] for each in set(self.shop.done) - before], cell)

    async def sales(self, count: int) -> None:
        """Sell so often."""
        for _ in range(count):
            await self.shop.sell(self.rng)

    async def hurt(self, fault: str) -> None:
        """Let the printer have its fault at a drawn moment."""
        await asyncio.sleep(self.rng.uniform(*FAULT_S))
        printer = self.shop.printer
        if fault == "paper out":
            if self.rng.random() < 0.5:
                printer.paper.lines_left = self.rng.randint(1, 12)
            else:
                printer.paper_empty = True
        elif fault == "cover open":
            printer.cover_open = True
        elif fault == "reset":
            printer.reset_at = printer.bytes_received + self.rng.randint(1, RECEIPT_BYTES)
        elif fault == "silence":
            printer.silence = True

    def mend(self) -> None:
        """Make the printer well."""
        printer = self.shop.printer
        printer.silence = printer.paper_empty = printer.cover_open = False
        printer.reset_at = printer.paper.lines_left = None

    async def audit(self, promised: list[dict[str, Any]], cell: Cell) -> None:
        """Compare what the jobs say with what lies on the counter."""
        for done in promised:
            job = await self.ended(done["print_id"])
            plain, _ = self.shop.on_paper()
            count = plain[done["receipt_no"]]
            cell.receipts += 1
            cell.states[job["state"]] += 1
            if count > 1:
                raise Broken(f"{done['receipt_no']} came out {count} times unmarked: {job}")
            if job["state"] == "confirmed" and count != 1:
                raise Broken(f"{done['receipt_no']} is confirmed and not on paper: {job}")
            if job["state"] != "confirmed":
                cell.torn += count
                await self.copy_of(done, cell)

    async def copy_of(self, done: dict[str, Any], cell: Cell) -> None:
        """What is in doubt a person has printed again: it comes out, and is marked."""
        body = {"print_id": new_id(), "sale_id": done["sale_id"]}
        await self.shop.insist("POST", "/v1/print-jobs", body)
        job = await self.ended(body["print_id"])
        plain, copies = self.shop.on_paper()
        number = done["receipt_no"]
        if job["state"] != "confirmed" or copies[number] != 1 or plain[number] > 1:
            raise Broken(f"the copy of {number} is {job}; {copies[number]} came out")
        cell.copies += 1

    async def ended(self, print_id: str) -> dict[str, Any]:
        """Wait until a job is over or in doubt: the printer is well by now."""
        until = time.monotonic() + ENDS_WITHIN_S
        while True:
            job = await self.shop.job(print_id)
            if job["state"] in OVER:
                return job
            if time.monotonic() > until:
                raise Broken(f"a job does not end: {job}")
            await asyncio.sleep(0.05)


async def transport(
    name: str, directory: Path, kills: int, rng: random.Random, launch: Launch
) -> dict[str, Cell]:
    """Work all cells of one transport, taking turns."""
    cells = {fault: Cell() for fault in FAULTS}
    home = directory / name
    home.mkdir()
    async with _printer(name, home) as printer:
        shop = PaperShop(home, printer, TRANSPORTS[name], launch)
        await shop.open()
        try:
            killer = Killer(shop, rng)
            for number in range(kills):
                fault = FAULTS[number % len(FAULTS)]
                await killer.round(fault, cells[fault])
        finally:
            await shop.close()
    return {f"{name}, {fault}": cell for fault, cell in cells.items()}


def _printer(name: str, home: Path) -> VirtualPrinter | SerialVirtualPrinter:
    return VirtualPrinter() if name == "tcp" else SerialVirtualPrinter(link=home / "printer")


async def paper(
    directory: Path, *, kills: int, seed: int, launch: Launch = executed
) -> dict[str, Cell]:
    """Kill agents that are launched so, half of them on each transport, both at once.

    Raises:
        Broken: a receipt was lost silently, or came out twice unmarked.
    """
    cells: dict[str, Cell] = {}
    works = []
    async with asyncio.TaskGroup() as group:
        for name in TRANSPORTS:
            share = -(-kills // len(TRANSPORTS))
            rng = random.Random(f"{seed} {name}")
            works.append(group.create_task(transport(name, directory, share, rng, launch)))
    for work in works:
        cells |= work.result()
    return cells


async def told(directory: Path, *, kills: int, seed: int) -> str:
    """Kill so often, and say of each cell what happened in it."""
    began = time.monotonic()
    cells = await paper(directory, kills=kills, seed=seed)
    total = sum(cell.receipts for cell in cells.values())
    seconds = time.monotonic() - began
    end = f"{total} receipts, none lost silently, none twice unmarked, {seconds:.0f} s"
    return "\n".join([*(f"{name}: {cell}" for name, cell in cells.items()), end])


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--kills", type=int, default=300)
    asked = parser.parse_args()
    play = partial(told, kills=asked.kills, seed=asked.seed)
    return played("paper", asked.seed, f"{asked.kills} kills", play)


if __name__ == "__main__":
    sys.exit(main())
