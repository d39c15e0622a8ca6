"""HQ's disk fills while shops sell: `python -m tests.journeys.hq_disk_full` (as root, on Linux).

HQ lives on a file system of a few megabytes. When it is full the tills must get no ack, and no
refusal; HQ's log, its status and the tills must say what is the matter; a backup, a restore and an
export must fail in words and leave nothing half. Once there is room, all of it arrives, once.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent.daemon.demo.programs import ProgramFault
from agent.program.terminal import say
from tests.journeys.audit import insist
from tests.journeys.cashier import Broken
from tests.journeys.chain_hq import Headquarters
from tests.journeys.chain_shops import STEP_S, Shop, Sold, opened_chain
from tests.journeys.seeded import asking, played

SIZE_MB = 24
STORES = 2
TOLD_S = 90
REST_S = 240
FULL = "nothing more can be kept"


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    fillings: int = 0
    sales: int = 0
    while_full: int = 0
    kept_waiting: int = 0
    """Entries HQ did not have when room was made."""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"seed {self.seed}: HQ's disk was full {self.fillings} times, {self.while_full} of "
            f"{self.sales} sales meanwhile, {self.kept_waiting} entries waited at the tills: all "
            f"at HQ, each once, to the cent; {self.seconds:.0f} s"
        )


def can_mount() -> bool:
    """Tell whether a small file system can be made here."""
    with tempfile.TemporaryDirectory() as place:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place],
            check=False,
            capture_output=True,
        )
        if made.returncode == 0:
            subprocess.run(["umount", place], check=True)
        return made.returncode == 0


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """Have a directory on a disk of its own."""
    place.mkdir(mode=0o700)
    size = f"size={megabytes}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


class Disk:
    """What else is on HQ's disk."""

    def __init__(self, place: Path) -> None:
        self._filler = place / "filler"

    def fill(self) -> None:
        """Take all there is, to the last byte."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        os.write(file.fileno(), b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Give it all back."""
        self._filler.unlink(missing_ok=True)


class Journey:
    """One HQ on a small disk, and its shops."""

    def __init__(self, hq: Headquarters, shops: list[Shop], rng: random.Random, seed: int) -> None:
        self.hq, self.shops, self.rng = hq, shops, rng
        self.disk = Disk(hq.state)
        self.outcome = Outcome(seed)
        self.work = [asyncio.create_task(shop.work()) for shop in shops]

    async def run(self, fillings: int) -> None:
        """Fill the disk so many times, each time with something else under way."""
        good = Path((await self.hq.said("backup", str(self.hq.directory / "backups")))["place"])
        for number in range(fillings):
            await self._while_selling(self.rng.uniform(1, 3))
            sold = sum(len(shop.book) for shop in self.shops)
            self.disk.fill()
            await self._until_told()
            await (self._aside, self._restarted)[number % 2](good)
            self.outcome.while_full += sum(len(shop.book) for shop in self.shops) - sold
            self.outcome.kept_waiting += await self._unsent()
            self.disk.free()
            self.outcome.fillings += 1
            await self._in_step()

    async def _while_selling(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for task in self.work:
            if task.done():
                task.result()

    async def _until_told(self) -> None:
        """The till, HQ's log and HQ's status say what is the matter."""
        until = time.monotonic() + TOLD_S
        while not all([FULL in str(await self._said(shop)) for shop in self.shops]):
            said = [await self._said(shop) for shop in self.shops]
            insist(time.monotonic() < until, f"the tills do not say it: {said}")
            await self._while_selling(STEP_S)
        insist("disk of HQ's database" in await self.hq.run("status"), "the status is silent")
        insist("disk of HQ" in await self.hq.page("/"), "the console is silent")

    async def _said(self, shop: Shop) -> str | None:
        sync = (await shop.status())["sync"]
        insist(not sync["troubles"], f"a full disk at HQ is no trouble of a till: {sync}")
        found: str | None = sync["last_error"]
        return found

    async def _unsent(self) -> int:
        found = 0
        for shop in self.shops:
            found += sum(each["unsent"] for each in (await shop.journals()).values())
        return found

    async def _aside(self, _good: Path) -> None:
        """A backup and an export onto the full disk fail in words, and leave nothing."""
        for command in (
            ["backup", str(self.hq.state / "backups")],
            ["export", "all", "--out", str(self.hq.state / "out")],
            ["export", "transactions", "--out", str(self.hq.state / "one.csv")],
        ):
            await self._fails(*command)
        left = [each.name for each in (self.hq.state / "backups").glob("*central-*")]
        insist(not left, f"half a backup is left: {left}")
        insist(not (self.hq.state / "one.csv").exists(), "half an export is left")

    async def _restarted(self, good: Path) -> None:
        """HQ killed on a full disk, and restored there: it fails in words and changes nothing."""
        await self.hq.program.kill()
        before = self.hq.positions()
        await self._fails("restore", str(good))
        insist(before == self.hq.positions(), "the ledger is another")
        try:
            await self.hq.program.start()
        except ProgramFault as fault:
            insist("Traceback" not in fault.detail, f"HQ does not say why: {fault.detail}")
            insist("(disk-full)" in fault.detail, f"HQ does not say why: {fault.detail}")
            self.disk.free()
            await self.hq.program.start()

    async def _fails(self, *command: str) -> None:
        try:
            await self.hq.run(*command)
        except ProgramFault as fault:
            insist("Traceback" not in fault.detail, f"{command}: {fault.detail}")
            insist("→" in fault.detail, f"{command} does not say what to do: {fault.detail}")
            return
        raise Broken(f"{command} on a full disk did not fail")

    async def _in_step(self) -> None:
        until = time.monotonic() + REST_S
        while await self._unsent() > 2 * len(self.shops):
            insist(
                time.monotonic() < until, f"not in step: {[await s.status() for s in self.shops]}"
            )
            await self._while_selling(STEP_S)

    async def audit(self) -> None:
        """Everything is at HQ, once, to the cent."""
        for shop in self.shops:
            shop.stopping = True
        await asyncio.gather(*self.work)
        until = time.monotonic() + REST_S
        while await self._unsent() or not (await self.hq.status())["everything_in"]:
            insist(time.monotonic() < until, "HQ does not get everything")
            await asyncio.sleep(STEP_S)
        rows = await self.hq.sales(self.hq.directory / "sales.json")
        there = [Sold(each["receipt_no"], each["sale_id"], each["total_minor"]) for each in rows]
        sold = [each for shop in self.shops for each in shop.book]
        insist(sorted(there, key=str) == sorted(sold, key=str), "HQ and the tills differ")
        report = await self.hq.said("ledger", "verify")
        insist(report["ok"], f"the ledger does not verify: {report}")
        await self.hq.run("backup", str(self.hq.directory / "backups"))
        self.outcome.sales = len(sold)


async def disk_full(directory: Path, *, fillings: int, seed: int) -> Outcome:
    """Fill HQ's disk so many times.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    with small_disk(directory / "central", SIZE_MB):
        async with opened_chain(directory, STORES, rng) as (hq, shops):
            journey = Journey(hq, shops, rng, seed)
            try:
                await journey.run(fillings)
                await journey.audit()
            finally:
                for task in journey.work:
                    task.cancel()
    journey.outcome.seconds = time.monotonic() - began
    return journey.outcome


def run(fillings: int, seed: int) -> int:
    """Run and report; gives the exit code."""
    if not can_mount():
        say("skipped: a small file system needs root (mount -t tmpfs)")
        return 0
    much = f"{fillings} times full"
    return played("disk-full", seed, much, lambda at: disk_full(at, fillings=fillings, seed=seed))


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--fillings", type=int, default=4)
    asked = parser.parse_args()
    return run(asked.fillings, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
