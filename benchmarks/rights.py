"""May we write to this customer? A mailing tool asks HQ before each letter.

Base: a raw one-row commit of SQLite, since each answer is a look at a person, which is on the disk
before it leaves. The real `till-central serve`, asked `POST /v1/consent/check` on kept connections:
one after the other, then fifty a second while an agent in another process sells and syncs to it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from urllib.parse import urlsplit

from benchmarks import raw
from benchmarks.hq import running_hq
from benchmarks.machine import running_machine
from benchmarks.selling import Shop
from benchmarks.table import Row
from benchmarks.visible import complete
from central.channels.imports import import_customers
from central.ledger.engine import open_engine

PEOPLE = 100
ALONE = int(os.environ.get("BENCH_CHECKS", "1000"))
PER_SECOND = 50
SECONDS = float(os.environ.get("BENCH_CHECKS_S", "20"))
SALES_PER_SECOND = int(os.environ.get("BENCH_CHECKS_SALES", "20"))
ASKERS = 8
START_S = 60
CALM_S = 0.05
"""Of its processor in a second: HQ has nothing to do."""
MOST_MS = 5
_ANSWERS = ("no", "yes")
_CPU = re.compile(rb"^till_central_process_cpu_seconds_total (\S+)", re.MULTILINE)
_STAFF = secrets.token_hex()


def run() -> list[Row]:
    """Ask an HQ that has little to do, and one that takes in sales."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        with closing(raw.opened(path)) as base:
            base_ms = 1000 / raw.rate(base)
        with running_hq(path, token=_STAFF) as (url, code):
            _introduce(path)
            _calm(url)
            floor = _one_by_one(lambda _n: ask(url, "GET", "/v1/prompts"))
            before_s = cpu_s(url)
            alone = _one_by_one(lambda n: _check(url, n))
            cpu_ms = (cpu_s(url) - before_s) * 1000 / ALONE
            busy = _while_selling(path, url, code)
    return [
        Row("a raw commit (base)", base_ms, "ms"),
        Row("GET of HQ that reads nobody, p50", _percentile(floor, 50), "ms"),
        *_rows("consent/check, one by one", alone, base_ms),
        Row("the same, CPU of HQ for each", cpu_ms, "ms"),
        *_rows(f"consent/check, {PER_SECOND}/s beside {SALES_PER_SECOND} sales/s", busy, base_ms),
    ]


def _rows(name: str, spent: Sequence[float], base_ms: float) -> list[Row]:
    p50, p99 = _percentile(spent, 50), _percentile(spent, 99)
    most = f"<= {MOST_MS} ms"
    return [
        Row(f"{name}, p50", p50, "ms", p50 / base_ms, most, p50 <= MOST_MS),
        Row(f"{name}, p99", p99, "ms", p99 / base_ms),
    ]


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1] * 1000


def _introduce(folder: Path) -> None:
    """Import customers who have said yes or no, as IT does beside a running HQ."""
    file = folder / "customers.csv"
    lines = ["source_id,name,email,card,consents"]
    lines += [
        f"c{n},Greta Sommer {n},g{n}@example.com,LC{n:09d},marketing/email={_ANSWERS[n % 2]}"
        for n in range(PEOPLE)
    ]
    file.write_text("\n".join(lines) + "\n")
    engine = open_engine(folder / "central" / "central.sqlite")
    report = import_customers(engine, file)
    engine.dispose()
    assert report.added == PEOPLE, report


def _one_by_one(call: Callable[[int], None]) -> list[float]:
    spent = []
    for n in random.Random(1).choices(range(PEOPLE), k=ALONE):
        began = perf_counter()
        call(n)
        spent.append(perf_counter() - began)
    return spent


def _calm(url: str) -> None:
    """Wait until HQ has told and stretched what tills are to know of those who were imported."""
    before_s, spent_s = cpu_s(url), float("inf")
    while spent_s > CALM_S:
        sleep(1)
        now_s = cpu_s(url)
        before_s, spent_s = now_s, now_s - before_s


def cpu_s(url: str) -> float:
    """Give what HQ has computed so far: on a busy machine that says more than a clock."""
    conn = HTTPConnection(urlsplit(url).netloc)
    conn.request("GET", "/metrics")
    found = _CPU.search(conn.getresponse().read())
    conn.close()
    assert found is not None
    return float(found[1])


def _while_selling(folder: Path, url: str, code: str) -> list[float]:
    spawn = multiprocessing.get_context("spawn")
    sells, stop = spawn.Event(), spawn.Event()
    seller = spawn.Process(target=_sell, args=(folder, url, code, sells, stop))
    seller.start()
    try:
        assert sells.wait(START_S), "nothing was sold"
        with ThreadPoolExecutor(ASKERS) as askers:
            return list(askers.map(_on_time(url, perf_counter()), range(int(PER_SECOND * SECONDS))))
    finally:
        stop.set()
        seller.join()


def _on_time(url: str, began: float) -> Callable[[int], float]:
    """Ask when it is time, and count from then on, whether somebody was free to ask or not."""

    def asked(place: int) -> float:
        due = began + place / PER_SECOND
        sleep(max(0.0, due - perf_counter()))
        _check(url, place % PEOPLE)
        return perf_counter() - due

    return asked


def _check(url: str, n: int) -> None:
    question = {"purpose": "marketing", "contact": "email", "type": "email"}
    said = ask(url, "POST", "/v1/consent/check", question | {"value": f"g{n}@example.com"})
    assert said["verdict"]["allowed"] == bool(n % 2), said


_mine = threading.local()


def ask(url: str, method: str, path: str, body: object = None) -> dict[str, object]:
    """Ask HQ on a connection this thread keeps."""
    if getattr(_mine, "url", None) != url:
        _mine.url, _mine.conn = url, HTTPConnection(urlsplit(url).netloc)
    headers = {"Authorization": f"Bearer {_STAFF}", "Content-Type": "application/json"}
    _mine.conn.request(method, path, json.dumps(body) if body else None, headers)
    reply = _mine.conn.getresponse()
    content = reply.read()
    assert reply.status == 200, content
    said: dict[str, object] = json.loads(content)
    return said


def _sell(folder: Path, url: str, code: str, sells: Event, stop: Event) -> None:
    asyncio.run(_selling(folder, url, code, sells, stop))


async def _selling(folder: Path, url: str, code: str, sells: Event, stop: Event) -> None:
    """Sell at a fixed rate, beside the loop that brings it to HQ."""
    async with running_machine(folder, url) as machine:
        await machine.enrol(code)
        shop, began, number = Shop(), perf_counter(), 0
        while not stop.is_set():
            await asyncio.sleep(max(0.0, began + number / SALES_PER_SECOND - perf_counter()))
            await machine.journal.write(lambda conn: complete(conn, shop))
            number += 1
            sells.set()
