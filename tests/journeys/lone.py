"""An agent without HQ: two tills, a scanner on a pty, a printer on a socket."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path

import httpx
import msgspec

from agent.daemon.demo.programs import Program, call, free_port
from agent.daemon.demo.watching import Watcher
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.scanner import VirtualScanner
from tests.forked import forked

TILL, OTHER_TILL = "till-1", "till-2"
ITEMS = resources.files("agent.daemon.demo") / "data" / "items.csv"
QUIET_S = 0.5
PATIENCE_S = 60
"""No scan for so long, and none waiting: the line is quiet."""
SETTINGS = """\
[store]
id = "store-0001"
name = "Corner Shop"

[tax]
standard = 1900
reduced = 700

[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
allowed_origins = {origins}

[[till]]
id = "till-1"
scanners = ["counter"]
printer = "receipt"

[[till]]
id = "till-2"
scanners = {shared}

[[device]]
id = "counter"
kind = "scanner"
address = "serial:{scanner}?baud=9600"

[[device]]
id = "receipt"
kind = "printer"
model = "generic-80mm"
address = "tcp:127.0.0.1:{printer}"
"""


class LoneAgent:
    """The agent, its hardware, and a client that speaks for the first till."""

    def __init__(self, directory, printer, scanner, client, *, allowed_origins=(), shared=()):
        self.directory = directory
        self.printer = printer
        self.scanner = scanner
        self.client = client
        self.port = free_port()
        self._allowed_origins = allowed_origins
        self._shared = shared
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = directory / "agent"
        self.config = directory / "agent.toml"
        self.log = directory / "agent.log"
        self.token = self.other_token = ""
        self.watcher = None
        self.program = Program(
            "till-agent",
            ["run", "--config", str(self.config)],
            url=self.url,
            log=self.log,
            env={},
            launch=forked,
        )

    async def set_up(self):
        """Write the settings, start, take the catalogue over, pair both tills."""
        self.state.mkdir(mode=0o700)
        text = SETTINGS.format(
            port=self.port,
            state=self.state,
            scanner=self.scanner.path,
            printer=self.printer.port,
            origins=json.dumps(list(self._allowed_origins)),
            shared=json.dumps(list(self._shared)),
        )
        self.config.write_text(text, encoding="utf-8")
        await self.program.start()
        with resources.as_file(ITEMS) as items:
            await self.command("import-items", str(items))
        self.token = await self.pair(TILL)
        self.other_token = await self.pair(OTHER_TILL)
        self.watcher = Watcher(self.url, TILL, self.token)

    async def pair(self, till):
        """Give a token for a till, as IT makes it on the till's machine."""
        said = await self.command("pair", till, "--json")
        return msgspec.json.decode(said)["token"]

    async def command(self, *arguments):
        """Run a command of `till-agent` on this machine; gives what it printed."""
        return await call("till-agent", *arguments, "--config", str(self.config), launch=forked)

    async def send(self, method, path, *, token=None, headers=None, **body):
        """Call the agent, as the first till unless another token is given."""
        bearer = {"Authorization": f"Bearer {token or self.token}"}
        return await self.client.request(
            method, self.url + path, headers=bearer | (headers or {}), **body
        )

    async def admin(self, method, path):
        """Call the agent as the owner of its state directory; gives the answer's body."""
        token = (self.state / "admin.token").read_text(encoding="ascii")
        answer = await self.send(method, path, token=token)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def status(self):
        """Everything the agent says of itself; that it answers is the point."""
        answer = await self.send("GET", "/v1/status")
        assert 200 == answer.status_code, answer.text
        return answer.json()

    async def scan(self, symbol):
        """Scan at the counter; gives the till's event."""
        mark = self.watcher.mark()
        self.scanner.scan(symbol)
        return await self.watcher.until(mark, lambda event: event["type"] == "scan")

    async def device(self, device, state):
        """Wait until a device is in a state; gives what is said of it."""

        def tells(event):
            return event["type"] == "device" and event["data"]["device"] == device

        while True:
            mark = self.watcher.mark()
            now = next(each for each in (await self.status())["devices"] if each["id"] == device)
            if now["state"] == state:
                return now
            await self.watcher.until(mark, tells, timeout_s=PATIENCE_S)

    async def quiet(self):
        """Wait until the till has worked off all that was scanned, and nothing more comes."""
        with suppress(TimeoutError):
            while True:
                waiting = any(till["waiting"] for till in (await self.status())["tills"])
                await self.watcher.until(
                    self.watcher.mark(),
                    lambda event: event["type"] == "scan",
                    timeout_s=2 if waiting else QUIET_S,
                )

    def handles(self):
        """The open files of the agent's process."""
        return list(Path(f"/proc/{self.program.pid}/fd").iterdir())

    @property
    def resident_kib(self):
        """Memory of the agent's process."""
        pid = self.program.pid
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


@asynccontextmanager
async def lone_agent(directory, **settings):
    """Set an agent up, and stop it again; settings are those of `LoneAgent`."""
    async with (
        VirtualPrinter() as printer,
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client,
    ):
        with VirtualScanner(directory / "scanner") as scanner:
            agent = LoneAgent(directory, printer, scanner, client, **settings)
            try:
                await agent.set_up()
                yield agent
            finally:
                await agent.program.stop()
