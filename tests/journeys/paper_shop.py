"""One till with one printer, sold at while the agent is killed: what the paper tests work with."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec

from agent.daemon.demo.programs import Launch, Program, call, free_port
from agent.daemon.demo.shop import new_id
from drivers.virtual.mechanism import PrintedReceipt
from tests.journeys.cashier import Broken

TILL = "till-1"
RECEIPT = re.compile(r"\bshop-till-1-\w{4}-\d+\b")
COPY = re.compile(r"\bCOPY\b")
OVER = ("confirmed", "uncertain", "failed", "expired")
PRICES = (99, 250, 1999)
TRIES = 60
SETTINGS = """\
[store]
id = "shop"
[tax]
standard = 1900
[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
[[till]]
id = "till-1"
printer = "receipt"
[[device]]
id = "receipt"
kind = "printer"
model = "{model}"
address = "{address}"
"""

Answer = dict[str, Any]


class PaperShop:
    """The real agent and a client who repeats what got no answer.

    Attributes:
        done: `complete` answers by print id; what the till has promised.
        printer: the virtual printer.
    """

    def __init__(self, directory: Path, printer: Any, model: str, launch: Launch) -> None:
        self.printer = printer
        self.model = model
        self._launch = launch
        self.done: dict[str, Answer] = {}
        self.directory = directory
        self.config = directory / "agent.toml"
        self.url = f"http://127.0.0.1:{free_port()}"
        arguments = ["run", "--config", str(self.config)]
        log = directory / "agent.log"
        self.agent = Program("till-agent", arguments, url=self.url, log=log, env={}, launch=launch)
        self._token = ""
        self._up = asyncio.Event()
        self._client = httpx.AsyncClient(trust_env=False, timeout=60)

    async def open(self) -> None:
        """Write the settings, start the agent and pair the till."""
        state = self.directory / "state"
        state.mkdir(mode=0o700, parents=True)
        port = self.url.rpartition(":")[2]
        address, model = self.printer.address, self.model
        text = SETTINGS.format(port=port, state=state, address=address, model=model)
        self.config.write_text(text, encoding="utf-8")
        await self.start()
        config = ("--config", str(self.config))
        said = await call("till-agent", "pair", TILL, "--json", *config, launch=self._launch)
        self._token = msgspec.json.decode(said)["token"]

    async def close(self) -> None:
        """Stop the agent."""
        await self.agent.stop()
        await self._client.aclose()

    async def sell(self, rng: random.Random) -> None:
        """Sell a few things for cash; every call may be repeated, and is until it is answered."""
        sale_id = new_id()
        await self.insist("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
        for _ in range(rng.randint(1, 3)):
            thing = {"name": "Café €3", "unit_price": rng.choice(PRICES), "line_id": new_id()}
            sale = await self.insist("POST", f"/v1/sales/{sale_id}/lines", thing)
        cash = {"kind": "cash", "amount": sale["totals"]["due"], "tender_id": new_id()}
        await self.insist("POST", f"/v1/sales/{sale_id}/tenders", cash)
        done = await self.insist("POST", f"/v1/sales/{sale_id}/complete", {})
        self.done[done["print_id"]] = done

    async def insist(self, method: str, path: str, body: Answer | None = None) -> Answer:
        """Call until there is an answer, also over a kill."""
        for _ in range(TRIES):
            await self._up.wait()
            with suppress(httpx.TransportError):
                return await self.ask(method, path, body)
        raise Broken(f"no answer to {method} {path}")

    async def ask(self, method: str, path: str, body: Answer | None = None) -> Answer:
        """Call once.

        Raises:
            Broken: the agent refused.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._client.request(method, self.url + path, json=body, headers=headers)
        if not answer.is_success:
            raise Broken(f"{method} {path}: {answer.status_code} {answer.text}")
        said: Answer = answer.json()
        return said

    async def kill(self) -> None:
        """Kill the agent as a power cut would; whoever calls it waits until it is up again."""
        self._up.clear()
        await self.agent.kill()

    async def start(self) -> None:
        """Start the agent."""
        await self.agent.start()
        self._up.set()

    async def job(self, print_id: str) -> Answer:
        """Ask how a print job stands."""
        return await self.insist("GET", f"/v1/print-jobs/{print_id}")

    def on_paper(self) -> tuple[Counter[str], Counter[str]]:
        """Count what the printer has cut off so far."""
        return on_paper(self.printer.receipts)


def on_paper(receipts: Iterable[PrintedReceipt]) -> tuple[Counter[str], Counter[str]]:
    """Count receipts by number, whole or torn: the unmarked ones, and the copies."""
    plain: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    for receipt in receipts:
        counted = copies if COPY.search(receipt.text) else plain
        counted.update({match[0] for match in RECEIPT.finditer(receipt.text)})
    return plain, copies
