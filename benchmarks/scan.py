"""A scan, from the last byte on the serial line to the frame at the till's WebSocket.

Base: one durable commit of a row with a 1 KB document on the same disk, as in `commit`, since no
scan is told before it is on disk. Ours: the real `till-agent run` as a process of its own, its
scanner a pseudo-terminal read through pyserial, 20 scans a second of items of the catalogue, each
adding a line to the open sale; timed here from the write of the scan's last byte until the `scan`
frame has arrived. Every 20 lines the sale is cancelled, as baskets are not endless; that is not
timed, but goes on while the next scans come.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
from websockets.asyncio.client import ClientConnection, connect

from agent.journal.database import open_writing
from benchmarks.program import ITEMS, running_agent
from benchmarks.table import Row
from drivers.virtual.scanner import VirtualScanner

SCANS = int(os.environ.get("BENCH_SCANS", "600"))
PER_SECOND = 20
"""Half a minute; BENCH_SCANS=12000 makes it ten."""
LINES = 20
BASE_COMMITS = 300
WARM_UP = 20
FRAME_WITHIN_S = 10
_DEVICES = """
[[till]]
id = "till-1"
scanners = ["counter"]
[[device]]
id = "counter"
kind = "scanner"
address = "serial:{scanner}?baud=9600"
"""


def run() -> list[Row]:
    """Measure scans through the real program."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        base = _commits(path)
        with VirtualScanner() as scanner:
            devices = _DEVICES.format(scanner=scanner.path)
            with running_agent(path, devices) as (url, token):
                taken = asyncio.run(_scans(scanner, url, token))
    return _rows(base, taken)


def _rows(base: Sequence[float], taken: Sequence[float]) -> list[Row]:
    least, p50, p99 = _percentile(base, 50), _percentile(taken, 50), _percentile(taken, 99)
    return [
        Row("raw commit of one 1 KB row, p50 (base)", least, "ms"),
        Row("last scan byte to frame, p50", p50, "ms", p50 / least),
        Row("last scan byte to frame, p99", p99, "ms", p99 / least, "<= 15 ms", p99 <= 15),
    ]


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1] * 1000


def _commits(folder: Path) -> list[float]:
    conn = open_writing(folder / "raw.db")
    conn.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, document BLOB)")
    taken = []
    for _ in range(BASE_COMMITS):
        began = perf_counter()
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO document (document) VALUES (?)", (b"x" * 1024,))
        conn.execute("COMMIT")
        taken.append(perf_counter() - began)
    conn.close()
    return taken


async def _scans(scanner: VirtualScanner, url: str, token: str) -> list[float]:
    codes = _codes()
    socket_url = f"{url.replace('http', 'ws')}/v1/tills/till-1/events"
    headers = {"Authorization": f"Bearer {token}"}
    taken = []
    async with (
        httpx.AsyncClient(base_url=url, headers=headers) as client,
        connect(socket_url, additional_headers=headers) as frames,
    ):
        began = perf_counter()
        for number in range(WARM_UP + SCANS):
            await asyncio.sleep(max(0, began + number / PER_SECOND - perf_counter()))
            taken.append(await _one(scanner, frames, codes[number % len(codes)]))
            if number % LINES == LINES - 1:
                await _begin_again(client)
    return taken[WARM_UP:]


def _codes() -> list[str]:
    with ITEMS.open(encoding="utf-8") as file:
        return sorted({row["gtin"] for row in csv.DictReader(file) if len(row["gtin"]) == 13})


async def _one(scanner: VirtualScanner, frames: ClientConnection, code: str) -> float:
    began = perf_counter()
    scanner.scan(b"]E0" + code.encode())
    async with asyncio.timeout(FRAME_WITHIN_S):
        while True:
            frame = json.loads(await frames.recv())
            arrived = perf_counter()
            if frame["type"] == "scan" and frame["data"]["text"] == code:
                assert frame["data"]["kind"] == "item", frame
                return arrived - began


async def _begin_again(client: httpx.AsyncClient) -> None:
    till = (await client.get("/v1/tills/till-1")).raise_for_status().json()
    sale_id = till["sale"]["sale"]["sale_id"]
    (await client.post(f"/v1/sales/{sale_id}/cancel", json={})).raise_for_status()
