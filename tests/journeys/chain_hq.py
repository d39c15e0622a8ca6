"""HQ as a program of its own, with its commands, for journeys of a whole chain."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
from pysqlite3 import dbapi2
from sqlalchemy import Engine, select

from agent.daemon.demo.programs import Launch, Program, call, executed, free_port
from central.channels.csv_rows import ImportReport
from central.channels.imports import import_customers, import_items
from central.console.login import COOKIE
from central.daemon.channel_commands import run_issue
from central.daemon.commands import ledger, run_enrol_code, run_migrate, run_status
from central.ledger.engine import reading
from central.ledger.tables import BODIES

TILL = "till-1"
STAFF = "staff-of-the-chain"
DATA = resources.files("agent.daemon.demo") / "data"
CENTRAL = """\
[central]
name = "The chain"
listen = "127.0.0.1:{port}"
state_dir = "{state}"
{more}
[[channel]]
id = "web"
kind = "distribution"
name = "Web shop"
touch_points = ["webshop"]
"""

Answer = dict[str, Any]


class Headquarters:
    """HQ as a program, and its commands."""

    def __init__(
        self,
        directory: Path,
        client: httpx.AsyncClient,
        more: str = "",
        launch: Launch = executed,
    ) -> None:
        """Write the settings; nothing runs yet.

        Args:
            directory: of everything HQ has; its state is in `central`.
            client: of all calls.
            more: lines of `[central]` besides.
            launch: makes the process.
        """
        self.directory, self._client = directory, client
        self.state = directory / "central"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.config = directory / "central.toml"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.config.write_text(CENTRAL.format(port=port, state=self.state, more=more))
        self.program = Program(
            "till-central",
            ["serve", "--config", str(self.config)],
            url=self.url,
            log=directory / "till-central.log",
            env={"TILL_CENTRAL_STAFF_TOKEN": STAFF},
            launch=launch,
        )

    async def found(self) -> None:
        """Make the database, with items and customers in it."""
        await asyncio.to_thread(run_migrate, self.config)
        with resources.as_file(DATA) as data:
            await self.import_(import_items, data / "items.csv")
            await self.import_(import_customers, data / "customers.csv")

    async def import_(self, how: Callable[[Engine, Path], ImportReport], file: Path) -> None:
        """Take a file in as the command of that name does, without the start of a program."""

        def taken() -> None:
            with ledger(self.config) as (_, engine):
                how(engine, file)

        await asyncio.to_thread(taken)

    async def enrol_code(self, store: str) -> str:
        """Make a one-time code for a shop's till."""
        return (await asyncio.to_thread(run_enrol_code, self.config, store, TILL)).code

    async def channel_token(self, channel: str) -> str:
        """Give a web store its own token."""
        made = await asyncio.to_thread(partial(run_issue, self.config, channel, [], replace=False))
        return made.token

    async def status(self) -> Answer:
        """Gather what `till-central status --json` prints."""
        found: Answer = msgspec.to_builtins(await asyncio.to_thread(run_status, self.config))
        return found

    async def run(self, *arguments: str) -> str:
        """Carry out a command of till-central.

        Raises:
            ProgramFault: it failed.
        """
        return await call("till-central", *arguments, "--config", str(self.config))

    async def said(self, *arguments: str) -> Any:
        """Carry out a command and read its document."""
        return msgspec.json.decode(await self.run(*arguments, "--json"))

    async def tell(self, events: list[Answer]) -> None:
        """Hand HQ what happened in the web shop."""
        await self.ask("POST", "/v1/channels/web/events", events)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call HQ as its staff does.

        Raises:
            httpx.HTTPStatusError: HQ refused.
        """
        headers = {"Authorization": f"Bearer {STAFF}"}
        answer = await self._client.request(method, self.url + path, json=body, headers=headers)
        return answer.raise_for_status().json()

    async def page(self, path: str) -> str:
        """Read a page of the console as a browser that has logged in."""
        headers = {"Cookie": f"{COOKIE}={STAFF}"}
        answer = await self._client.get(self.url + path, headers=headers)
        return answer.raise_for_status().text

    async def sales(self, out: Path) -> list[Answer]:
        """Export everything anew; gives the rows of sales."""
        await self.run("export", "transactions", "--out", str(out), "--format", "json")
        rows = msgspec.json.decode(await asyncio.to_thread(out.read_bytes))
        table: list[Answer] = rows["rows"] if isinstance(rows, dict) else rows
        return [row for row in table if row["type"] == "sale"]

    def positions(self) -> dict[str, int]:
        """Tell how far HQ has each journal, of a copy of its stopped SQLite ledger."""
        with TemporaryDirectory(dir=self.directory) as place:
            for file in self.state.glob("central.sqlite*"):
                if file.name in {"central.sqlite", "central.sqlite-wal"}:
                    shutil.copyfile(file, Path(place) / file.name)
            with closing(dbapi2.connect(Path(place) / "central.sqlite")) as conn:
                query = "SELECT journal_id, have_seq FROM journal_cursor"
                return dict(conn.execute(query).fetchall())

    def has_body(self, journal_id: str, seq: int) -> bool:
        """Look into the ledger for the text of an entry."""
        held = select(BODIES.c.seq).where(BODIES.c.journal_id == journal_id, BODIES.c.seq == seq)
        with ledger(self.config) as (_, engine), reading(engine) as conn:
            return conn.execute(held).first() is not None
