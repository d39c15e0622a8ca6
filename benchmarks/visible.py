"""From a sale's commit at the till to HQ showing it, at 100 sales a second.

An agent's journal and sync loop in this process, a real `till-central serve` beside it. A sale
counts as visible once HQ has applied it to its histories and committed that: whoever asks HQ from
then on sees it. Base: a raw one-row commit, twice (till and HQ must each make it durable).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from pysqlite3 import dbapi2

from agent.core.identifiers import ReceiptNo, SaleId, receipt_number
from agent.journal import Connection, Journal, chains
from benchmarks import raw
from benchmarks.commit import CLOCK, STORE
from benchmarks.hq import TILL, running_hq
from benchmarks.machine import running_machine
from benchmarks.selling import Shop
from benchmarks.table import Row

RATE = 100
SECONDS = float(os.environ.get("BENCH_VISIBLE_S", "15"))
LOOK_S = 0.001
LAST_S = 30
P50_MS, P99_MS = 25, 150


def run() -> list[Row]:
    """Sell for a while and look at HQ's database all the time."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        with running_hq(path) as (url, code):
            base_ms, took_ms = asyncio.run(_measure(path, url, code))
    cuts = quantiles(took_ms, n=100)
    p50, p99 = median(took_ms), cuts[98]
    return [
        Row("two raw commits (base)", base_ms, "ms"),
        _row("p50", p50, base_ms, P50_MS),
        _row("p99", p99, base_ms, P99_MS),
    ]


def _row(which: str, found: float, base_ms: float, most: int) -> Row:
    name = f"commit to visible at HQ, {RATE}/s, {which}"
    return Row(name, found, "ms", found / base_ms, f"<= {most} ms", found <= most)


async def _measure(folder: Path, url: str, code: str) -> tuple[float, list[float]]:
    base = raw.opened(folder)
    base_ms = 2000 / raw.rate(base)
    base.close()
    async with running_machine(folder, url) as machine:
        await machine.enrol(code)
        sold: dict[str, float] = {}
        seen: dict[str, float] = {}
        path = folder / "central" / "central.sqlite"
        looking = asyncio.create_task(_look(path, seen, int(RATE * SECONDS)))
        await _sell(machine.journal, sold)
        await asyncio.wait_for(looking, LAST_S)
    return base_ms, [1000 * (seen[sale_id] - at) for sale_id, at in sold.items()]


async def _sell(journal: Journal, sold: dict[str, float]) -> None:
    shop, began = Shop(), perf_counter()
    for number in range(int(RATE * SECONDS)):
        await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))
        sale_id = await journal.write(lambda conn: complete(conn, shop))
        sold[sale_id] = perf_counter()


def complete(conn: Connection, shop: Shop) -> SaleId:
    """Seal one sale into the chain of its till."""
    journal_id, n = chains.next_receipt(conn, TILL)
    body = shop.sale(ReceiptNo(receipt_number(STORE, TILL, journal_id, n)))
    chains.append(conn, TILL, body, salt=CLOCK.random(16))
    return body.sale_id


async def _look(path: Path, seen: dict[str, float], count: int) -> None:
    """Read what HQ has committed, as often as the loop lets us, until so many are seen."""
    after = 0
    with closing(dbapi2.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        while len(seen) < count:
            rows: Sequence[tuple[int, str]] = conn.execute(
                "SELECT rowid, sale_id FROM sale WHERE rowid > ? ORDER BY rowid", (after,)
            ).fetchall()
            now = perf_counter()
            for rowid, sale_id in rows:
                seen[sale_id], after = now, rowid
            await asyncio.sleep(LOOK_S)
