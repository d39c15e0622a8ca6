"""A backlog of sales into a real HQ, against the least as many durable commits can cost.

Base: one row with a 1 KB document, `BEGIN IMMEDIATE` … `COMMIT`, in a SQLite file with WAL and
`synchronous=FULL`, as in `commit`. Ours: a journal with 10,000 complete sales that were made
offline; from the moment HQ is there until HQ's signed ack for the last of them is kept: read,
packed, signed, sent over HTTP, verified hash by hash, committed at `till-central serve` on SQLite,
acked, checked. HQ applies them to its histories meanwhile, as it always does. The same into an HQ
on PostgreSQL, whose files lie on the same disk. Each round has an agent and an HQ of its own; the
base is measured before and after each drain.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from agent.core.identifiers import ReceiptNo, SaleId, TillId, receipt_number
from agent.directory import Directory
from agent.journal import Connection, Journal, chains
from agent.journal.database import Database, open_writing
from agent.journal.device_key import DeviceKey, load_or_create
from agent.links import HttpLink
from agent.sync import SyncLoop, enrol
from benchmarks.commit import CLOCK, STORE, TEMPLATE
from benchmarks.table import Row
from tests.central.postgres import server

SALES = 10_000
CHUNK = 1_000
BASE_COMMITS = 1_000
ROUNDS = 3
TARGETS = {"SQLite": 6, "PostgreSQL": 10}
TILL = TillId("till-1")
START_S = 30
STOP_S = 5
LOOK_S = 0.002
_CENTRAL = (sys.executable, "-m", "central.daemon.cli")
DOCUMENT = b"x" * 1024

Drain = Callable[[str], Awaitable[float]]


def run() -> list[Row]:
    """Measure the drain of one till into either database, in turns."""
    base: list[float] = []
    rates: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    with server(_place(), listen_addresses="''") as postgres:
        for number in range(ROUNDS):
            databases = {"SQLite": "", "PostgreSQL": postgres.create(f"drain-{number}")}
            for name, database in databases.items():
                before, rate, after = _measured(database)
                base += [before, after]
                rates[name].append(rate)
    return [Row("raw commit of one 1 KB row (base)", median(base), "commits/s")] + [
        _row(name, median(rates[name]) / median(base), median(rates[name])) for name in rates
    ]


def _row(name: str, ratio: float, rate: float) -> Row:
    target = TARGETS[name]
    what = f"drain of {SALES:,} sales to HQ on {name}"
    return Row(what, rate, "sales/s", ratio, f">= {target}x", ratio >= target)


def _measured(database: str) -> tuple[float, float, float]:
    with TemporaryDirectory(dir=_place(), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        with _hq(path, database) as (url, code):
            return asyncio.run(_round(path, url, code))


def _place() -> str:
    """Where everything lies that is measured: base, journal, SQLite, PostgreSQL."""
    return str(Path(os.environ.get("BENCH_DIR", ".")).resolve())


async def _round(folder: Path, url: str, code: str) -> tuple[float, float, float]:
    raw = _raw(folder)
    async with _agent(folder, url) as drain:
        before = _rate(raw)
        rate = await drain(code)
        after = _rate(raw)
    raw.close()
    return before, rate, after


@asynccontextmanager
async def _agent(folder: Path, url: str) -> AsyncIterator[Drain]:
    """Run an agent whose till has sold offline; what it gives enrols and drains it."""
    state = folder / "agent"
    state.mkdir(mode=0o700)
    key, directory = load_or_create(state), Directory.open(state / "directory.db")
    journal = Journal.open(
        state / "journal.db", store=STORE, tills=[TILL], device_key=key.public_bytes, clock=CLOCK
    )
    link = HttpLink(url, private_key=key.private, keyid=key.keyid)
    with journal:
        await _sell_offline(journal)
        loop = SyncLoop(
            link, journal, directory, CLOCK, store=STORE, tills=[TILL], on_change=_ignore
        )
        task = asyncio.create_task(loop.run())
        yield lambda code: _drained(loop, journal, link, key, code)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await link.aclose()
    directory.close()


async def _drained(
    loop: SyncLoop, journal: Journal, link: HttpLink, key: DeviceKey, code: str
) -> float:
    """Let a till's backlog go, wait for the last ack; sales per second."""
    await enrol(
        link,
        journal,
        store=STORE,
        till=TILL,
        code=code,
        device_key=key.public_bytes,
        sign=key.private.sign,
    )
    began = perf_counter()
    loop.refresh()
    for _ in iter(lambda: loop.status().backlog[TILL]["sales"], 0):
        await asyncio.sleep(LOOK_S)
    return SALES / (perf_counter() - began)


async def _sell_offline(journal: Journal) -> None:
    for _ in range(SALES // CHUNK):
        await journal.write(_sell)


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


async def _ignore(_scope: str, _keys: Sequence[str]) -> None:
    """Nothing at this agent looks at what HQ sends down."""


@contextmanager
def _hq(folder: Path, database: str) -> Iterator[tuple[str, str]]:
    """Run `till-central serve` on an empty database, with an enrolment code."""
    port = _free_port()
    config = folder / "central.toml"
    config.write_text(f"""[central]
listen = "127.0.0.1:{port}"
state_dir = "{folder / "central"}"
log_level = "error"
{f'database = "{database}"' if database else ""}
""")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(folder / "ready"))
        ready.settimeout(START_S)
        served = subprocess.Popen(
            [*_CENTRAL, "serve", "--config", str(config)],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "ready")},
            stdout=subprocess.DEVNULL,
        )
        try:
            while b"READY=1" not in ready.recv(4096):
                pass
            yield f"http://127.0.0.1:{port}", _code(config)
        finally:
            _stop(served)


def _stop(served: subprocess.Popen[bytes]) -> None:
    """End HQ; one that is still busy applying is not waited for."""
    served.terminate()
    try:
        served.wait(STOP_S)
    except subprocess.TimeoutExpired:
        served.kill()
        served.wait()


def _code(config: Path) -> str:
    """Make a one-time code as IT does."""
    command = [*_CENTRAL, "enrol-code", STORE, TILL, "--config", str(config), "--json"]
    made = subprocess.run(command, check=True, capture_output=True)
    return str(json.loads(made.stdout)["code"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _raw(folder: Path) -> Database:
    conn = open_writing(folder / "raw.db")
    conn.execute("PRAGMA wal_autocheckpoint = 1000")  # SQLite's own default
    conn.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, document BLOB)")
    return conn


def _rate(conn: Database) -> float:
    began = perf_counter()
    for _ in range(BASE_COMMITS):
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO document (document) VALUES (?)", (DOCUMENT,))
        conn.execute("COMMIT")
    return BASE_COMMITS / (perf_counter() - began)
