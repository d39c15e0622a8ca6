"""An agent's journal, directory, link and sync loop in this process, as the daemon puts them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from agent.directory import Directory
from agent.journal import Journal
from agent.journal.device_key import DeviceKey, load_or_create
from agent.links import HttpLink
from agent.sync import SyncLoop, enrol
from benchmarks.commit import CLOCK, STORE
from benchmarks.hq import TILL


class Machine(NamedTuple):
    """What stands beside the till."""

    journal: Journal
    directory: Directory
    link: HttpLink
    loop: SyncLoop
    key: DeviceKey

    async def enrol(self, code: str) -> None:
        """Be let in by HQ, and sync from then on."""
        await enrol(
            self.link,
            self.journal,
            store=STORE,
            till=TILL,
            code=code,
            device_key=self.key.public_bytes,
            sign=self.key.private.sign,
        )
        self.loop.refresh()

    def backlog(self) -> int:
        """Count the sales HQ has not acked."""
        return self.loop.status().backlog[TILL]["sales"]


@asynccontextmanager
async def running_machine(folder: Path, url: str) -> AsyncIterator[Machine]:
    """Run it under a folder; it knows HQ's address and is not enrolled yet."""
    state = folder / "agent"
    state.mkdir(mode=0o700)
    key, directory = load_or_create(state), Directory.open(state / "directory.db")
    journal = Journal.open(
        state / "journal.db", store=STORE, tills=[TILL], device_key=key.public_bytes, clock=CLOCK
    )
    link = HttpLink(url, private_key=key.private, keyid=key.keyid)
    with journal:
        loop = SyncLoop(
            link, journal, directory, CLOCK, store=STORE, tills=[TILL], on_change=_ignore
        )
        task = asyncio.create_task(loop.run())
        yield Machine(journal, directory, link, loop, key)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await link.aclose()
    directory.close()


async def _ignore(_scope: str, _keys: Sequence[str]) -> None:
    """Nothing at this agent looks at what HQ sends down."""
