"""A backlog of sales into a real HQ, against the least as many durable commits can cost.

Base: one row with a 1 KB document, `BEGIN IMMEDIATE` … `COMMIT`, in a SQLite file with WAL and
`synchronous=FULL`, as in `commit`. Ours: a journal with 10,000 complete sales that were made
offline; from the moment HQ is there until HQ's signed ack for the last of them is kept: read,
packed, signed, sent over HTTP, verified hash by hash, committed at `till-central serve` on SQLite,
acked, checked. HQ applies them to its histories meanwhile, as it always does. The same into an HQ
on PostgreSQL, whose files lie on the same disk. Each round has an agent and an HQ of its own; the
base is measured before and after each drain. Beside them what the bare inserts of the same rows
cost in a process that does nothing else: `bare`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from agent.core.identifiers import ReceiptNo, SaleId, receipt_number
from agent.journal import Connection, chains
from benchmarks import bare, raw
from benchmarks.commit import CLOCK, STORE, TEMPLATE
from benchmarks.hq import TILL, running_hq
from benchmarks.machine import Machine, running_machine
from benchmarks.table import Row
from tests.central.postgres import server

SALES = 10_000
CHUNK = 1_000
ROUNDS = 3
TARGETS = {"SQLite": 6, "PostgreSQL": 10}
LOOK_S = 0.01


def run() -> list[Row]:
    """Measure the drain of one till into either database, in turns."""
    base: list[float] = []
    rates: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    floors: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    with server(place(), listen_addresses="''") as postgres:
        for number in range(ROUNDS):
            databases = {"SQLite": "", "PostgreSQL": postgres.create(f"drain-{number}")}
            for name, database in databases.items():
                before, rate, after = measured(database)
                base += [before, after]
                rates[name].append(rate)
                empty = postgres.create(f"bare-{number}") if database else ""
                floors[name].append(_bare(empty))
    return [Row("raw commit of one 1 KB row (base)", median(base), "commits/s")] + [
        row
        for name in rates
        for row in (
            _row(name, median(rates[name]) / median(base), median(rates[name])),
            _floor(name, median(floors[name]) / median(base), median(floors[name])),
        )
    ]


def _row(name: str, ratio: float, rate: float) -> Row:
    target = TARGETS[name]
    what = f"drain of {SALES:,} sales to HQ on {name}"
    return Row(what, rate, "sales/s", ratio, f">= {target}x", ratio >= target)


def _floor(name: str, ratio: float, rate: float) -> Row:
    return Row(f"  bare inserts of the same rows on {name}", rate, "sales/s", ratio)


def _bare(database: str) -> float:
    with TemporaryDirectory(dir=place(), prefix=".bench-") as folder:
        return bare.rate(Path(folder).resolve(), database, SALES)


def measured(database: str) -> tuple[float, float, float]:
    """Drain once; the base before, ours, the base after, each per second."""
    with TemporaryDirectory(dir=place(), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        with running_hq(path, database) as (url, code):
            return asyncio.run(_round(path, url, code))


def place() -> str:
    """Where everything lies that is measured: base, journal, SQLite, PostgreSQL."""
    return str(Path(os.environ.get("BENCH_DIR", ".")).resolve())


async def _round(folder: Path, url: str, code: str) -> tuple[float, float, float]:
    base = raw.opened(folder)
    async with running_machine(folder, url) as machine:
        for _ in range(SALES // CHUNK):
            await machine.journal.write(_sell)
        before = raw.rate(base)
        rate = await _drained(machine, code)
        after = raw.rate(base)
    base.close()
    return before, rate, after


async def _drained(machine: Machine, code: str) -> float:
    """Let a till's backlog go, wait for the last ack; sales per second."""
    began = perf_counter()
    await machine.enrol(code)
    for _ in iter(machine.backlog, 0):
        await asyncio.sleep(LOOK_S)
    return SALES / (perf_counter() - began)


def _sell(conn: Connection) -> None:
    for _ in range(CHUNK):
        journal_id, n = chains.next_receipt(conn, TILL)
        body = msgspec.structs.replace(
            TEMPLATE,
            sale_id=SaleId(CLOCK.uuid7()),
            till=TILL,
            receipt_no=ReceiptNo(receipt_number(STORE, TILL, journal_id, n)),
        )
        chains.append(conn, TILL, body, salt=CLOCK.random(16))
