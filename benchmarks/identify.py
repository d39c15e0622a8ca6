"""Who is it? A customer presents a phone number at a till that holds a million of them.

Base: one look-up of a row by its number in a file of the same size, in this process. Ours, twice:
the store alone (`Directory.party` and `card`, the identifier stretched before), and the real
`till-agent run` as a process of its own, asked `POST /v1/identify` twenty times a second while
sales are scanned, paid and committed at its till.

Stretching millions of identifiers would take a day, which is what it is for. So most customers have
random tokens and sealed cards of the usual size, and `BENCH_REAL` of them are real from end to end:
stretched, sealed, found, opened. `BENCH_CUSTOMERS=5000000` makes it five million.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import Any

import httpx

from agent.core.exchange.replica import INDEXES
from agent.core.history.model import Card
from agent.core.identifiers import PartyId
from agent.core.privacy import Layer
from agent.core.privacy.keys import TOKEN_BYTES
from agent.core.recognition import Found, Identifier, IdentifierType
from agent.daemon.assembly import KEYS
from agent.daemon.files import DIRECTORY
from agent.daemon.machine_key import machine_key
from agent.directory import Directory, Keyring
from agent.directory.opening import open_or_rebuild
from agent.directory.schema import name_of
from agent.settings import load
from benchmarks.program import running_agent, started_agent
from benchmarks.table import Row

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
REAL = int(os.environ.get("BENCH_REAL", "1000"))
ASKED = int(os.environ.get("BENCH_ASKED", "400"))
PER_SECOND = 20
BETWEEN_SALES_S = 0.05
TOKENS = 3
"""Of each customer: phone, e-mail, card."""
PORTION = 50_000
PREPARED = 100
"""As many as are remembered stretched."""
NAME_BYTES, REST_BYTES, KEY_BYTES = 90, 420, 40
"""Of sealed cards as HQ makes them."""
POOL_BYTES = 1 << 20
_POOL = os.urandom(POOL_BYTES + 1024)
"""What sealed cards look like: pieces of it, drawing millions apart takes longer than writing."""
SPREAD = 2_654_435_761
"""A prime: the slots of one customer lie far apart."""
STORE_MS, API_MS = 1, 50
_DEVICES = """
[[till]]
id = "till-1"
"""


def run() -> list[Row]:
    """Fill a till's directory, then ask it and its agent who somebody is."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        with started_agent(path, _DEVICES) as started:
            config = started.config
        file = path / "state" / DIRECTORY
        _crowd(file)
        base, store, cpu = asyncio.run(_in_process(config, file))
        size = file.stat().st_size
        with running_agent(path, _DEVICES) as (url, token):
            api, sales = asyncio.run(_over_http(url, token))
    rows = _rows(base, store, api, sales, size)
    # On a machine with other work this says more of the store than the clock does.
    return [*rows[:3], Row("the same, of the processor", _percentile(cpu, 99), "ms"), *rows[3:]]


def _rows(
    base: Sequence[float], store: Sequence[float], api: Sequence[float], sales: int, size: int
) -> list[Row]:
    least, p50, p99 = _percentile(base, 99), _percentile(store, 50), _percentile(store, 99)
    asked50, asked99 = _percentile(api, 50), _percentile(api, 99)
    millions = (CUSTOMERS + REAL) / 1_000_000
    return [
        Row(f"a row by its number among {CUSTOMERS:,}, p99 (base)", least, "ms"),
        Row("store: found and card opened, p50", p50, "ms", p50 / least),
        Row(
            "store: found and card opened, p99",
            p99,
            "ms",
            p99 / least,
            f"<= {STORE_MS} ms",
            p99 <= STORE_MS,
        ),
        Row(f"POST /v1/identify at {PER_SECOND}/s, p50", asked50, "ms"),
        Row(
            f"POST /v1/identify at {PER_SECOND}/s, p99",
            asked99,
            "ms",
            None,
            f"<= {API_MS} ms",
            asked99 <= API_MS,
        ),
        Row("sales committed meanwhile", sales, "sales"),
        Row("file", size / millions / 1_000_000, "MB per million"),
    ]


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1] * 1000


def _phone(n: int) -> Identifier:
    return Identifier(IdentifierType.PHONE, f"+4917{n:09d}")


def _crowd(file: Path) -> None:
    """Write customers whom nobody presents, tokens in their order: a tree is filled from left.

    The indexes are made at the end, as of a snapshot: filled at random they would take hours.
    """
    conn, damage, *_ = open_or_rebuild(file)
    assert damage is None, damage
    indexes = [each for each in INDEXES if " ON found_by " in each or " ON people " in each]
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        conn.execute(f"PRAGMA {pragma}")
    for each in indexes:
        conn.execute(f"DROP INDEX {name_of(each)}")
    conn.execute("BEGIN IMMEDIATE")
    for start in range(1, CUSTOMERS + 1, PORTION):
        conn.executemany(
            "INSERT INTO people (id, party_id, local, scope, generation, ver, name, rest) "
            "VALUES (?, ?, 0, 'global', 1, 1, ?, ?)",
            _people(range(start, min(start + PORTION, CUSTOMERS + 1))),
        )
    slots = CUSTOMERS * TOKENS
    for start in range(0, slots, PORTION):
        conn.executemany(
            "INSERT INTO found_by (token, person, layer, key) VALUES (?, ?, ?, ?)",
            _slots(range(start, min(start + PORTION, slots)), slots),
        )
    conn.execute("INSERT OR IGNORE INTO generations (scope, generation) VALUES ('global', 1)")
    for each in indexes:
        conn.execute(each)
    conn.execute("COMMIT")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()


def _people(numbers: range) -> Iterator[tuple[int, str, bytes, bytes]]:
    for n in numbers:
        at = n % POOL_BYTES
        name, rest = _POOL[at : at + NAME_BYTES], _POOL[-at - REST_BYTES : -at or None]
        yield n, f"0190{n:08x}-0000-7000-8000-{n:012x}", name, rest


def _slots(numbers: range, whole: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    step = (1 << TOKEN_BYTES * 8) // whole
    for n in numbers:
        token = (n * step + n * SPREAD % step).to_bytes(TOKEN_BYTES, "big")
        at = n % POOL_BYTES
        yield token, 1 + n * SPREAD % CUSTOMERS, Layer.WHOLE, _POOL[at : at + KEY_BYTES]


async def _in_process(config: Path, file: Path) -> tuple[list[float], list[float], list[float]]:
    """Enrol the real ones, then look each up; gives the base, and how long that took and worked."""
    settings = load(config)
    keyring = Keyring(machine_key(settings).secret, file.parent / KEYS)
    directory = Directory.open(file, keyring)
    for start in range(0, REAL, PREPARED):
        numbers = range(start, min(start + PREPARED, REAL))
        await directory.prepare(map(_phone, numbers))
        for n in numbers:
            card = Card(PartyId(f"0191{n:08x}-0000-7000-8000-{n:012x}"), name=f"Greta Sommer {n}")
            directory.put_local(card, [_phone(n)])
    directory.close()
    directory = Directory.open(file, keyring)
    spent, worked, numbers = [], [], list(range(REAL))
    random.Random(1).shuffle(numbers)
    for start in range(0, REAL, PREPARED):
        some = numbers[start : start + PREPARED]
        await directory.prepare(map(_phone, some))
        for n in some:
            began, worked_before = perf_counter(), thread_time()
            found = directory.party(_phone(n))
            card = directory.card(found.party_id) if isinstance(found, Found) else None
            spent.append(perf_counter() - began)
            worked.append(thread_time() - worked_before)
            assert card is not None, found
    directory.close()
    return _base(file), spent, worked


def _base(file: Path) -> list[float]:
    conn, *_ = open_or_rebuild(file)
    rng, spent = random.Random(2), []
    for _ in range(REAL):
        n = rng.randrange(1, CUSTOMERS + 1)
        began = perf_counter()
        conn.execute("SELECT name, rest FROM people WHERE id = ?", (n,)).fetchone()
        spent.append(perf_counter() - began)
    conn.close()
    return spent


async def _over_http(url: str, token: str) -> tuple[list[float], int]:
    """Ask the real program at a fixed rate while its till sells; gives times and sales."""
    sold: list[str] = []
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        selling = asyncio.create_task(_sell(client, sold))
        spent = await _ask(client)
        selling.cancel()
    return spent, len(sold)


async def _ask(client: httpx.AsyncClient) -> list[float]:
    """Ask on time, whether the last answer is there or not."""
    numbers = random.Random(3).choices(range(REAL), k=ASKED)
    began, asking = perf_counter(), []
    for place, n in enumerate(numbers):
        await asyncio.sleep(max(0.0, began + place / PER_SECOND - perf_counter()))
        asking.append(asyncio.create_task(_asked(client, n)))
    return list(await asyncio.gather(*asking))


async def _asked(client: httpx.AsyncClient, n: int) -> float:
    began = perf_counter()
    asked = {"type": "phone", "value": _phone(n).value, "till": "till-1"}
    reply = await client.post("/v1/identify", json=asked)
    spent = perf_counter() - began
    assert reply.json()["answer"] == "found", reply.text
    return spent


async def _sell(client: httpx.AsyncClient, sold: list[str]) -> None:
    """Sell one thing after the other, paid in cash."""
    while True:
        sale = await _said(client, "/v1/tills/till-1/sales", {})
        path = f"/v1/sales/{sale['sale']['sale_id']}"
        view = await _said(client, f"{path}/lines", {"item_id": "item-0002"})
        cash = {"kind": "cash", "amount": view["totals"]["due"]}
        await _said(client, f"{path}/tenders", cash)
        sold.append((await _said(client, f"{path}/complete", {}))["receipt_no"])
        await asyncio.sleep(BETWEEN_SALES_S)


async def _said(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await client.post(path, json=body)
    assert reply.is_success, reply.text
    answer: dict[str, Any] = reply.json()
    return answer
