"""How many syncs a sale costs, and whether a receipt is ever released before its sync.

`strace` writes down what a process that sells asks the kernel for, in order: what the journal's log
is given, each sync of it, and two marks for every receipt: one from within its transaction, one at
the moment its caller is answered. A receipt whose log was not synced between the two is one that a
power cut could take back.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from agent.core.identifiers import PrintId
from agent.journal import Connection, Journal
from benchmarks.table import Row

SALES = 96
_MARK = re.compile(r'"(asked|written|released|done) (\d+)')
_CALLS = "trace=pwrite64,write,fdatasync,fsync"
_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(\d+<([^>]*)>| resumed>)(.*)$")
_TIMEOUT_S = 300


class Counted(msgspec.Struct):
    """What was seen of the sales that were asked for."""

    released: int = 0
    syncs: int = 0
    early: int = 0
    """Receipts released before the log they stand in was synced."""


def rows(folder: Path) -> list[Row]:
    """Sell in another process, one sale after another and at 16 tills at once, and count."""
    if shutil.which("strace") is None:
        return [Row("receipts released before fsync (not counted: no strace)", 0, "")]
    alone, together = count(folder, 1), count(folder, 16)
    early, released = alone.early + together.early, alone.released + together.released
    return [
        Row("syncs per sale, awaited", alone.syncs / SALES, "syncs"),
        Row("syncs per sale, 16 tills at once", together.syncs / SALES, "syncs"),
        Row(
            "receipts released before fsync",
            early,
            f"of {released}",
            None,
            "0",
            early == 0 and released == 2 * SALES,
        ),
    ]


def count(folder: Path, at_once: int) -> Counted:
    """Let a process sell under strace, and read what it did."""
    place, seen = folder / f"syncs-{at_once}", folder / f"strace-{at_once}"
    place.mkdir()
    command = ["strace", "-f", "-y", "-e", _CALLS, "-o", str(seen)]
    command += [sys.executable, "-m", "benchmarks.syncs", str(place), str(at_once)]
    subprocess.run(command, check=True, timeout=_TIMEOUT_S)
    return read(seen.read_text("utf-8", "replace").splitlines())


def read(lines: Iterable[str]) -> Counted:
    """Read strace's lines: `PID call(FD<path>, …) = result`, also where a call was interrupted."""
    counted, asked = Counted(), False
    begun: dict[str, str] = {}
    written, logged, safe = set[str](), set[str](), set[str]()
    for line in lines:
        pid, call, path, rest = _parts(line)
        path = begun.pop(pid, "") if path is None else path
        if rest.endswith("<unfinished ...>"):
            begun[pid] = path
        if path.endswith("-wal"):
            if call == "pwrite64":
                logged |= written
            elif rest.endswith("= 0"):
                safe, logged = safe | logged, set()
                counted.syncs += asked
        elif path.endswith("/marks") and (mark := _MARK.search(rest)):
            asked = mark[1] != "done"
            if mark[1] == "written":
                written.add(mark[2])
            elif mark[1] == "released":
                counted.released += 1
                counted.early += mark[2] not in safe
                written.discard(mark[2])
    return counted


def _parts(line: str) -> tuple[str, str, str | None, str]:
    found = _CALL.match(line)
    return (found[1], found[2], found[3], found[4]) if found else ("", "", "", "")


async def _sell(folder: Path, at_once: int) -> None:
    from benchmarks import commit  # which counts by this module

    marks = os.open(folder / "marks", os.O_CREAT | os.O_WRONLY, 0o600)
    tills = commit.TILLS[:at_once]
    with Journal.open(
        folder / "journal.db",
        store=commit.STORE,
        tills=tills,
        device_key=bytes(32),
        clock=commit.CLOCK,
    ) as journal:
        for first in range(0, SALES, at_once):
            completions = [await commit.put_basket(journal, till) for till in tills]
            os.write(marks, b"asked %d\n" % first)
            each = enumerate(completions, first)
            await asyncio.gather(*(_complete(journal, one, marks, n) for n, one in each))
            os.write(marks, b"done %d\n" % first)
    os.close(marks)


async def _complete(
    journal: Journal, completion: Callable[[Connection], PrintId], marks: int, number: int
) -> None:
    def write(conn: Connection) -> None:
        completion(conn)
        os.write(marks, b"written %d\n" % number)

    await journal.write(write)
    os.write(marks, b"released %d\n" % number)


if __name__ == "__main__":
    asyncio.run(_sell(Path(sys.argv[1]), int(sys.argv[2])))
