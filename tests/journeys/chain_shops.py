"""A chain without devices: one HQ and several shops, each an agent that sells without a pause.

Every shop keeps a book of what its till has answered. What HQ holds at the end must be that, to
the cent, each once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
from pysqlite3 import dbapi2

from agent.daemon.clock import SystemClock
from agent.daemon.demo.programs import Launch, Program, call, executed, free_port
from agent.daemon.demo.shop import new_id
from agent.daemon.files import device_key, open_journal, read_journal
from agent.daemon.upkeep import Upkeep
from agent.journal.archives import lines
from agent.settings import load
from tests.journeys.cashier import Broken
from tests.journeys.chain_hq import TILL, Answer, Headquarters

GTINS = ("09521000151109", "09521000885264", "09521000065741", "09521100359184")
ITEMS = 150
"""In the sample catalogue; a till that has fewer is still being filled."""
LINES_MAX = 4
TRIES = 60
BUSY = 429
STEP_S = 0.1
"""Between two looks at a state that no event tells of."""
AGENT = """\
[store]
id = "{store}"
name = "Shop {store}"

[tax]
standard = 1900
reduced = 700

[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
keep_days = 1
{more}
[hq]
url = "{hq}"

[[till]]
id = "till-1"
"""


class Sold(msgspec.Struct, frozen=True):
    """A sale a till has answered complete."""

    receipt_no: str
    sale_id: str
    total: int


class Shop:
    """One shop: an agent with one till, and a cashier who keeps a book."""

    def __init__(
        self,
        directory: Path,
        store: str,
        hq_url: str,
        client: httpx.AsyncClient,
        rng: random.Random,
        *,
        more: str = "",
        env: Mapping[str, str] | None = None,
        launch: Launch = executed,
    ) -> None:
        self.store, self.client, self._rng = store, client, rng
        self.directory = directory / store
        self.state = self.directory / "state"
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config = self.directory / "agent.toml"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        text = AGENT.format(store=store, port=port, state=self.state, hq=hq_url, more=more)
        self.config.write_text(text)
        self.program = Program(
            "till-agent",
            ["run", "--config", str(self.config)],
            url=self.url,
            log=self.directory / "till-agent.log",
            env=env or {},
            launch=launch,
        )
        self.book: list[Sold] = []
        self.stopping = False
        self.open = asyncio.Event()
        """Cleared by whoever stops the agent."""
        self.pause_s = (0.1, 0.6)
        self.counter = asyncio.Lock()
        self._token = ""

    async def start(self) -> None:
        """Start the agent, and pair the till the first time."""
        await self.program.start()
        self.open.set()
        if not self._token:
            made = await self.ask("POST", f"/v1/tills/{TILL}/pair", as_admin=True)
            self._token = made["token"]

    async def stop(self) -> None:
        """Stop the agent; its cashier waits."""
        self.open.clear()
        await self.program.stop()

    async def kill(self) -> None:
        """End the agent as a power cut would; its cashier waits."""
        self.open.clear()
        await self.program.kill()

    async def enrol(self, code: str) -> None:
        """Enrol the till, and wait until it holds what it sells."""
        await self.ask("POST", "/v1/enrol", {"code": code, "till": TILL}, as_admin=True)
        async with asyncio.timeout(60):
            while True:
                if (await self.status())["directory"]["items"] >= ITEMS:
                    return
                # Which of HQ's changes is the last one, no event says.
                await asyncio.sleep(STEP_S)

    async def in_step(self) -> None:
        """Wait until HQ has everything."""
        async with asyncio.timeout(60):
            while True:
                if (await self.status())["sync"]["complete"]:
                    return
                await asyncio.sleep(STEP_S)

    async def run(self, *arguments: str) -> str:
        """Carry out a command of till-agent."""
        return await call("till-agent", *arguments, "--config", str(self.config))

    async def said(self, *arguments: str) -> Any:
        """Carry out a command and read its document."""
        return msgspec.json.decode(await self.run(*arguments, "--json"))

    async def status(self) -> Answer:
        """Everything the agent says of itself."""
        return await self.ask("GET", "/v1/status")

    async def work(self) -> None:
        """Serve customers until told to stop."""
        while not self.stopping:
            async with self.counter:
                await self.serve()
            await asyncio.sleep(self._rng.uniform(*self.pause_s))

    async def serve(self) -> None:
        """One customer: lines, now and then a name, cash."""
        sale_id = new_id()
        await self.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
        if self._rng.random() < 0.3:
            await self._present(sale_id)
        for _ in range(self._rng.randint(1, LINES_MAX)):
            line = {"gtin": self._rng.choice(GTINS), "line_id": new_id()}
            view = await self.ask("POST", f"/v1/sales/{sale_id}/lines", line)
        due = view["totals"]["due"]
        cash = {"kind": "cash", "amount": due, "tender_id": new_id()}
        await self.ask("POST", f"/v1/sales/{sale_id}/tenders", cash)
        done = await self.ask("POST", f"/v1/sales/{sale_id}/complete", {})
        self.book.append(Sold(done["receipt_no"], sale_id, done["total"]))

    async def _present(self, sale_id: str) -> None:
        """Meet somebody for the first time."""
        person = {"party_id": new_id(), "name": f"Guest {self._rng.randrange(10**9)}"}
        met = await self.ask("POST", "/v1/parties", person)
        who = {"party_id": met["party_id"]}
        await self.ask("PUT", f"/v1/sales/{sale_id}/customer", who)

    async def close_day(self) -> None:
        """End the till's business day between two customers."""
        async with self.counter:
            closing = {"counted_cash": 0, "request_id": new_id()}
            await self.ask("POST", f"/v1/tills/{TILL}/close", closing)

    async def prune(self) -> int:
        """Thin out what HQ has declared safe, as the agent does by night; gives how many left."""
        await self.stop()
        settings = load(self.config)
        journal, key = await asyncio.to_thread(open_journal, settings)
        try:
            gone = await Upkeep(journal, SystemClock(), lambda: settings, key.keyid).prune()
        finally:
            journal.close()
        await self.start()
        return gone

    async def ask(
        self, method: str, path: str, body: object = None, *, as_admin: bool = False
    ) -> Any:
        """Call the till until it answers, with the same ids.

        Raises:
            Broken: it refused.
        """
        token = self._token
        for _ in range(TRIES):
            await self.open.wait()
            if as_admin:
                token = (self.state / "admin.token").read_text(encoding="ascii")
            try:
                headers = {"Authorization": f"Bearer {token}"}
                answer = await self.client.request(
                    method, self.url + path, json=body, headers=headers
                )
            except httpx.TransportError:
                await asyncio.sleep(STEP_S)
                continue
            if answer.status_code == BUSY:
                # A quick machine sells more than a till may: as the agent's remedy says.
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
                continue
            if not answer.is_success:
                raise Broken(f"{self.store} {method} {path}: {answer.status_code} {answer.text}")
            return answer.json()
        raise Broken(f"{self.store}: no answer to {method} {path}")

    async def journals(self) -> dict[str, Answer]:
        """Tell how the till's journals stand, by lane."""
        found = (await self.status())["sync"]["journals"]
        return {each["lane"]: each for each in found if each["is_open"]}

    async def records(self) -> list[Answer]:
        """Read the journals' file; gives every entry with its journal and, where it is, body."""
        settings = load(self.config)
        key = await asyncio.to_thread(device_key, settings)
        text = await asyncio.to_thread(
            read_journal, settings, lambda conn: list(lines(conn, settings.store.id, "", key))
        )
        journal, found = "", []
        for line in text:
            part = msgspec.json.decode(line)
            journal = part["journal"] if part["type"] == "journal" else journal
            if part["type"] == "record":
                text = part.get("body")
                part["body"] = msgspec.json.decode(text) if text else None
                found.append(part | {"journal": journal})
        return found

    def cursors(self) -> dict[str, str]:
        """Tell how far the till's directory has read each feed scope."""
        uri = f"file:{self.state / 'directory.db'}?mode=ro"
        with closing(dbapi2.connect(uri, uri=True)) as conn:
            return dict(conn.execute("SELECT scope, cursor FROM scopes").fetchall())


@asynccontextmanager
async def opened_chain(
    directory: Path,
    stores: int,
    rng: random.Random,
    *,
    more: str = "",
    launch: Launch = executed,
) -> AsyncIterator[tuple[Headquarters, list[Shop]]]:
    """Run HQ and so many enrolled shops; all of them are stopped on leaving."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        hq = Headquarters(directory, client, more, launch)
        names = [f"store-{n:04d}" for n in range(1, stores + 1)]
        shops = [
            Shop(directory, name, hq.url, client, random.Random(rng.random()), launch=launch)
            for name in names
        ]
        try:
            await hq.found()
            await hq.program.start()
            await asyncio.gather(*(bring_up(hq, shop) for shop in shops))
            yield hq, shops
        finally:
            await asyncio.gather(*(shop.stop() for shop in shops))
            await hq.program.stop()


async def bring_up(hq: Headquarters, shop: Shop) -> None:
    """Start a shop and have HQ let it in."""
    code = await hq.enrol_code(shop.store)
    await shop.start()
    await shop.enrol(code)
