"""HQ, a real web store, and the webhooks between them, of which some are lost."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
from pysqlite3 import dbapi2

from central.channels.vendure_money import MAJOR
from tests.journeys.chain_hq import STAFF, Headquarters
from tests.journeys.hooks import Hooks, taking
from tests.journeys.vendure_crowd import Sums, sums, transitions
from tests.journeys.vendure_shop import USER, WebStore, free_port, web_store

GIVEN_UP_S, LOOK_S = 3600, 0.5
EXPONENT = 2
"""Of the web store's currency: so many decimals have its major units."""
CONNECTOR = """\
[channel.connector]
kind = "vendure"
url = "http://127.0.0.1:{port}/admin-api"
user = "{user}"
password_file = "{password}"
amounts = "{amounts}"
"""
"""With the defaults of everything else: this is what a chain has that sets nothing."""


class Chain:
    """HQ, a real web store, and what lies between."""

    def __init__(
        self, directory: Path, client: httpx.AsyncClient, draw: random.Random, amounts: str
    ) -> None:
        """Prepare HQ; nothing runs yet."""
        self.port, self.draw, self.amounts = free_port(), draw, amounts
        self.shop = directory / "vendure.sqlite"
        password = directory / "password"
        password.write_text("superadmin\n")
        self.hq = Headquarters(directory, client)
        with self.hq.config.open("a") as settings:
            told = CONNECTOR.format(port=self.port, user=USER, password=password, amounts=amounts)
            settings.write(told)
        self.hooks = Hooks(client, draw)
        self.hooks.target = f"{self.hq.url}/v1/channels/web/webhook"
        self.hooks.headers = {"Authorization": f"Bearer {STAFF}"}

    def held(self) -> set[str]:
        """Name every event of the web store that HQ has taken in."""
        uri = f"file:{self.hq.state / 'central.sqlite'}?mode=ro"
        with closing(dbapi2.connect(uri, uri=True)) as conn:
            query = "SELECT event_id FROM channel_event WHERE outcome = 'accepted'"
            return {f"web/{event_id}" for (event_id,) in conn.execute(query)}

    def processor_s(self) -> float:
        """Tell how much processor time HQ has taken since its start."""
        spent = Path(f"/proc/{self.hq.program.pid}/stat").read_text(encoding="ascii").split()[13:15]
        return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")

    def sums(self) -> Sums:
        """Add up what the web store has in its tables."""
        return sums(self.shop, EXPONENT if self.amounts == MAJOR else 0)

    async def caught_up(self, began: float) -> tuple[int, float]:
        """Wait until HQ has all there is; gives how many transitions, and the seconds."""
        wanted = set(await asyncio.to_thread(lambda: list(transitions(self.shop))))
        async with asyncio.timeout(GIVEN_UP_S):
            while True:
                if wanted <= await asyncio.to_thread(self.held):
                    break
                # HQ tells nobody of what it takes in.
                await asyncio.sleep(LOOK_S)
        return len(wanted), time.monotonic() - began


@asynccontextmanager
async def opened(
    directory: Path, draw: random.Random, amounts: str
) -> AsyncIterator[tuple[Chain, WebStore]]:
    """Have HQ and the web store run."""
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        chain = Chain(directory, client, draw, amounts)
        async with (
            taking(chain.hooks),
            web_store(
                directory, client, chain.hooks.url, STAFF, chain.port, amounts=amounts
            ) as web,
        ):
            try:
                await chain.hq.found()
                await chain.hq.program.start()
                yield chain, web
            finally:
                await chain.hq.program.stop()
