"""The disk runs full at every write offset of a sale: all or nothing each time, and no till lost.

    python -m tests.journal.full_disk --steps 2000            # any user: by a limit on file sizes
    python -m tests.journal.full_disk --steps 500 --way disk  # root: a file system filled up

At each step a till sells one thing, from the empty basket to the receipt. Somewhere on the way its
disk takes no byte more: by `RLIMIT_FSIZE`, which cuts a write at any byte, or by another program's
file on a file system of its own, with and without a reserve. What was answered must be there after
a restart, and nothing else; then, and in half of the steps without any restart, the sale goes on by
asking again with the same ids.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import sys
import tempfile
import traceback
from contextlib import ExitStack
from pathlib import Path

import msgspec

from agent.core.faults import Fault, StateFault
from agent.core.identifiers import SaleId
from agent.journal.verify import verify
from agent.till import commands
from agent.till.requests import LineRequest, TenderRequest
from tests.disks import MB, Hog, small_disk
from tests.till.conftest import Shop, till

WARM_UP = 6
"""Sales before the one that counts: the log is longer than its index then, which is limited too."""
FIRST = 1_000_000
"""Ids made in one life."""
TENDER = TenderRequest(kind="cash", amount=499, tender_id="t")
LINE = LineRequest(item_id="coffee", line_id="l")
DISK_MB = 8
PAGE = 4096


class Seen(msgspec.Struct):
    """What one life of a till answered before the disk took no more."""

    answered: list[str]
    receipt: str | None = None
    fault: str | None = None
    written: int = 0
    """Bytes the log grew by."""
    finished: bool = False
    """Whether the sale was completed in the same life, once there was room again."""


def sale_id(number):
    return SaleId(f"019a2222-0000-7000-8000-{number:012d}")


def steps(sale):
    return (
        commands.OpenSale(sale),
        commands.AddLine(sale, LINE),
        commands.AddTender(sale, TENDER),
        commands.CompleteSale(sale),
    )


async def sell(loop, number, seen):
    """Sell one thing; what is answered is noted before the next is asked."""
    for command in steps(sale_id(number)):
        try:
            answer = await loop.ask(command)
        except StateFault as fault:
            # Asked again after it was completed: the last of the four gives the receipt.
            if fault.name not in {"sale-id-used", "already-completed"}:
                raise
            continue
        seen.answered.append(type(command).__name__)
        seen.receipt = getattr(answer, "receipt_no", None)


async def life(folder, limits, reserve, *, recovers):
    """Sell until the disk takes no more; answer what was answered."""
    shop = Shop(folder, till(), reserve_bytes=reserve, made=FIRST)
    shop.journal.space.reserve.fill()
    log = folder / "journal.db-wal"
    seen = Seen([])
    async with shop.running() as loop:
        for number in range(WARM_UP):
            await sell(loop, number, Seen([]))
        before = log.stat().st_size
        limits.set(before)
        try:
            await sell(loop, WARM_UP, seen)
        except Fault as fault:
            seen.fault = fault.name
        limits.lift()
        seen.written = log.stat().st_size - before
        if recovers and seen.fault:
            await sell(loop, WARM_UP, Seen([]))
            seen.finished = True
    return seen


class FileSize:
    """No file of this process grows beyond where the log is, and so many bytes."""

    def __init__(self, _folder, offset):
        self._offset = offset

    def set(self, log):
        if self._offset is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (log + self._offset, resource.RLIM_INFINITY))

    def lift(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Filled:
    """Another program leaves so many bytes on the file system, in whole blocks."""

    def __init__(self, folder, offset):
        self._hog, self._offset = Hog(folder), offset

    def set(self, _log):
        if self._offset is not None:
            self._hog.fill(but=self._offset // PAGE * PAGE)

    def lift(self):
        if self._offset is not None:
            self._hog.free()


def in_a_child(function):
    """Run a function in a process that ends without closing anything, as one that is killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writing, msgspec.json.encode(function()))
            code = 0
        # Whatever it was belongs on the screen, and the parent is told by the exit code.
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    assert 0 == status, "the till itself failed"
    return msgspec.json.decode(told, type=Seen)


async def checked(folder, seen, reserve):
    """Start again, compare what is held with what was answered, and finish the sale."""
    shop = Shop(folder, till(), reserve_bytes=reserve, made=2 * FIRST)
    try:
        broken = [report for report in shop.journal.read_blocking(verify) if not report.ok]
        assert [] == broken, broken
        async with shop.running() as loop:
            _compare(loop, seen)
            done = Seen([])
            await sell(loop, WARM_UP, done)
            assert seen.receipt in {None, done.receipt}, (seen, done)
        assert WARM_UP + 1 == int(done.receipt.rpartition("-")[2]), done
    finally:
        shop.close()


def _compare(loop, seen):
    basket = loop.desk.baskets.get(sale_id(WARM_UP))
    held = 0 if basket is None else 1 + len(basket.lines) + len(basket.tenders)
    completed = seen.finished or "CompleteSale" in seen.answered
    # What was refused is not there, not even in part; what was answered is.
    assert held == (0 if completed else len(seen.answered)), (held, seen)


def step(way, template, offset, *, recovers, reserve=0):
    """Run one life and the restart after it; give what the life answered."""
    place, limit = way
    folder = place / "state"
    shutil.copytree(template, folder)
    try:
        limits = limit(folder, offset)
        seen = in_a_child(lambda: asyncio.run(life(folder, limits, reserve, recovers=recovers)))
        asyncio.run(checked(folder, seen, reserve))
    finally:
        shutil.rmtree(folder)
    return seen


def run(count, kind, folder):
    """Run so many steps, evenly over every byte a sale writes.

    Returns:
        How many lives ended at each number of answered commands.
    """
    template = folder / "template"
    template.mkdir()
    Shop(template, till()).close()
    with ExitStack() as stack:
        way = (folder, FileSize)
        if kind == "disk":
            way = (stack.enter_context(small_disk(folder, "tmpfs", DISK_MB)), Filled)
        whole = step(way, template, None, recovers=False)
        assert 4 == len(whole.answered), whole
        ends = {}
        for number in range(count):
            offset = whole.written * number // count
            reserve = MB if kind == "disk" and number % 4 == 3 else 0
            seen = step(way, template, offset, recovers=number % 2 == 0, reserve=reserve)
            # With a reserve the sale is not even begun: so little is left that it might not end.
            due = {"disk-full" if reserve else "journal-not-writable"}
            if kind == "disk" and offset > whole.written - PAGE:
                due.add(None)  # The log had the last block already.
            assert seen.fault in due, f"at byte {offset} of {whole.written}: {seen}"
            ends[len(seen.answered)] = ends.get(len(seen.answered), 0) + 1
    return whole.written, ends


def main():
    arguments = argparse.ArgumentParser(description="Fill the disk at every offset of a sale.")
    arguments.add_argument("--steps", type=int, default=200)
    arguments.add_argument("--way", choices=("size", "disk"), default="size")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        written, ends = run(given.steps, given.way, Path(folder))
    sys.stdout.write(f"{given.steps} full disks within the {written} bytes of a sale: ")
    sys.stdout.write(f"all or nothing each time, every restart sold on; answered before: {ends}\n")


if __name__ == "__main__":
    main()
