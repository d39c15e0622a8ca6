"""A million customers into a till: as one sealed snapshot, and row by row.

Base: one row with a 1 KB document in a transaction of its own, as in `drain`. HQ's feed holds a
million customers with two identifiers each; `till-central serve` makes the snapshot, an agent takes
it over HTTP and goes on looking customers up. "Installed" is from the last piece's arrival to the
first look-up in the new directory: hashed, unpacked, checked, merged, durable, swapped. Row by row:
the same changes in pages, as a till reads them.

Stretching two million identifiers would take hours, which is what it is for: HQ is given random
stretches of all of them, and the look-ups measured are those of the store, without the stretch.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from agent.contracts.hq import HqSlowDown
from agent.core.exchange.granting import read_keys
from agent.core.exchange.sealed_rows import Master, sealed_row
from agent.core.exchange.wire import FeedItem, FeedPage, PartyRow
from agent.core.privacy import ScopeKeys, keys_of, stretch
from agent.core.privacy.keys import STRETCH_BYTES
from agent.core.recognition import Found, Identifier, IdentifierType, RecognitionRules
from agent.directory import Directory, Keyring
from agent.journal import Journal
from agent.journal.device_key import load_or_create
from agent.journal.root_key import verifier
from agent.links import HttpLink
from agent.sync import enrol
from agent.sync.snapshots import Snapshots
from benchmarks import raw
from benchmarks.commit import CLOCK, STORE
from benchmarks.hq import CENTRAL, TILL, running_hq
from benchmarks.table import Row
from central.daemon.keys import master_of
from central.daemon.state import root_key
from central.ledger.engine import open_engine, writing
from central.ledger.epoch import current_epoch
from central.ledger.key_tables import STRETCHES
from central.ledger.outbox import GLOBAL
from central.ledger.tables import FEED_MARKS, FEED_ROWS, FEED_SCOPES

REAL = 1_000
"""Every so many-eth customer has a real stretch, made before anything is measured."""
CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
PORTION = 10_000
DELTA_ROWS = 50_000
PAGE = 500
PAUSE_S = 0.001
KNOWN = 200
"""Customers looked up all the while: as many as are remembered stretched."""
_KINDS = (IdentifierType.PHONE, IdentifierType.LOYALTY_CARD)
MEGABYTE = 1 << 20
_FIRST = ("Ada", "Bo", "Carl", "Dora", "Eva", "Finn", "Gus", "Hana", "Ines", "Jon")
_LAST = ("Miller", "Smith", "Jones", "Taylor", "Brown", "Kowalski", "Garcia", "Ito")


def run() -> list[Row]:
    """Measure the installation, the look-ups meanwhile, and the way by pages."""
    with TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "."), prefix=".bench-") as folder:
        path = Path(folder).resolve()
        rows = raw.opened(path)
        base = [raw.rate(rows)]
        _fill(path)
        with running_hq(path, "") as (url, code):
            taken = asyncio.run(_take(path, url, code))
        rows_s = _by_pages(path / "pages.db")
        base.append(raw.rate(rows))
        rows.close()
    return _rows(taken, rows_s, median(base))


class Taken(msgspec.Struct):
    """What was measured of one installation."""

    made_s: float
    fetched_s: float
    installed_s: float
    wire_bytes: int
    p99_ms: float
    grown_bytes: int


def _rows(taken: Taken, rows_s: float, base: float) -> list[Row]:
    installed = CUSTOMERS / taken.installed_s
    grown = taken.grown_bytes / MEGABYTE
    return [
        Row("raw commit of one 1 KB row (base)", base, "commits/s"),
        Row(f"snapshot of {CUSTOMERS:,} customers made at HQ", taken.made_s, "s"),
        Row("on the wire", taken.wire_bytes / CUSTOMERS, "B/customer"),
        Row("fetched over loopback, unpacked meanwhile", taken.fetched_s, "s"),
        Row(
            "installed after the last piece",
            taken.installed_s,
            "s",
            installed / base,
            "<= 5 s",
            taken.installed_s <= 5,
        ),
        Row(
            "look-ups meanwhile: 99 of 100 within",
            taken.p99_ms,
            "ms",
            None,
            "<= 1 ms",
            taken.p99_ms <= 1,
        ),
        Row("memory grown meanwhile, at most", grown, "MB", None, "<= 60 MB", grown <= 60),
        Row(
            "changes applied by pages of 500",
            rows_s,
            "rows/s",
            rows_s / base,
            ">= 10,000/s",
            rows_s >= 10_000,
        ),
        Row("snapshot against row by row", installed / rows_s, "times"),
    ]


def _customer(n: int) -> tuple[str, bytes]:
    """Give a customer's key and row, as HQ publishes them."""
    party = f"0190{n:08x}-0000-7000-8000-{n:012x}"
    card = {
        "party_id": party,
        "name": f"{_FIRST[n % len(_FIRST)]} {_LAST[n % len(_LAST)]}",
        "tier": ("basic", "silver", "gold")[n % 3],
        "points": n % 5000,
        "last": [
            {
                "event_id": hashlib.md5(b"%d" % n, usedforsecurity=False).hexdigest(),
                "type": "sale.completed",
                "channel": "store",
                "touch_point": "store-0001/till-1",
                "occurred_at": "2026-01-02T03:04:05.000Z",
                "title": "3 items: Coffee 250 g, Milk, Bread",
                "ref": f"store-0001-till-1-ABCD-{n}",
                "total": n % 9999,
                "currency": "EUR",
            }
        ],
        "ver": n,
    }
    known_by = [{"means": "identifier", "type": kind.value, "value": str(n)} for kind in _KINDS]
    return f"party:{party}", json.dumps({"card": card, "identifiers": known_by}).encode()


def _fill(folder: Path) -> None:
    """Write the customers straight into HQ's feed, before it is started."""
    state = folder / "central"
    state.mkdir(mode=0o700)
    config = folder / "fill.toml"
    config.write_text(f'[central]\nstate_dir = "{state}"\n')
    subprocess.run([*CENTRAL, "migrate", "--config", str(config)], check=True, capture_output=True)
    engine = open_engine(state / "central.sqlite")
    master = master_of(root_key(state, engine))
    for start in range(0, CUSTOMERS, PORTION):
        with writing(engine) as conn:
            conn.execute(FEED_ROWS.insert(), [_row(n) for n in range(start, start + PORTION)])
            conn.execute(STRETCHES.insert(), _stretches(master, start))
    mark = {"scope": GLOBAL, "fseq": CUSTOMERS, "running_hash": "0123456789abcdef"}
    with writing(engine) as conn:
        conn.execute(FEED_MARKS.insert(), mark)
        conn.execute(FEED_SCOPES.insert(), mark)
        current_epoch(conn)
    engine.dispose()


def _stretches(master: Master, start: int) -> list[dict[str, object]]:
    """Make up what HQ would have stretched; every hundredth is real, and is looked up."""
    named = [Identifier(kind, str(n)) for n in range(start, start + PORTION) for kind in _KINDS]
    return [
        {"fingerprint": master.fingerprint(one), "stretched": _stretch(master, one)}
        for one in named
    ]


def _stretch(master: Master, one: Identifier) -> bytes:
    if int(one.value) % REAL or one.type is not _KINDS[0]:
        return os.urandom(STRETCH_BYTES)
    return stretch(one, master.pepper, master.stretching)


def _row(n: int) -> dict[str, object]:
    key, body = _customer(n)
    ver = (1 << 40) + n + 1
    return {"scope": GLOBAL, "fseq": n + 1, "key": key, "ver": ver, "op": "put", "body": body}


async def _take(folder: Path, url: str, code: str) -> Taken:
    state = folder / "agent"
    state.mkdir(mode=0o700)
    key, keyring = load_or_create(state), Keyring(os.urandom(STRETCH_BYTES))
    directory = Directory.open(state / "directory.db", keyring)
    journal = Journal.open(
        state / "journal.db", store=STORE, tills=[TILL], device_key=key.public_bytes, clock=CLOCK
    )
    link = HttpLink(url, private_key=key.private, keyid=key.keyid)
    arrived = [0.0]
    with journal:
        enrolled = await enrol(
            link,
            journal,
            store=STORE,
            till=TILL,
            code=code,
            device_key=key.public_bytes,
            sign=key.private.sign,
        )
        verify = verifier(enrolled.root_key)
        seed = key.private.private_bytes_raw()
        directory.take_keys(*read_keys(await link.keys(), key.public_bytes, seed, verify))
        known = [Identifier(_KINDS[0], str(n)) for n in range(0, CUSTOMERS, REAL)][:KNOWN]
        snapshots = Snapshots(
            link,
            directory,
            verify=lambda: verify,
            may_fetch=lambda: True,
            on_orders=_no_orders,
            on_progress=lambda *_: arrived.append(perf_counter()),
            on_trouble=lambda _, fault: print(fault, file=sys.stderr),
        )
        made_s = await _made(link)
        with _looking_up(directory, known) as looks:
            before, began = _rss(), perf_counter()
            manifest, _ = await snapshots.take(GLOBAL)
            done = perf_counter()
    await link.aclose()
    assert directory.counts()["parties"] == CUSTOMERS
    assert isinstance(directory.party(known[-1]), Found)
    directory.close()
    spent, grown = looks
    spent.sort()
    return Taken(
        made_s,
        arrived[-1] - began,
        done - arrived[-1],
        manifest.bytes,
        spent[len(spent) * 99 // 100] * 1000,
        max(grown) - before,
    )


async def _no_orders(_items: Sequence[FeedItem]) -> None:
    """There are none."""


async def _made(link: HttpLink) -> float:
    """Wait until HQ has made it; gives how long that was from here."""
    began = perf_counter()
    while True:
        try:
            await link.snapshot(GLOBAL)
        except HqSlowDown:
            await asyncio.sleep(0.2)
        else:
            return perf_counter() - began


@contextmanager
def _looking_up(
    directory: Directory, known: Sequence[Identifier]
) -> Iterator[tuple[list[float], list[int]]]:
    """Look customers up all the while on the loop, and watch the memory."""
    spent: list[float] = []
    grown: list[int] = []

    async def look() -> None:
        n = 0
        while True:
            n = (n * 1_103_515_245 + 12_345) % len(known)
            identifier = known[n]
            await directory.prepare([identifier])
            began = perf_counter()
            directory.party(identifier)
            spent.append(perf_counter() - began)
            if not len(spent) % 64:
                grown.append(_rss())
            await asyncio.sleep(PAUSE_S)

    task = asyncio.get_running_loop().create_task(look())
    try:
        yield spent, grown
    finally:
        task.cancel()


def _rss() -> int:
    """Read this process's resident memory, in bytes (proc(5), statm)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _by_pages(path: Path) -> float:
    """Read customers by pages, as a till without snapshots does; rows per second."""
    directory = Directory.open(path)
    keys = keys_of(Master(bytes(STRETCH_BYTES)).key(GLOBAL, 1))
    rows = [_item(keys, n) for n in range(DELTA_ROWS)]
    began = perf_counter()
    for start in range(0, DELTA_ROWS, PAGE):
        part = tuple(rows[start : start + PAGE])
        directory.apply(GLOBAL, FeedPage(part, f"1-ab.{part[-1].fseq}.{'0' * 16}", more=True))
    spent = perf_counter() - began
    directory.close()
    return DELTA_ROWS / spent


def _item(keys: ScopeKeys, n: int) -> FeedItem:
    key, body = _customer(n)
    ver = (1 << 40) + n + 1
    row = msgspec.json.decode(body, type=PartyRow)
    made = {one: os.urandom(STRETCH_BYTES) for one in row.identifiers}
    sealed = sealed_row(keys, row, ver, made.__getitem__, os.urandom(16), RecognitionRules())
    return FeedItem(n + 1, key, ver, "put", msgspec.Raw(msgspec.json.encode(sealed)))
