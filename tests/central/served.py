"""A real HQ on a loopback port, and a till that seals, signs and sends as the agent does."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import tempfile
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.entries import genesis, seal
from agent.core.entries.bodies import CashierSigned
from agent.core.exchange.credentials import key_id, make_request, readmission
from agent.core.exchange.wire import Batch, WireRecord
from agent.core.sale.model import Stamp
from agent.links.http import HttpLink
from agent.program.serving import listen_on
from central.daemon import publishing
from central.daemon.app import put_together
from central.daemon.ended_tokens import EndedTokens
from central.daemon.serve import Daemon
from central.daemon.settings import parse
from central.daemon.staff import staff_tokens
from central.daemon.state import root_key, utc_now
from central.intake.codes import issue_code
from central.ledger.engine import open_engine, reading, writing
from central.ledger.migrate import migrate

AT = Stamp(wall="2026-01-02T03:04:05.000Z", mono_ns=1, boot_id="b")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For calls by plain HTTP: it trusts nobody, and reads no file of authorities at each start."""
# Tests read the feed to the item; on a slow machine the key of a till came in between.
publishing.BEAT_S = 3600.0
ROUTES = []
"""Routes that are put together and now served by nobody: that takes as long as all the rest."""


class Till:
    """One device with its two journals; keeps what it sealed."""

    def __init__(self, store="store-0001", till="till-1"):
        self.store, self.till = store, till
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.keyid = key_id(self.public)
        self.journals = {"sales": secrets.token_hex(16), "side": secrets.token_hex(16)}
        self.incarnation = secrets.token_hex(16)
        self.chains = {lane: [] for lane in self.journals}
        self.answer = None
        self.born = {}

    def request(self, code):
        return make_request(
            self.key.sign,
            code=code,
            device_key=self.public,
            store=self.store,
            till=self.till,
            journals=self.journals,
        )

    def readmission(self):
        return readmission(self.request(""), self.answer, self.key.sign)

    def genesis(self, lane):
        before, key = self.born.get(lane, (b"", self.public))
        return genesis(self.journals[lane], self.store, self.till, lane, key, before)

    def hash_at(self, lane, seq):
        return self.chains[lane][seq - 1].hash if seq else self.genesis(lane)

    def seal(self, count=1, lane="side", body=None):
        for _ in range(count):
            seq = len(self.chains[lane]) + 1
            fact = body or CashierSigned(f"actor-{seq}", self.store, self.till, AT)
            before = self.hash_at(lane, seq - 1)
            salt = secrets.token_bytes(16)
            self.chains[lane].append(seal(self.journals[lane], seq, before, fact, salt))

    def batch(self, base=1, count=None, lane="side", **other):
        tail = len(self.chains[lane])
        last = tail if count is None else base + count - 1
        records = tuple(
            WireRecord(sealed.seq, sealed.kind, sealed.version, sealed.salt, sealed.body)
            for sealed in self.chains[lane][base - 1 : last]
        )
        values = {
            "version": 1,
            "journal_id": self.journals[lane],
            "incarnation": self.incarnation,
            "base": base,
            "prev_hash": self.hash_at(lane, base - 1),
            "tail_seq": tail,
            "records": records,
        }
        return Batch(**values | other)

    def link(self, url):
        return HttpLink(url, private_key=self.key, keyid=self.keyid)


class Hq:
    """A served HQ: its address, its database, its staff token."""

    def __init__(self, url, engine, token, running, root):
        self.url, self.engine, self.token, self.running = url, engine, token, running
        self.root = root
        self.links = []
        self.staff = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            verify=NO_TLS,
        )

    def code(self, till):
        with writing(self.engine) as conn:
            return issue_code(conn, till.store, till.till, utc_now())

    async def enrolled(self, *names):
        till = Till(*names)
        link = till.link(self.url)
        self.links.append(link)
        till.answer = await link.enrol(till.request(self.code(till)))
        return till, link

    def rows(self, table):
        with reading(self.engine) as conn:
            return conn.execute(table.select()).all()


@cache
def _migrated():
    """Give the bytes of a migrated file: migrating one takes as long as all the rest of a start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "central.sqlite"
        engine = open_engine(path)
        migrate(engine)
        engine.dispose()
        return path.read_bytes()


@asynccontextmanager
async def served_hq(directory, toml="", database=None):
    """Run HQ as `serve` does, on this loop, until the end of the block."""
    settings = parse(f'[central]\nlisten = "127.0.0.1:0"\nstate_dir = "{directory}"\n{toml}', None)
    file = Path(directory) / "central.sqlite"
    if database is None and not file.exists():
        file.write_bytes(_migrated())
    engine = open_engine(database or file)
    migrate(engine)
    key = root_key(directory, engine)
    staff, token = staff_tokens(engine, EndedTokens(Path(directory)), utc_now(), replace=True)
    with listen_on("127.0.0.1", 0, setting="[central] listen") as sock:
        routes = ROUTES.pop() if ROUTES else put_together()
        daemon = Daemon(settings, engine, key, staff, routes)
        running = asyncio.create_task(daemon.run(sock))
        hq = Hq(f"http://127.0.0.1:{sock.getsockname()[1]}", engine, token, running, key)
        try:
            hq.channel_tokens = daemon.channel_tokens
            await hq.staff.get("/metrics")
            yield hq
        finally:
            for client in (hq.staff, *hq.links):
                await client.aclose()
            daemon.stop()
            await running
            ROUTES.append(routes)
            engine.dispose()


@pytest.fixture
def hq_at():
    """Start an HQ in a directory, for the length of a block."""
    return served_hq


@pytest_asyncio.fixture
async def hq(tmp_path, database_url):
    """Serve an HQ with an empty ledger; a test may be marked `both_databases`."""
    async with served_hq(tmp_path, database=database_url) as served:
        yield served


@pytest.fixture
def new_till():
    """Make a device that is not enrolled yet."""
    return Till
