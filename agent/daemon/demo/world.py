"""The demo's world: HQ and one till as real programs, their hardware played at the wire."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from agent.daemon.demo.programs import Launch, Program, call, executed, free_port
from drivers.virtual.display import VirtualDisplay
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.scale import VirtualScale
from drivers.virtual.scanner import VirtualScanner

STORE = "store-0001"
TILL = "till-1"
AGENT_PORT, HQ_PORT = 8460, 8470
ANSWER_S = 40.0
STOCKED_WITHIN_S = 90.0
DATA = resources.files("agent.daemon.demo") / "data"

AGENT_TOML = """\
[store]
id = "{store}"
name = "Corner Shop"
address = ["1 Market Square", "10115 Berlin"]
vat_id = "DE 123 456 789"
language = "en"

[tax]
standard = 1900
reduced = 700

[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"

[hq]
url = "{hq}"

[[till]]
id = "{till}"
scanners = ["counter"]
printer = "receipt"
drawer = "receipt"
display = "pole"
scale = "scale"

[[device]]
id = "counter"
kind = "scanner"
address = "serial:{scanner}?baud=9600"

[[device]]
id = "receipt"
kind = "printer"
model = "generic-80mm"
address = "{printer}"
drawer_open_is = "high"

[[device]]
id = "pole"
kind = "display"
address = "{display}"

[[device]]
id = "scale"
kind = "scale"
model = "toledo-8217"
address = "{scale}"
"""

CENTRAL_TOML = """\
[central]
name = "The chain"
listen = "127.0.0.1:{port}"
state_dir = "{state}"

[[channel]]
id = "web"
kind = "distribution"
name = "Web shop"
touch_points = ["webshop"]
"""


class Hardware(NamedTuple):
    """What stands on the counter, plugged in; the agent finds it at the wire."""

    printer: VirtualPrinter
    scanner: VirtualScanner
    scale: VirtualScale
    display: VirtualDisplay


class World:
    """Everything the demo has running, and how to speak to it."""

    def __init__(
        self,
        directory: Path,
        hardware: Hardware,
        client: httpx.AsyncClient,
        ports: tuple[int, int] = (AGENT_PORT, HQ_PORT),
        launch: Launch = executed,
    ) -> None:
        """Lay out files and ports under a directory; nothing runs yet.

        Args:
            directory: of all files.
            hardware: plugged in.
            client: of all calls to the two programs.
            ports: of the agent and of HQ, where they are free.
            launch: makes processes of the two programs and their commands.
        """
        self.directory = directory
        self.printer, self.scanner, self.scale, self.display = hardware
        self.agent_toml = directory / "agent.toml"
        self.central_toml = directory / "central.toml"
        self.agent_url = f"http://127.0.0.1:{free_port(ports[0])}"
        self.hq_url = f"http://127.0.0.1:{free_port(ports[1])}"
        self._client, self._launch = client, launch
        self.staff_token = secrets.token_urlsafe(24)
        self.till_token = ""
        self.agent = self._program("till-agent", "run", self.agent_toml, self.agent_url)
        self.hq = self._program("till-central", "serve", self.central_toml, self.hq_url)

    def _program(self, name: str, command: str, config: Path, url: str) -> Program:
        return Program(
            name,
            [command, "--config", str(config)],
            url=url,
            log=self.directory / f"{name}.log",
            env={"TILL_CENTRAL_STAFF_TOKEN": self.staff_token},
            launch=self._launch,
        )

    def write_settings(self) -> None:
        """Write the settings files of both programs, where there are none yet."""
        self.agent_toml.write_text(
            AGENT_TOML.format(
                store=STORE,
                till=TILL,
                port=self.agent_url.rpartition(":")[2],
                state=self.directory / "agent",
                hq=self.hq_url,
                scanner=self.scanner.path,
                printer=self.printer.address,
                display=self.display.address,
                scale=self.scale.address,
            ),
            encoding="utf-8",
        )
        self.central_toml.write_text(
            CENTRAL_TOML.format(
                port=self.hq_url.rpartition(":")[2], state=self.directory / "central"
            ),
            encoding="utf-8",
        )
        for state in ("agent", "central"):
            (self.directory / state).mkdir(mode=0o700, exist_ok=True)

    async def set_up(self) -> None:
        """Bring the sample shop to life: HQ with its data, the till enrolled, paired, stocked."""
        config = ("--config", str(self.agent_toml))
        # The agent needs no HQ to start, so it starts while HQ gets its data.
        code, _ = await asyncio.gather(self._found_hq(), self.agent.start())
        await self.hq.start()
        await self.place_orders(_orders())
        await self.command("till-agent", "enrol", code, *config)
        paired = await self.command("till-agent", "pair", TILL, "--json", *config)
        self.till_token = msgspec.json.decode(paired)["token"]
        async with asyncio.timeout(STOCKED_WITHIN_S):
            await self._stocked()

    async def _found_hq(self) -> str:
        """Make HQ's database with the sample data; gives the till's one-time code."""
        config = ("--config", str(self.central_toml))
        with resources.as_file(DATA) as data:
            items, customers = str(data / "items.csv"), str(data / "customers.csv")
            await self.command("till-central", "migrate", *config)
            await self.command("till-central", "import-items", items, *config)
            await self.command("till-central", "import-customers", customers, *config)
        code = await self.command("till-central", "enrol-code", STORE, TILL, "--json", *config)
        made: str = msgspec.json.decode(code)["code"]
        return made

    async def command(self, program: str, *arguments: str) -> str:
        """Run a command of one of the two programs; gives what it printed.

        Raises:
            ProgramFault: its exit code was not 0.
        """
        return await call(program, *arguments, launch=self._launch)

    async def _stocked(self) -> None:
        """Wait until the till holds what HQ has: items, customers and their orders."""
        wanted = {
            "items": _rows("items.csv"),
            "parties": _rows("customers.csv"),
            "orders": len({each["order"]["order_no"] for each in _orders() if "order" in each}),
        }
        while True:
            held = (await self.ask_till("GET", "/v1/status"))["directory"]
            if all(held[kind] >= count for kind, count in wanted.items()):
                return
            # Which of HQ's changes is the last one, no event says.
            await asyncio.sleep(0.05)

    async def offer_points(self) -> None:
        """Put the chain's programme in force: a point for each euro, which then pays one cent.

        The till has heard of it when this returns, and offers points as a way to pay.
        """
        programme = msgspec.json.decode((DATA / "programme.json").read_bytes())
        await self.ask_hq("PUT", "/v1/loyalty/programme", programme)
        async with asyncio.timeout(STOCKED_WITHIN_S):
            await self._takes_points()

    async def _takes_points(self) -> None:
        while True:
            if "points" in (await self.ask_till("GET", f"/v1/tills/{TILL}"))["takes"]:
                return
            # As of HQ's other changes, no event says when the till has this one.
            await asyncio.sleep(0.05)

    async def place_orders(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Hand HQ what happened in the web shop; gives its outcome per event."""
        answer = await self.ask_hq("POST", "/v1/channels/web/events", events)
        outcomes: list[dict[str, Any]] = answer["events"] if isinstance(answer, dict) else answer
        return outcomes

    async def ask_hq(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call HQ as its staff does."""
        return await self._ask(self.hq_url, self.staff_token, method, path, body)

    async def ask_till(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call the agent as the till page does."""
        return await self._ask(self.agent_url, self.till_token, method, path, body)

    async def picture(self, print_id: str) -> bytes:
        """Fetch the picture of a receipt."""
        answer = await self._client.get(
            f"{self.agent_url}/v1/print-jobs/{print_id}/image",
            headers={"Authorization": f"Bearer {self.till_token}"},
        )
        return answer.raise_for_status().content

    async def _ask(self, url: str, token: str, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        answer = await self._client.request(
            method, url + path, json=body, headers={"Authorization": f"Bearer {token}"}
        )
        content = answer.json() if answer.content else None
        if answer.is_success:
            return content
        raise Refused(answer.status_code, content or {})

    @property
    def page(self) -> str:
        """Address of the till page; the token stands in the fragment, which no server sees."""
        return f"{self.agent_url}/#token={self.till_token}&till={TILL}"

    @property
    def customer_page(self) -> str:
        """Address of the page that faces the customer."""
        return f"{self.agent_url}/display#token={self.till_token}&till={TILL}"

    @property
    def console(self) -> str:
        """Address of the HQ console."""
        return f"{self.hq_url}/#token={self.staff_token}"

    async def stop(self) -> None:
        """Stop both programs, the till first."""
        await self.agent.stop()
        await self.hq.stop()


class Refused(Exception):
    """A call was answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')} {problem.get('remedy', '')}")
        self.status = status
        self.problem = problem


def _orders() -> list[dict[str, Any]]:
    """Read what happened in the web shop before the story."""
    events: list[dict[str, Any]] = msgspec.json.decode((DATA / "orders.json").read_bytes())
    return events


def _rows(name: str) -> int:
    """Count what a file of the sample data describes: different first columns below the header."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
    return len({line.partition(",")[0] for line in lines})


@asynccontextmanager
async def opened_world(
    directory: Path,
    ports: tuple[int, int] = (AGENT_PORT, HQ_PORT),
    launch: Launch = executed,
) -> AsyncIterator[World]:
    """Set up the whole demo under a directory, and stop all of it on leaving."""
    async with AsyncExitStack() as stack:
        # A link keeps its name when the device is plugged in again, as /dev/serial/by-id does.
        hardware = Hardware(
            printer=await stack.enter_async_context(VirtualPrinter(host="127.0.0.1", port=0)),
            scanner=stack.enter_context(VirtualScanner(directory / "scanner")),
            scale=await stack.enter_async_context(VirtualScale(link=directory / "scale")),
            display=await stack.enter_async_context(VirtualDisplay(link=directory / "display")),
        )
        client = await stack.enter_async_context(
            httpx.AsyncClient(trust_env=False, timeout=ANSWER_S)
        )
        world = World(directory, hardware, client, ports, launch)
        world.write_settings()
        stack.push_async_callback(world.stop)
        await world.set_up()
        yield world
