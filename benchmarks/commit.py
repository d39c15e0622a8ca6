"""A complete sale at the journal, against the least a durable commit can cost.

Base: one row with a 1 KB document, `BEGIN IMMEDIATE` … `COMMIT`, in a SQLite file with WAL and
`synchronous=FULL`, straight through pysqlite3. Ours: what completing a sale writes (chain row,
body, sale index, basket gone, print job of the receipt, event), as the writer commits it, without
and with the entry in `side` that ties it to a customer; then the same handed to the writer's thread
and awaited by an event loop, alone and from 16 tills at once. Beside them stands the floor
(`benchmarks/floor.py`): the same rows hashed the same and inserted barely, in this thread, alone
and in groups of 16. Rounds of all alternate; the ratios are medians over the rounds.

How many syncs that takes, and that none comes after the receipt it is for, is counted in another
process (`benchmarks/syncs.py`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from agent.core.entries.bodies import SaleAttributed, SaleCompleted
from agent.core.identifiers import (
    CustomerRef,
    DeviceId,
    ItemId,
    PartyId,
    PrintId,
    ReceiptNo,
    SaleId,
    StoreId,
    TillId,
)
from agent.core.quantities import BasisPoints, Minor, Thousandths
from agent.core.sale.model import Line, Sale, Stamp, TaxAmount, TaxRate, Tender
from agent.journal import Connection, Journal, baskets, chains, events, prints
from agent.journal.database import Database, open_writing
from agent.journal.jobs import Job
from agent.journal.memory import Writing
from agent.journal.preparation import Owner, prepare
from agent.journal.writer import commit
from benchmarks import raw, syncs
from benchmarks.floor import Floor, Sold
from benchmarks.table import Row

ROUNDS = 9
COMMITS = 240
SINGLE, SIDE, TOGETHER, P99_MS = 0.75, 0.5, 3.0, 10.0
"""What is to be reached: times the base, and milliseconds."""
TILLS = tuple(TillId(f"till-{n}") for n in range(1, 17))
STORE = StoreId("store-0001")
NOW = Stamp(wall="2026-05-04T10:11:12.345Z", mono_ns=1_234_567_890, boot_id="0" * 32)
LINES = tuple(
    Line(
        line=number,
        name=f"Mineral water {number} l",
        quantity=Thousandths(1000),
        unit_price=Minor(99),
        extension=Minor(99),
        taxes=(TaxRate("standard", BasisPoints(1900)),),
        item_id=ItemId(f"item-{number:05d}"),
        gtin="9520000000011",
        scanned="]E09520000000011",
    )
    for number in range(1, 7)
)
TEMPLATE = SaleCompleted(
    sale_id=SaleId(""),
    receipt_no=ReceiptNo(""),
    store=STORE,
    till=TILLS[0],
    business_date="2026-05-04",
    currency="EUR",
    prices_include_tax=True,
    opened=NOW,
    completed=NOW,
    lines=LINES,
    tenders=(Tender(1, "cash", Minor(1000)),),
    taxes=(TaxAmount("standard", BasisPoints(1900), Minor(499), Minor(95), Minor(594)),),
    total=Minor(594),
    net=Minor(499),
    change=Minor(406),
)


class Clock:
    """The clock of a benchmark."""

    def stamp(self) -> Stamp:
        """Give the same time always."""
        return NOW

    def uuid7(self) -> str:
        """Give something as long as a UUIDv7 and growing like one."""
        return f"{int(perf_counter() * 1e9):016x}-{os.urandom(9).hex()}"

    def random(self, size: int) -> bytes:
        """Give random bytes."""
        return os.urandom(size)


CLOCK = Clock()


def run() -> list[Row]:
    """Measure single and concurrent commits of complete sales."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        place = Path(folder).resolve()
        return asyncio.run(_measure(place)) + syncs.rows(place)


async def _measure(folder: Path) -> list[Row]:
    base, writing, floor = raw.opened(folder), _writing(folder), Floor(folder)
    journal = Journal.open(
        folder / "journal.db", store=STORE, tills=TILLS, device_key=bytes(32), clock=CLOCK
    )
    rates: list[tuple[float, ...]] = []
    latencies: list[float] = []
    with journal:
        for _ in range(ROUNDS):
            single, side = _rate_sales(writing), _rate_sales(writing, tied=True)
            alone = await _rate_alone(journal, latencies)
            together = await _rate_together(journal)
            floors = _rate_floor(floor, 1), _rate_floor(floor, len(TILLS))
            rates.append((raw.rate(base, COMMITS), single, side, alone, together, *floors))
    base.close()
    writing.close()
    floor.close()
    return _rows(rates, quantiles(latencies, n=100)[98] * 1000)


def _rows(rates: list[tuple[float, ...]], p99: float) -> list[Row]:
    base, *ours = (median(column) for column in zip(*rates, strict=True))
    by_round = [[rate / base for rate in rest] for base, *rest in rates]
    names = (
        "complete sale, committed",
        "the same with a `side` entry",
        "complete sale, awaited",
        "16 tills at once",
        "floor: a sale's rows, bare inserts",
        "floor: the same, in groups of 16",
    )
    ratios = [median(column) for column in zip(*by_round, strict=True)]
    targets = (SINGLE, SIDE, None, TOGETHER, None, None)
    rows = [_row(*each) for each in zip(names, ours, ratios, targets, strict=True)]
    rows.insert(3, Row("complete sale, awaited, p99", p99, "ms", None, "<= 10 ms", p99 <= P99_MS))
    return [Row("raw commit of one 1 KB row (base)", base, "commits/s"), *rows]


def _row(name: str, rate: float, ratio: float, target: float | None) -> Row:
    if target is None:
        return Row(name, rate, "sales/s", ratio)
    return Row(name, rate, "sales/s", ratio, f">= {target:g}x", ratio >= target)


def _writing(folder: Path) -> Database:
    path = folder / "alone.db"
    prepare(path, Owner(STORE, TILLS, bytes(32)), CLOCK)
    return open_writing(path)


def _rate_sales(conn: Database, *, tied: bool = False) -> float:
    """Commit sales the way the writer does, in this thread as the base is."""
    writing = Writing(conn)
    taken, path = 0.0, Path()
    for _ in range(COMMITS):
        sale = _sale(TILLS[0])
        baskets.save(conn, sale)
        future: Future[PrintId] = Future()
        job = Job(_completion(sale, tied=tied), future)
        began = perf_counter()
        problem = commit(writing, [job], path)
        taken += perf_counter() - began
        assert problem is None, problem
        job.deliver()
        for state in ("sending", "confirmed"):
            prints.set_state(conn, future.result(), state, at=NOW.wall)
    return COMMITS / taken


def _rate_floor(floor: Floor, at_once: int) -> float:
    """Commit what sales write, and nothing else of them."""
    taken, groups = 0.0, COMMITS // at_once
    for _ in range(groups):
        sales = [_sold(till) for till in TILLS[:at_once]]
        taken += floor.timed(sales)
    return groups * at_once / taken


def _sold(till: TillId) -> Sold:
    body = msgspec.structs.replace(TEMPLATE, sale_id=SaleId(CLOCK.uuid7()), till=till)
    return Sold(till, CLOCK.random(16), PrintId(CLOCK.uuid7()), body)


async def _rate_alone(journal: Journal, latencies: list[float]) -> float:
    taken: list[float] = []
    for _ in range(COMMITS):
        completion = await put_basket(journal, TILLS[0])
        began = perf_counter()
        print_id = await journal.write(completion)
        taken.append(perf_counter() - began)
        await let_print(journal, print_id)
    latencies += taken
    return COMMITS / sum(taken)


async def _rate_together(journal: Journal) -> float:
    """Complete a sale at every till at once, again and again."""
    taken = 0.0
    bursts = COMMITS // len(TILLS)
    for _ in range(bursts):
        completions = [await put_basket(journal, till) for till in TILLS]
        began = perf_counter()
        print_ids = await asyncio.gather(*(journal.write(one) for one in completions))
        taken += perf_counter() - began
        for print_id in print_ids:
            await let_print(journal, print_id)
    return bursts * len(TILLS) / taken


async def let_print(journal: Journal, print_id: PrintId) -> None:
    """Let the receipt be printed, as it is before the next sale; not part of what is timed."""
    for state in ("sending", "confirmed"):
        await journal.write(partial(prints.set_state, print_id=print_id, state=state, at=NOW.wall))


async def put_basket(journal: Journal, till: TillId) -> Callable[[Connection], PrintId]:
    """Put a basket on disk, as it is before it is paid; not part of what is timed."""
    sale = _sale(till)
    await journal.write(lambda conn: baskets.save(conn, sale))
    return _completion(sale)


def _sale(till: TillId) -> Sale:
    return Sale(
        sale_id=SaleId(CLOCK.uuid7()),
        till=till,
        currency="EUR",
        prices_include_tax=True,
        opened=NOW,
        business_date="2026-05-04",
        state="open",
        lines=LINES,
    )


def _completion(sale: Sale, *, tied: bool = False) -> Callable[[Connection], PrintId]:
    """Write all that completing a sale writes."""
    salt = CLOCK.random(16)
    print_id = PrintId(CLOCK.uuid7())

    def complete(conn: Connection) -> PrintId:
        tail = chains.sales_tail(conn, sale.till)
        receipt = tail.next_receipt()
        body = msgspec.structs.replace(
            TEMPLATE, sale_id=sale.sale_id, till=sale.till, receipt_no=receipt
        )
        chains.append(conn, sale.till, body, salt=salt, tail=tail)
        if tied:
            chains.append(conn, sale.till, _tie(sale), salt=CLOCK.random(16))
        prints.enqueue(
            conn,
            print_id=print_id,
            till=sale.till,
            device=DeviceId("receipt"),
            kind=prints.RECEIPT,
            payload=None,
            at=NOW.wall,
            sale_id=sale.sale_id,
        )
        data = {"sale_id": sale.sale_id, "receipt_no": receipt, "total": body.total}
        events.add(conn, sale.till, "sale", NOW.wall, data)
        return print_id

    return complete


def _tie(sale: Sale) -> SaleAttributed:
    return SaleAttributed(sale.sale_id, CustomerRef("c" * 32), PartyId(CLOCK.uuid7()), NOW)
