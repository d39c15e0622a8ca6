"""A thousand stores come back at once: `python -m tests.central.herd --stores 1000 --sales 500`.

Real signatures and real zstd over real sockets, against a real `till-central serve`. Every store
keeps to what an agent does: one batch in flight per journal, HQ's pace obeyed, a long poll open
beside it. Measured from the first knock: when all is acked, how long the unluckiest store went
without getting on, and how much memory HQ took.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.entries import encode, genesis
from agent.core.entries.bodies import CashierSigned, SaleCompleted
from agent.core.entries.chain import commitment, link
from agent.core.exchange.coding import BATCH_MEDIA_TYPE, encode_batch
from agent.core.exchange.credentials import key_id, make_request
from agent.core.exchange.cursors import Cursor
from agent.core.exchange.wire import BATCH_RECORDS_MAX, Ack, Batch, WireRecord
from agent.core.identifiers import receipt_number
from agent.core.sale.model import Line, Stamp, TaxAmount, TaxRate, Tender
from agent.links.signing import DeviceSigner
from agent.program.terminal import say
from central.daemon.state import root_key, utc_now
from central.feed.receipt_keys import publish_due
from central.intake.codes import issue_code
from central.intake.enrolment import enrol
from central.ledger.engine import open_engine, reading, writing
from central.ledger.epoch import current_epoch
from central.ledger.migrate import migrate
from central.ledger.outbox import GLOBAL, position
from central.ledger.tables import CURSORS, JOURNALS, QUARANTINE

LANES = ("sales", "side")
RECONNECT_S = 10
WATCH_S = 0.2
SALE_MARK = b"0190c6aa-0000-7000-8000-000000000000"
RECEIPT_MARK = b"store-till-JJJJ-n"
AT = Stamp(wall="2026-11-22T10:00:00.000Z", mono_ns=1, boot_id="b")


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    stores: int
    sales: int
    acked_s: float = 0.0
    starved_s: float = 0.0
    """Longest time a store with something to send went without an ack that took it on."""
    refused: int = 0
    requests: int = 0
    rss_mb: int = 0
    hq_cpu_s: float = 0.0
    side_s: float = 0.0
    missing: int = -1
    aside: int = -1
    """Entries in quarantine: none of them is odd."""

    def __str__(self) -> str:
        """Say it in one line."""
        rate = self.stores * self.sales / max(self.acked_s, 0.01)
        return (
            f"{self.stores} stores x {self.sales} sales: all acked in {self.acked_s:.1f} s "
            f"({rate:.0f}/s), longest without getting on {self.starved_s:.1f} s (side "
            f"{self.side_s:.1f} s), {self.requests} batches of which {self.refused} were asked to "
            f"wait, HQ at most {self.rss_mb} MB and {self.hq_cpu_s:.0f} s of processor time, "
            f"{self.missing} records missing, {self.aside} set aside"
        )


def template() -> bytes:
    """A sale of four lines, as a till seals it; its id and its receipt number are put in later."""
    lines = tuple(
        Line(n, f"Article {n}", 1000, 250 * n, 250 * n, (TaxRate("standard", 1900),))
        for n in range(1, 5)
    )
    body = SaleCompleted(
        SALE_MARK.decode(), RECEIPT_MARK.decode(), "store", "till-1", "2026-11-22", "EUR", True,
        AT, AT, lines, (Tender(1, "cash", 2500),), (TaxAmount("standard", 1900, 2101, 399, 2500),),
        2500, 2101, 0,
    )  # fmt: skip
    return encode(body)


class Store:
    """One store's till: what it has sealed is made again whenever it is sent."""

    def __init__(self, number: int, sales: int, side: int, body: bytes) -> None:
        self.store, self.till = f"store-{number:04d}", "till-1"
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.journals = {lane: secrets.token_hex(16) for lane in LANES}
        self.incarnation = secrets.token_hex(16)
        self.signer = DeviceSigner(self.key, key_id(self.public))
        self.counts = {"sales": sales, "side": side}
        self.read = ""
        """How far in HQ's feed: tills that come back have its customers and items already."""
        self._body = body.replace(b'"store":"store"', f'"store":"{self.store}"'.encode())
        self._signed_on = encode(CashierSigned("anna", self.store, self.till, AT))
        self._salts = secrets.token_bytes(16 * max(sales, side))
        self._hashes = {lane: self._sealed(lane) for lane in LANES}

    def request(self, code):
        return make_request(
            self.key.sign,
            code=code,
            device_key=self.public,
            store=self.store,
            till=self.till,
            journals=self.journals,
        )

    def batch(self, lane, base, limit):
        """Write a batch as it travels."""
        last = min(self.counts[lane], base + limit - 1)
        batch = Batch(
            version=1,
            journal_id=self.journals[lane],
            incarnation=self.incarnation,
            base=base,
            prev_hash=self._hashes[lane][base - 1],
            tail_seq=self.counts[lane],
            records=tuple(self._record(lane, seq) for seq in range(base, last + 1)),
        )
        return zstandard.ZstdCompressor(level=3).compress(encode_batch(batch))

    def hash_at(self, lane, seq):
        return self._hashes[lane][seq]

    def _record(self, lane, seq):
        salt = self._salts[16 * (seq - 1) : 16 * seq]
        return WireRecord(seq, *self._kind(lane), salt, self._text(lane, seq))

    def _text(self, lane, seq):
        if lane != "sales":
            return self._signed_on
        journal_id = self.journals[lane]
        receipt = receipt_number(self.store, self.till, journal_id, seq)
        named = self._body.replace(RECEIPT_MARK, receipt.encode())
        return named.replace(SALE_MARK, f"{journal_id}{seq:04d}".encode())

    def _kind(self, lane):
        return (1, 1) if lane == "sales" else (120, 1)

    def _sealed(self, lane):
        journal_id = self.journals[lane]
        hashes = [genesis(journal_id, self.store, self.till, lane, self.public)]
        for seq in range(1, self.counts[lane] + 1):
            salt = self._salts[16 * (seq - 1) : 16 * seq]
            sealed = commitment(salt, self._text(lane, seq))
            hashes.append(link(journal_id, seq, hashes[-1], *self._kind(lane), sealed))
        return hashes


class Wire:
    """One kept connection, HTTP/1.1 by hand: a thousand of them must not cost what HQ costs."""

    def __init__(self, url: str, signer: DeviceSigner) -> None:
        self._url, self._signer = httpx.URL(url), signer
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method, path, content=b"", headers=None):
        """Send a signed request; gives status, headers and body.

        HQ may have closed a connection that was idle: then it is asked on a new one, as clients do.
        """
        was_kept = self._streams is not None
        try:
            return await self._asked(method, path, content, headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            if not was_kept:
                raise
        self.close()
        return await self._asked(method, path, content, headers)

    async def _asked(self, method, path, content, headers):
        request = httpx.Request(
            method, self._url.join(path), content=content or None, headers=headers
        )
        self._signer.sign(request, content)
        head = f"{method} {request.url.raw_path.decode()} HTTP/1.1\r\n".encode()
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers.raw)
        reader, writer = await self._open()
        writer.write(head + lines + b"\r\n" + content)
        await writer.drain()
        return await self._answer(reader)

    def close(self):
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self):
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._url.host, self._url.port)
        return self._streams

    async def _answer(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return (
            int(head[0].split()[1]),
            headers,
            await reader.readexactly(int(headers["content-length"])),
        )


class Herd:
    """All stores against one HQ."""

    def __init__(self, url: str, stores: list[Store], seed: int, spread_s: float) -> None:
        self.url, self.stores, self.spread_s = url, stores, spread_s
        self.rng = random.Random(seed)
        self.outcome = Outcome(len(stores), stores[0].counts["sales"])

    async def run(self) -> None:
        """Let them all come back, and wait until the last one is done."""
        began = time.monotonic()
        polls = [asyncio.create_task(self._poll(store)) for store in self.stores]
        async with asyncio.TaskGroup() as group:
            for store in self.stores:
                group.create_task(self._come_back(store))
        self.outcome.acked_s = time.monotonic() - began
        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)

    async def _come_back(self, store: Store) -> None:
        await asyncio.sleep(self.rng.uniform(0, self.spread_s))
        async with asyncio.TaskGroup() as group:
            for lane in LANES:
                group.create_task(self._send_all(store, lane))

    async def _send_all(self, store: Store, lane: str) -> None:
        wire = Wire(self.url, store.signer)
        acked, limit, last = 0, BATCH_RECORDS_MAX, time.monotonic()
        while acked < store.counts[lane]:
            self.outcome.requests += 1
            status, headers, content = await self._send(wire, store, lane, acked + 1, limit)
            if status == 429:
                self.outcome.refused += 1
                limit = max(1, limit // 2)
                # As long as HQ asks for: its pace is what is measured.
                await asyncio.sleep(float(headers["retry-after"]) + self.rng.random())
                continue
            assert 200 == status, content
            ack = msgspec.json.decode(content, type=Ack)
            assert store.hash_at(lane, ack.seq).hex() == ack.hash
            assert ack.seq > acked
            now = time.monotonic()
            self._note(lane, now - last)
            acked, last, limit = ack.seq, now, min(ack.next.max_records, BATCH_RECORDS_MAX)
            await asyncio.sleep(ack.next.delay_ms / 1000)
        wire.close()

    def _note(self, lane: str, waited_s: float) -> None:
        outcome = self.outcome
        if lane == "sales":
            outcome.starved_s = max(outcome.starved_s, waited_s)
        else:
            outcome.side_s = max(outcome.side_s, waited_s)

    async def _send(self, wire: Wire, store: Store, lane: str, base: int, limit: int):
        content = store.batch(lane, base, limit)
        headers = {"Content-Type": BATCH_MEDIA_TYPE, "Content-Encoding": "zstd"}
        path = f"/v1/journals/{store.journals[lane]}/batches"
        return await wire.ask("POST", path, content, headers)

    async def _poll(self, store: Store) -> None:
        """Keep a long poll open, as every agent does."""
        await asyncio.sleep(self.rng.uniform(0, self.spread_s))
        wire, cursor = Wire(self.url, store.signer), store.read
        try:
            while True:
                path = f"/v1/feeds/global?after={cursor}&wait=25"
                status, headers, content = await wire.ask("GET", path)
                if status == 200:
                    cursor = msgspec.json.decode(content)["cursor"]
                else:
                    await asyncio.sleep(float(headers.get("retry-after", 5)))
        finally:
            wire.close()


def prepared(directory: Path, count: int, sales: int, side: int) -> list[Store]:
    """Make a ledger in which so many stores are enrolled."""
    body = template()
    return enrolled(directory, [Store(number, sales, side, body) for number in range(count)])


def enrolled(directory: Path, stores: list[Store]) -> list[Store]:
    """Make a ledger in which these stores are enrolled; they have read its feed so far."""
    (directory / "state").mkdir(mode=0o700)
    engine = open_engine(directory / "state" / "central.sqlite")
    migrate(engine)
    root = root_key(directory / "state", engine)
    with writing(engine) as conn:
        for store in stores:
            now = utc_now()
            enrol(conn, store.request(issue_code(conn, store.store, store.till, now)), root, now)
        while publish_due(conn):
            pass
        read = str(Cursor(current_epoch(conn), *position(conn, GLOBAL)))
    engine.dispose()
    for store in stores:
        store.read = read
    return stores


def counted(directory: Path, stores: list[Store]) -> tuple[int, int]:
    """Count in HQ's database what is not there, and what was set aside."""
    engine = open_engine(directory / "state" / "central.sqlite")
    with reading(engine) as conn:
        query = JOURNALS.join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id).select()
        held = sum(row.have_seq for row in conn.execute(query))
        aside = len(conn.execute(QUARANTINE.select()).all())
    engine.dispose()
    return sum(sum(store.counts.values()) for store in stores) - held, aside


def serving(directory: Path) -> tuple[subprocess.Popen[str], str]:
    """Start HQ as its own process; gives it and its address."""
    config = directory / "central.toml"
    state = directory / "state"
    config.write_text(
        f'[central]\nlisten = "127.0.0.1:0"\nstate_dir = "{state}"\nlog_level = "warning"\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "central.daemon.cli", "serve", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TILL_CENTRAL_STAFF_TOKEN": "herd"},
    )
    shown = process.stdout.readline()
    return process, re.search(r"http://[^/]+", shown).group()


def looked_at(pid: int, outcome: Outcome) -> None:
    """Note the highest resident memory of a process, and its processor time so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    outcome.rss_mb = max(outcome.rss_mb, int(found[1]) // 1024 if found else 0)
    spent = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[13:15]
    outcome.hq_cpu_s = sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


async def watched(pid: int, outcome: Outcome) -> None:
    """Keep an eye on HQ's process."""
    while True:
        looked_at(pid, outcome)
        # Nobody tells when a process grows.
        await asyncio.sleep(WATCH_S)


async def measured(process: subprocess.Popen[str], herd: Herd) -> Outcome:
    """Run the herd beside the watch over HQ's memory."""
    watch = asyncio.create_task(watched(process.pid, herd.outcome))
    try:
        await herd.run()
    finally:
        watch.cancel()
    return herd.outcome


def run(
    count: int, sales: int, *, side: int = 20, seed: int = 1, reconnect_s: float = RECONNECT_S
) -> Outcome:
    """Prepare, serve, let the herd come, look whether all is there."""
    with tempfile.TemporaryDirectory(prefix="herd-") as name:
        directory = Path(name)
        stores = prepared(directory, count, sales, side)
        process, url = serving(directory)
        try:
            outcome = asyncio.run(measured(process, Herd(url, stores, seed, reconnect_s)))
        finally:
            process.terminate()
            process.communicate()
        outcome.missing, outcome.aside = counted(directory, stores)
    return outcome


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Many stores reconnect to one HQ.")
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("--sales", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = run(given.stores, given.sales, seed=given.seed)
    say(str(outcome))
    fine = outcome.acked_s <= 60 and outcome.starved_s <= 10 and outcome.rss_mb <= 1024
    sys.exit(0 if fine and outcome.missing == outcome.aside == 0 else 1)


if __name__ == "__main__":
    main()
