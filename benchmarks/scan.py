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
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep

import httpx
from websockets.asyncio.client import ClientConnection, connect

from agent.journal.database import open_writing
from benchmarks.table import Row
from drivers.virtual.scanner import VirtualScanner

SCANS = 600
PER_SECOND = 20
LINES = 20
BASE_COMMITS = 300
WARM_UP = 20
START_S = 30
LOOK_S = 0.05
FRAME_WITHIN_S = 10
ITEMS = resources.files("agent.daemon.demo") / "data" / "items.csv"
_AGENT = (sys.executable, "-m", "agent.daemon.cli")
_SETTINGS = """\
[store]
id = "store-0001"
[tax]
standard = 1900
reduced = 700
[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
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
        with VirtualScanner() as scanner, _agent(path, scanner) as (url, token):
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


@contextmanager
def _agent(folder: Path, scanner: VirtualScanner) -> Iterator[tuple[str, str]]:
    """Run the agent with the sample catalogue; give its address and a till's token."""
    port, state, config = _free_port(), folder / "state", folder / "agent.toml"
    state.mkdir(mode=0o700)
    config.write_text(_SETTINGS.format(port=port, state=state, scanner=scanner.path))
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*_AGENT, "run", "--config", str(config)], stderr=log)
    try:
        _wait_for(url)
        with resources.as_file(ITEMS) as items:
            _call("import-items", str(items), "--config", str(config))
        token = json.loads(_call("pair", "till-1", "--json", "--config", str(config)))["token"]
        yield url, token
    finally:
        running.terminate()
        running.wait(START_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = monotonic() + START_S
    while True:
        try:
            httpx.get(f"{url}/v1/status").raise_for_status()
        except httpx.HTTPError:
            if monotonic() > deadline:
                raise
            sleep(LOOK_S)
        else:
            return


def _call(*arguments: str) -> str:
    called = subprocess.run([*_AGENT, *arguments], check=True, capture_output=True, text=True)
    return called.stdout


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
