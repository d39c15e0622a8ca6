"""SIGKILL of HQ while it makes snapshots, and of a till while it installs one.

`python -m tests.journeys.snapshot_kills`: a shop sells all the while. What made a file ends with
its HQ, nothing half-made is given out or stays; a till that is killed goes on, and holds in the end
what HQ has published, on one file. No sale is lost.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from central.daemon.commands import ledger
from central.feed import shelf
from central.ledger.engine import reading, writing
from central.ledger.outbox import GLOBAL, Change, publish_many
from tests.journeys.audit import insist
from tests.journeys.chain_hq import TILL, Headquarters
from tests.journeys.chain_shops import ITEMS, STEP_S, Shop, Sold, opened_chain
from tests.journeys.seeded import asking, played

MANY = 20_000
"""Items: a file takes seconds to make."""
CHANGED = MANY // 8
"""Enough changes for another snapshot."""
REST_S = 240
GONE_S = 20
MOMENT_S = 0.005
INSTALLED = '"snapshot installed"'


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    hq_kills: int = 0
    making: int = 0
    """Of them, while a file was made."""
    till_kills: int = 0
    installing: int = 0
    """Of them, with pieces or a file on their way."""
    installed: int = 0
    sales: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"seed {self.seed}: HQ killed {self.hq_kills} times, {self.making} of them while it "
            f"made a snapshot; a till {self.till_kills} times, {self.installing} of them while it "
            f"installed one; {self.installed} snapshots of {MANY} items installed; {self.sales} "
            f"sales: all at HQ, each once, to the cent; {self.seconds:.0f} s"
        )


class Journey:
    """One HQ with much to publish, a shop that sells, and a till that is new again and again."""

    def __init__(self, hq: Headquarters, shop: Shop, rng: random.Random, seed: int) -> None:
        self.hq, self.seller, self.rng = hq, shop, rng
        self.outcome = Outcome(seed)
        self.new = Shop(
            hq.directory, "store-0002", hq.url, shop.client, random.Random(rng.random())
        )
        self._publications = 0
        self.work = asyncio.create_task(shop.work())

    async def kill_hq(self, times: int) -> None:
        """Kill HQ so many times after it began to make a file, then let it."""
        await self._publish(MANY)
        began = time.monotonic()
        await _until(self._is_shelved, "no snapshot is made")
        took = time.monotonic() - began
        for _ in range(times):
            await self.hq.program.kill()
            await self._publish(CHANGED)
            await self.hq.program.start()
            await asyncio.sleep(self.rng.uniform(0, took))
            await self._kill_hq()
            await self.hq.program.start()
        await _until(self._is_shelved, "what HQ holds is not what it gives out")

    async def _kill_hq(self) -> None:
        pid = self.hq.program.pid
        insist(pid is not None, "HQ has ended by itself")
        makers = _makers(pid or 0)
        await self.hq.program.kill()
        left = await asyncio.to_thread(_left, makers)
        insist(not left, f"what makes snapshots outlives HQ: {left}")
        self.outcome.hq_kills += 1
        self.outcome.making += bool(makers)

    async def _publish(self, count: int) -> None:
        """Publish so many items, each time with other names."""
        self._publications += 1
        await asyncio.to_thread(self._published, count)
        if self._publications == 1:
            # It looks for what is due when it starts, and once a minute.
            await self.hq.program.stop()
            await self.hq.program.start()

    def _published(self, count: int) -> None:
        changes = [
            Change(
                f"item:many-{n}",
                "put",
                msgspec.json.encode(
                    {
                        "item_id": f"many-{n}",
                        "name": f"Thing {n} of {self._publications}",
                        "taxes": ["reduced"],
                    }
                ),
            )
            for n in range(count)
        ]
        with ledger(self.hq.config) as (_, engine), writing(engine) as conn:
            publish_many(conn, GLOBAL, changes)

    async def _is_shelved(self) -> bool:
        """Tell whether HQ gives out a snapshot of all, and has no other files."""
        return await asyncio.to_thread(self._shelved)

    def _shelved(self) -> bool:
        folder = self.hq.state / "snapshots"
        if not (folder / "holder").exists():
            return False
        holder = (folder / "holder").read_text(encoding="ascii")
        with ledger(self.hq.config) as (_, engine), reading(engine) as conn:
            held = shelf.newest(conn, GLOBAL, holder)
            ids, fseq = shelf.ids(conn, holder), shelf.newest_fseq(conn, GLOBAL)
        there = {each.name for each in folder.iterdir() if each.is_dir()}
        return held is not None and (fseq - held.fseq) * 10 < held.rows and ids == there

    async def kill_till(self, times: int) -> None:
        """Kill a till so many times after it began to install what HQ gives out, then let it."""
        code = await self.hq.enrol_code(self.new.store)
        await self.new.start()
        await self.new.ask("POST", "/v1/enrol", {"code": code, "till": TILL}, as_admin=True)
        await self._while_installing(is_so=True)
        began = time.monotonic()
        await self._while_installing(is_so=False)
        took = time.monotonic() - began
        await self._all_there()
        for _ in range(times):
            await self.new.stop()
            self._lose_directory()
            await self.new.start()
            await self._while_installing(is_so=True)
            await asyncio.sleep(self.rng.uniform(0, took))
            self.outcome.till_kills += 1
            self.outcome.installing += _is_installing(self.new.state)
            await self.new.kill()
            await self.new.start()
            await self._all_there()

    async def _while_installing(self, *, is_so: bool) -> None:
        """Wait until a snapshot is on its way, or no longer."""
        until = time.monotonic() + REST_S
        while _is_installing(self.new.state) is not is_so:
            insist(time.monotonic() < until, "the till installs nothing, or for ever")
            await asyncio.sleep(MOMENT_S)

    def _lose_directory(self) -> None:
        """Have a till begin anew: its directory may always be replaced."""
        for each in self.new.state.glob("directory.db*"):
            (shutil.rmtree if each.is_dir() else os.unlink)(each)

    async def _all_there(self) -> None:
        """Wait until the new till holds what HQ has published, and sells it."""
        await _until(self._holds_all, "the till does not get what HQ has published")
        await self.new.serve()
        insist(not _is_installing(self.new.state), "pieces or files of a snapshot are left")
        self.outcome.installed += 1

    async def _holds_all(self) -> bool:
        status = await self.hq.status()
        cursor = self.new.cursors().get(GLOBAL, "")
        items = (await self.new.status())["directory"]["items"]
        is_here = cursor.split(".")[1:2] == [str(status["feeds"][GLOBAL])]
        return is_here and items == MANY + ITEMS

    async def audit(self) -> None:
        """Every sale is at HQ, once, to the cent; both chains hold."""
        self.seller.stopping = True
        await self.work
        for shop in (self.seller, self.new):
            await shop.in_step()
            verified = await shop.said("journal", "verify")
            insist(all(each["ok"] for each in verified), f"{shop.store}: {verified}")
        log = await asyncio.to_thread(self.new.program.log.read_text)
        insist(INSTALLED in log, "the new till read everything by pages")
        rows = await self.hq.sales(self.hq.directory / "sales.json")
        there = [Sold(each["receipt_no"], each["sale_id"], each["total_minor"]) for each in rows]
        sold = [*self.seller.book, *self.new.book]
        insist(sorted(there, key=str) == sorted(sold, key=str), "HQ and the tills differ")
        insist((await self.hq.said("ledger", "verify"))["ok"], "the ledger does not verify")
        self.outcome.sales = len(sold)


def _makers(hq: int) -> list[int]:
    """Find the processes HQ has make snapshots (`multiprocessing`, by spawning)."""
    lists = [path.read_text() for path in Path(f"/proc/{hq}/task").glob("*/children")]
    return [
        int(child)
        for child in " ".join(lists).split()
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _left(processes: list[int]) -> list[int]:
    """Wait for processes that are not ours; gives those that do not end."""
    until = time.monotonic() + GONE_S
    with ExitStack() as stack:
        left = []
        for process in processes:
            try:
                handle = os.pidfd_open(process)
            except ProcessLookupError:
                continue
            stack.callback(os.close, handle)
            if not select.select([handle], [], [], max(0.0, until - time.monotonic()))[0]:
                left.append(process)
        return left


def _is_installing(state: Path) -> bool:
    """Tell whether anything of a snapshot lies beside the till's directory."""
    name = state / "directory.db"
    if any((state / "directory.db.incoming").glob("*")):
        return True
    files = {each.name for each in state.glob("directory.db.[0-9]*") if each.suffix[1:].isdigit()}
    return bool(files - {str(name.readlink())} if name.is_symlink() else files)


async def _until(holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    """Wait for what no event tells of."""
    until = time.monotonic() + REST_S
    while not await holds():
        insist(time.monotonic() < until, otherwise)
        await asyncio.sleep(STEP_S)


async def snapshot_kills(directory: Path, *, times: int, seed: int) -> Outcome:
    """Kill HQ and a till so many times each.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    async with opened_chain(directory, 1, rng) as (hq, shops):
        journey = Journey(hq, shops[0], rng, seed)
        try:
            await journey.kill_hq(times)
            await journey.kill_till(times)
            await journey.audit()
        finally:
            journey.work.cancel()
            await journey.new.stop()
    journey.outcome.seconds = time.monotonic() - began
    return journey.outcome


def run(times: int, seed: int) -> int:
    """Run and report; gives the exit code."""
    much = f"{times} kills each"
    return played("snapshots", seed, much, lambda at: snapshot_kills(at, times=times, seed=seed))


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of HQ, and of a till")
    asked = parser.parse_args()
    return run(asked.kills, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
