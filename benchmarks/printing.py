"""A receipt of forty lines, from the POST of the print job to the `confirmed` at the WebSocket.

Base: what a script does that hopes: the same receipt's bytes on a fresh connection to the same
printer, with a `GS r` behind them to know when they were worked off; no status asked for, nothing
kept on disk. Ours: the real `till-agent run`: the job durable before the POST is answered, paper
and cover asked for, sent, fenced, confirmed on disk and told. The printer is the emulated one, in
this process; it answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
import msgspec
import uuid_utils
from websockets.asyncio.client import ClientConnection, connect

from agent.core.receipt.document import Cut, ReceiptDocument, Row, Text
from agent.core.receipt.layout import lay_out
from benchmarks.program import running_agent
from benchmarks.table import Row as Figure
from drivers.printers.codecs.escpos import encode
from drivers.printers.dots import draw
from drivers.printers.models import MODELS
from drivers.virtual.printer import VirtualPrinter

JOBS, WARM_UP, LINES = 200, 5, 40
WITHIN_S = 10
TARGET_MS = 80
FENCE = b"\x1dr\x01"
_DEVICES = """
[[till]]
id = "till-1"
printer = "receipt"
[[device]]
id = "receipt"
kind = "printer"
model = "epson-tm-t20iii"
address = "{address}"
"""


def run() -> list[Figure]:
    """Measure print jobs through the real program."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        base, ours = asyncio.run(_measured(Path(folder).resolve()))
    least = _percentile(base, 50)
    p50, p95 = _percentile(ours, 50), _percentile(ours, 95)
    return [
        Figure("raw bytes and GS r, 40 lines, p50 (base)", least, "ms"),
        Figure("print job to confirmed, 40 lines, p50", p50, "ms", p50 / least),
        Figure(
            "print job to confirmed, 40 lines, p95",
            p95,
            "ms",
            p95 / least,
            f"<= {TARGET_MS} ms",
            p95 <= TARGET_MS,
        ),
    ]


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1] * 1000


async def _measured(folder: Path) -> tuple[list[float], list[float]]:
    document = _document()
    async with VirtualPrinter() as virtual:
        base = [await _raw(virtual, _bytes(document)) for _ in range(JOBS)]
        starting = running_agent(folder, _DEVICES.format(address=virtual.address))
        url, token = await asyncio.to_thread(starting.__enter__)
        try:
            ours = await _jobs(url, token, document)
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)
    return base, ours


def _document() -> ReceiptDocument:
    lines = (Row(f"Thing number {number}, 3 x 1.25", "3.75 A") for number in range(LINES - 1))
    return ReceiptDocument(language="en", blocks=(Text("Receipt"), *lines, Cut()))


def _bytes(document: ReceiptDocument) -> bytes:
    dialect = MODELS["epson-tm-t20iii"].dialect
    return encode(lay_out(document, dialect.columns), dialect, draw)


async def _raw(virtual: VirtualPrinter, payload: bytes) -> float:
    began = perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", virtual.port)
    writer.write(payload + FENCE)
    await reader.readexactly(1)
    writer.close()
    await writer.wait_closed()
    return perf_counter() - began


async def _jobs(url: str, token: str, document: ReceiptDocument) -> list[float]:
    socket_url = f"{url.replace('http', 'ws')}/v1/tills/till-1/events"
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers) as client,
        connect(socket_url, additional_headers=headers) as frames,
    ):
        taken = [await _one(client, frames, document) for _ in range(WARM_UP + JOBS)]
    return taken[WARM_UP:]


async def _one(
    client: httpx.AsyncClient, frames: ClientConnection, document: ReceiptDocument
) -> float:
    print_id = str(uuid_utils.uuid7())
    job = {"print_id": print_id, "till": "till-1", "document": msgspec.to_builtins(document)}
    began = perf_counter()
    (await client.post("/v1/print-jobs", json=job)).raise_for_status()
    async with asyncio.timeout(WITHIN_S):
        while True:
            frame = json.loads(await frames.recv())
            told = frame["data"]
            if (told.get("print_id"), told.get("state")) == (print_id, "confirmed"):
                return perf_counter() - began
