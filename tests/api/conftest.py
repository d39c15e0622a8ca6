"""The API on a loopback port under uvicorn, with a real journal, directory and till loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio
import uvicorn

from agent.api import Backend, create_app
from agent.core.history import Card
from agent.core.identifiers import DeviceId, ItemId, PartyId, StoreId, TillId
from agent.core.quantities import Minor
from agent.core.recognition import Identifier, IdentifierType, Item, Price
from agent.daemon.clock import SystemClock
from agent.devices import DeviceStatus
from agent.devices.claims import Claims
from agent.directory import Directory, Keyring
from agent.journal import Journal
from agent.journal.backup import Plan, back_up
from agent.journal.pacing import Pace
from agent.settings import AgentSettings, Settings, StoreSettings, TillSettings
from agent.sync.status import SyncStatus
from agent.till import OwnEntries, TillLoop
from agent.till.documents import Papers
from drivers.printers.picture import png
from tests.sealed import MACHINE_KEY, RULES

ADMIN = "admin-token-of-the-tests"
ADA = "019a0000-0000-7000-8000-00000000ada0"
ADA_CARD = "LC1PB1X9SFPE"
ITEMS = [
    Item(
        item_id=ItemId("coffee"),
        name="Coffee 250 g",
        taxes=("reduced",),
        gtins=("04006381333931",),
        prices=(Price(Minor(499)),),
    ),
    Item(
        item_id=ItemId("cheese"),
        name="Gouda",
        taxes=("reduced",),
        reference="2112345",
        unit="kg",
        prices=(Price(Minor(1250)),),
    ),
]
SYNC = SyncStatus(
    enrolled=True,
    online=False,
    since="2026-07-28T10:00:00.000Z",
    epoch="e1",
    backlog={TillId("till-1"): {"sales": 3, "side": 1}},
)


def settings() -> Settings:
    """Two tills that keep their own baskets, one external; one foreign origin that may call."""

    def till(name, basket="agent"):
        return TillSettings(
            id=TillId(name),
            basket=basket,
            printer=DeviceId("receipt"),
            drawer=DeviceId("receipt"),
            scanners=(DeviceId("counter"),),
        )

    return Settings(
        store=StoreSettings(id=StoreId("s1"), name="Corner Shop"),
        tills=(till("till-1"), till("till-2"), till("pos", "external")),
        tax={"standard": 1900, "reduced": 700},
        agent=AgentSettings(listen="127.0.0.1:8460", allowed_origins=("https://pos.example",)),
    )


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For calls by plain HTTP: it trusts nobody, and reads no file of authorities for each client."""


class Served:
    """A running agent and how to speak to it."""

    def __init__(self, backend: Backend, port: int) -> None:
        self.backend = backend
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.events = f"ws://127.0.0.1:{port}/v1/tills/till-1/events"
        self.token = ""

    def client(self, token: str | None = None, **more) -> httpx.AsyncClient:
        """Make a client that sends a token (this till's own unless told otherwise)."""
        sent = self.token if token is None else token
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        plain = {"trust_env": False, "verify": NO_TLS}
        return httpx.AsyncClient(base_url=self.url, headers=headers, **plain, **more)

    async def pair(self, till: str) -> str:
        """Get a token for a till."""
        async with self.client(ADMIN) as admin:
            answer = await admin.post(f"/v1/tills/{till}/pair")
            return answer.raise_for_status().json()["token"]


class Announcing(uvicorn.Server):
    """A server that says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.serving.set()


@asynccontextmanager
async def serve(backend: Backend) -> AsyncIterator[int]:
    """Run uvicorn on a port of its own choosing."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(backend), log_config=None, lifespan="on", ws="websockets-sansio"
    )
    server = Announcing(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.serving.wait()
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest_asyncio.fixture
async def agent(tmp_path) -> AsyncIterator[Served]:
    """An agent with three tills, paired as till-1."""
    clock, own, config = SystemClock(), OwnEntries(), settings()
    journal = Journal.open(
        tmp_path / "journal.db",
        store=config.store.id,
        tills=[till.id for till in config.tills],
        device_key=bytes(32),
        clock=clock,
    )
    directory = Directory.open(tmp_path / "directory.db", Keyring(MACHINE_KEY))
    directory.import_items(ITEMS)
    directory.put_local(
        Card(party_id=PartyId(ADA), name="Ada Example", tier="gold"),
        [Identifier(IdentifierType.LOYALTY_CARD, ADA_CARD)],
        RULES,
    )
    tills = {
        till.id: TillLoop(
            till=till,
            settings=config,
            journal=journal,
            directory=directory,
            clock=clock,
            own=own,
        )
        for till in config.tills
    }

    async def backing(folder):
        plan = Plan(journal.path, Path(folder), "till-agent-test", 3)
        return await asyncio.to_thread(back_up, plan, Pace(rests=0))

    device = DeviceStatus(DeviceId("counter"), "scanner", "virtual:a", "ready", "", "")
    backend = Backend(
        settings=config,
        tills=tills,
        journal=journal,
        directory=directory,
        clock=clock,
        devices=lambda: [device],
        sync=lambda: SYNC,
        picture=png,
        papers=Papers(config),
        back_up=backing,
        version="0.1.0",
        admin_token=ADMIN,
        claims=Claims(journal, {till.id: till.scanners for till in config.tills}),
    )
    tasks = [asyncio.create_task(loop.run()) for loop in tills.values()]
    async with serve(backend) as port:
        served = Served(backend, port)
        served.token = await served.pair("till-1")
        yield served
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    directory.close()
    journal.close()


@pytest.fixture
def problem():
    """Read an answer as a problem, and check that it is one, with a remedy."""

    def read(answer: httpx.Response) -> dict:
        assert answer.headers["content-type"].startswith("application/problem+json")
        body = msgspec.json.decode(answer.content)
        assert {"type", "title", "status", "detail", "remedy"} == set(body)
        assert answer.status_code == body["status"]
        assert body["remedy"]
        return body

    return read
