"""A real journal, an HQ in memory, and a clock that makes waits short."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager, suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.entries.bodies import CashierSigned, CashMoved, EntryCarried, JournalBegun
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS
from agent.core.sale.model import Stamp
from agent.journal import Journal, chains
from agent.links import MemoryHq, MemoryLink
from agent.sync import SyncLoop, enrol, feeds

STORE, TILL = "store-1", "till-1"
POLL_S = 2
DEVICE = Ed25519PrivateKey.generate()
PUBLIC = DEVICE.public_key().public_bytes_raw()
STAMP = Stamp(wall="2024-05-01T10:00:00.000Z", mono_ns=1, boot_id="boot")


class QuickClock:
    """Time stands still, ids are counted, and every jitter is drawn as a few milliseconds."""

    def __init__(self, seed: str = "") -> None:
        self.seed, self.count = seed, 0

    def stamp(self) -> Stamp:
        return STAMP

    def uuid7(self) -> str:
        return f"0190{self.random(6).hex()}"

    def random(self, size: int) -> bytes:
        self.count += 1
        if size == 4:
            return (self.count % 20).to_bytes(4, "big")
        return hashlib.sha512(f"{self.seed}{self.count}".encode()).digest()[:size]


class ListReplica:
    """A directory that only remembers what it was given."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, list[str]]] = []
        self.cursors: dict[str, str] = {}
        self.reread_scopes: list[str] = []
        self.failing = None

    def cursor(self, scope: str) -> str:
        return self.cursors.get(scope, "")

    def apply(self, scope: str, page) -> list[str]:
        if self.failing:
            raise self.failing
        self.cursors[scope] = page.cursor
        keys = [item.key for item in page.items]
        self.pages.append((scope, keys))
        return keys

    def reread(self, scope: str) -> None:
        if self.failing:
            raise self.failing
        self.reread_scopes.append(scope)
        self.cursors[scope] = ""

    @property
    def keys(self) -> list[str]:
        return [key for _, keys in self.pages for key in keys]


def facts(hq) -> list[bytes]:
    """Give the body of every fact an HQ holds, each entry once, whichever journal brought it."""
    found = {}
    for journal_id, journal in hq.database.journals.items():
        for row in journal.rows:
            if row.kind == KINDS[EntryCarried].kind:
                body = decode(row.kind, row.version, row.body)
                found[body.journal, body.seq, body.commitment] = body.body.encode()
            elif row.kind != KINDS[JournalBegun].kind:
                found[journal_id, row.seq, row.commitment.hex()] = row.body
    return list(found.values())


class Shop:
    """One agent: its journal, its way to HQ, its sync loop."""

    def __init__(self, journal, hq, clock, tills) -> None:
        self.journal, self.hq, self.clock, self.tills = journal, hq, clock, tills
        self.sold = []
        self.link = MemoryLink(hq)
        self.replica = ListReplica()
        self.told = []
        self.changes = []
        self.forgotten = []
        self.loop = self.new_loop()

    def new_loop(self, **changes) -> SyncLoop:
        values = {
            "store": STORE,
            "tills": self.tills,
            "on_change": self.on_change,
            "on_status": self.on_status,
            "sign": DEVICE.sign,
            "device_key": PUBLIC,
            "forget": self.forgotten.extend,
        }
        return SyncLoop(self.link, self.journal, self.replica, self.clock, **(values | changes))

    async def on_change(self, scope, keys) -> None:
        self.changes.append((scope, keys))

    async def on_status(self, status) -> None:
        self.told.append(status.online)

    async def enrol(self, till=TILL, code="CODE", **changes):
        self.hq.issue_code(code, STORE, till)
        values = {
            "store": STORE,
            "till": till,
            "code": code,
            "device_key": PUBLIC,
            "sign": DEVICE.sign,
        }
        return await enrol(self.link, self.journal, **(values | changes))

    async def sell(self, count=1, till=TILL) -> None:
        await self.append([self.cash(till) for _ in range(count)], till)

    def cash(self, till):
        return CashMoved(
            cash_id=self.clock.uuid7(),
            store=STORE,
            till=till,
            business_date="2024-05-01",
            at=STAMP,
            amount=100,
            currency="EUR",
            reason="float",
        )

    async def sign_on(self, count=1, till=TILL) -> None:
        signed = [
            CashierSigned(actor=f"a{n}", store=STORE, till=till, at=STAMP) for n in range(count)
        ]
        await self.append(signed, till)

    async def append(self, bodies, till) -> None:
        salted = [(body, self.clock.random(16)) for body in bodies]

        def write(conn) -> None:
            for body, salt in salted:
                chains.append(conn, till, body, salt=salt)

        await self.journal.write(write)

    async def head(self, lane="sales", till=TILL):
        heads = await self.journal.read(chains.heads)
        lane_of = [head for head in heads if (head.till, head.lane) == (till, lane)]
        return next(head for head in lane_of if not head.sealed)

    async def own(self, lane="sales", till=TILL) -> list[bytes]:
        head = await self.head(lane, till)
        records = await self.journal.read(
            lambda conn: chains.records(conn, head.journal_id, 1, 100_000)
        )
        return [record.body for record in records]

    async def held(self, lane="sales", till=TILL) -> list[bytes]:
        return [row.body for row in self.hq.rows((await self.head(lane, till)).journal_id)]

    def at_hq(self) -> list[bytes]:
        """Give the body of every fact HQ holds, each once: carried ones are taken out."""
        return facts(self.hq)

    async def until(self, condition) -> None:
        """Wait for a condition that nothing announces."""
        async with asyncio.timeout(30):
            for _ in iter(lambda: bool(condition()), True):
                await asyncio.sleep(0.002)

    async def until_sent(self, loop=None) -> None:
        """Wait until HQ has everything, in whichever journal it travels."""
        loop = loop or self.loop
        async with asyncio.timeout(30):
            async for _ in self.looks(loop):
                await asyncio.sleep(0.002)

    async def looks(self, loop):
        """Look again and again, until HQ has everything."""
        while not await self.is_sent(loop):
            yield

    async def is_sent(self, loop) -> bool:
        heads = await self.journal.read(chains.heads)
        held = [len(self.hq.rows(head.journal_id)) >= head.due_seq for head in heads]
        status = loop.status()
        known = {journal.journal_id for journal in status.journals}
        lanes = [lane for till in status.backlog.values() for lane in till.values()]
        is_known = all(head.journal_id in known for head in heads)
        return status.online and is_known and all(held) and not any(lanes)

    async def settle(self) -> None:
        """Let everything that is under way come to rest."""
        await asyncio.sleep(0.06)


@asynccontextmanager
async def running(loop):
    task = asyncio.create_task(loop.run())
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def _short_polls(monkeypatch):
    """Have a question to HQ that nothing answers end soon."""
    monkeypatch.setattr(feeds, "WAIT_S", POLL_S)


@pytest.fixture
def run():
    """Run a sync loop for the length of a `with`."""
    return running


@pytest.fixture
def open_shop(tmp_path):
    """Open agents, several on one machine if need be."""
    journals = []

    def opened(hq=None, tills=(TILL,), name="journal.db") -> Shop:
        clock = QuickClock(f"{name}/{len(journals)}/")
        path = tmp_path / name
        journal = Journal.open(path, store=STORE, tills=tills, device_key=PUBLIC, clock=clock)
        journals.append(journal)
        return Shop(journal, hq or MemoryHq(), clock, tills)

    yield opened
    for journal in journals:
        journal.close()


@pytest.fixture
def shop(open_shop):
    return open_shop()
