"""What must be true after every kill, and at the end: the till, its journal, HQ and the paper."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import STORE, TILL, World
from tests.journeys.cashier import Answer, Book, Broken, ids_in

RECEIPT = re.compile(rf"\b{STORE}-{TILL}-\w{{4}}-(\d+)\b")
COPY = re.compile(r"\bCOPY\b")
SETTLED = ("confirmed", "uncertain", "failed", "expired")
IN_STEP_S = 60
PAPER_S = 120


def insist(holds: object, what: str) -> None:
    """Insist on a promise.

    Raises:
        Broken: it does not hold.
    """
    if not holds:
        raise Broken(what)


class Audit:
    """Looks at the shop from outside: commands, API, HQ, the paper."""

    def __init__(self, world: World, book: Book) -> None:
        self.world = world
        self.book = book
        self.verified = 0
        self._looked = 0

    async def basket_is_back(self) -> None:
        """The half-done basket is as last answered, or further by the one call under way."""
        view = await self.world.ask_till("GET", f"/v1/tills/{TILL}")
        held, known, pending = view.get("sale"), self.book.basket, self.book.pending
        where = f"{pending}: answered {known}, held {held}"
        if pending is None or known is None:
            return  # Between two sales; what the next call does is checked when it answers.
        sale_id = known["sale"]["sale_id"]
        ending = pending[1].rpartition("/")[2] in ("complete", "cancel", "park")
        if held is None or held["sale"]["sale_id"] != sale_id:
            insist(ending and sale_id in pending[1], f"the basket is gone: {where}")
            return
        extra = [each for each in ids_in(held) if each not in ids_in(known)]
        insist(extra in ([], [pending[2]]), f"something new is in the basket: {where}")
        insist(set(ids_in(known)) <= set(ids_in(held)), f"a line is missing: {where}")
        insist(held["sale"]["state"] == "open", f"not open: {where}")

    async def restart(self) -> None:
        """Both ends verify from their files, and what was promised since the last look is there."""
        promised = list(self.book.completed.values())
        await asyncio.gather(
            self._journal_verifies(), self.ledger_verifies(), self._shown(promised[self._looked :])
        )
        self._looked = len(promised)
        self.verified += 1

    async def _shown(self, promised: list[Answer]) -> None:
        for done in promised:
            held = await self.world.ask_till("GET", f"/v1/sales/{done['sale_id']}")
            kept = (held["sale"]["state"], held["sale"]["receipt_no"], held["totals"]["total"])
            answered = ("completed", done["receipt_no"], done["total"])
            insist(kept == answered, f"answered {answered}, kept {kept}")

    async def files(self) -> None:
        """Every sale promised so far is in the journal's file, once, under its number."""
        promised = dict(self.book.completed)
        self.sales_are_kept(await self.exported(), promised)

    async def _journal_verifies(self) -> None:
        reports = await self._command("till-agent", "journal", "verify", self.world.agent_toml)
        insist(all(each["ok"] for each in reports), f"the journal does not verify: {reports}")

    async def ledger_verifies(self) -> dict[str, int]:
        """Verify HQ's ledger; gives how far each journal is in."""
        report = await self._command("till-central", "ledger", "verify", self.world.central_toml)
        insist(report["ok"], f"the ledger does not verify: {report}")
        return {each["journal_id"]: each["have_seq"] for each in report["journals"]}

    async def _command(self, program: str, group: str, name: str, config: Path) -> Any:
        out = await self.world.command(program, group, name, "--json", "--config", str(config))
        return msgspec.json.decode(out)

    async def exported(self) -> list[Answer]:
        """Read the completed sales from the journal's own file, in their order."""
        path = self.world.directory / "export.jsonl"
        path.unlink(missing_ok=True)  # An export overwrites nothing.
        config = str(self.world.agent_toml)
        await self.world.command("till-agent", "journal", "export", str(path), "--config", config)
        lines = (await asyncio.to_thread(path.read_bytes)).splitlines()
        records = [msgspec.json.decode(line) for line in lines]
        bodies = [msgspec.json.decode(each["body"]) for each in records if "body" in each]
        return [body for body in bodies if body["type"] == "sale.completed"]

    def sales_are_kept(self, held: list[Answer], promised: dict[str, Answer]) -> None:
        """None is missing, none is twice, each has its number, and no number is left out."""
        by_id = {each["sale_id"]: each for each in held}
        insist(len(by_id) == len(held), "a sale is in the journal twice")
        for sale_id, done in promised.items():
            kept = by_id.get(sale_id)
            insist(kept, f"{done['receipt_no']} was answered complete and is missing")
            same = all((kept or {})[key] == done[key] for key in ("receipt_no", "total", "change"))
            insist(same, f"answered {done}, kept {kept}")
        insist(not self.book.cancelled & set(by_id), "a cancelled sale is shown as completed")
        numbers = [int(each["receipt_no"].rpartition("-")[2]) for each in held]
        insist(numbers == list(range(1, len(numbers) + 1)), f"numbers have gaps: {numbers}")

    async def hq_has_everything(self) -> None:
        """The backlog reaches nought, and HQ holds each sale exactly once, to the cent."""
        await self._in_step()
        self.sales_are_kept(held := await self.exported(), self.book.completed)
        insist(
            len(held) == len(self.book.completed), "a sale nobody was answered is in the journal"
        )
        status = await self.world.ask_till("GET", "/v1/status")
        tails = {each["journal_id"]: each["tail_seq"] for each in status["journals"]}
        insist(tails == await self.ledger_verifies(), f"HQ does not hold all of {tails}")
        days = await self.world.ask_hq("GET", f"/v1/reports/days?store={STORE}")
        taken = sum(done["total"] for done in self.book.completed.values())
        there = (sum(day["sales"] for day in days), sum(day["total"] for day in days))
        insist(there == (len(held), taken), f"HQ says {there}, sold {len(held)} for {taken}")
        day = await self.world.ask_till("GET", f"/v1/tills/{TILL}/report")
        insist(day["totals"]["gross"] == taken, f"the till's own day says {day['totals']}")

    async def _in_step(self) -> None:
        until = time.monotonic() + IN_STEP_S
        while True:
            sync = (await self.world.ask_till("GET", "/v1/status"))["sync"]
            if not any(sum(lanes.values()) for lanes in sync["backlog"].values()):
                return
            insist(time.monotonic() < until, f"HQ still lacks entries: {sync}")
            await asyncio.sleep(0.2)

    async def histories(self) -> None:
        """Each customer's history at HQ shows each of their purchases once."""
        bought: dict[str, set[str]] = {}
        for sale_id, party in self.book.customers.items():
            bought.setdefault(party, set()).add(self.book.completed[sale_id]["receipt_no"])
        for party, receipts in bought.items():
            refs = await self._timeline(party)
            insist(len(refs) == len(set(refs)), f"{party} has a purchase twice")
            mine = {ref for ref in refs if RECEIPT.fullmatch(ref)}
            insist(mine == receipts, f"{party}: {mine ^ receipts} differ")

    async def _timeline(self, party: str) -> list[str]:
        refs: list[str] = []
        query = ""
        while True:
            page = await self.world.ask_hq("GET", f"/v1/parties/{party}/timeline{query}")
            refs += [each["ref"] for each in page["interactions"] if each["channel"] == "store"]
            if page["before"] is None:
                return refs
            query = "?" + urlencode({"before": page["before"]})

    async def paper(self) -> Counter[str]:
        """No receipt is lost, none came out twice unmarked; gives how the print jobs ended."""
        jobs = [await self._settled(done["print_id"]) for done in self.book.completed.values()]
        unmarked = self.on_paper(copies=False)
        twice = {number: count for number, count in unmarked.items() if count > 1}
        insist(not twice, f"printed twice without a mark: {twice}")
        for job, done in zip(jobs, self.book.completed.values(), strict=True):
            insist(job["sale_id"] == done["sale_id"], f"{done} has the job of another: {job}")
            if job["state"] == "confirmed":
                insist(unmarked[done["receipt_no"]] == 1, f"confirmed, not on paper: {job}")
            else:
                await self._copy_of(done)
        return Counter(job["state"] for job in jobs)

    async def _settled(self, print_id: str) -> Answer:
        until = time.monotonic() + PAPER_S
        while True:
            job: Answer = await self.world.ask_till("GET", f"/v1/print-jobs/{print_id}")
            if job["state"] in SETTLED:
                return job
            insist(time.monotonic() < until, f"a print job does not end: {job}")
            await asyncio.sleep(0.05)

    async def _copy_of(self, done: Answer) -> None:
        """What is uncertain a person prints again: it comes out, marked."""
        body = {"print_id": new_id(), "sale_id": done["sale_id"]}
        await self.world.ask_till("POST", "/v1/print-jobs", body)
        job = await self._settled(body["print_id"])
        insist(job["state"] == "confirmed" and job["copy"], f"the copy is {job}")
        insist(self.on_paper(copies=True)[done["receipt_no"]] == 1, f"no copy of {done} came out")

    def on_paper(self, *, copies: bool) -> Counter[str]:
        """Count the receipts that came out, by number."""
        counted: Counter[str] = Counter()
        for receipt in self.world.printer.receipts:
            for found in {match[0] for match in RECEIPT.finditer(receipt.text)}:
                counted[found] += bool(COPY.search(receipt.text)) == copies
        return counted
