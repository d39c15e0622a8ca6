"""HQ put back to an older backup while its shops sell on: `python -m tests.journeys.rewound`.

`--postgres` has HQ on a PostgreSQL of its own instead of SQLite.
Before the backup and after it a seeded random enrols, revokes, erases and publishes; a till thins
out what HQ had declared safe. Then HQ is killed, restored and started again, and nobody does
anything more. At rest every sale of every till is at HQ once, to the cent; what HQ had forgotten
is back; what cannot come back stands in the incident.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent.core.faults import InputFault
from agent.program.terminal import say
from central.channels.imports import import_items
from central.daemon.authority import run_erase, run_revoke
from tests.central.postgres import server
from tests.journeys.audit import insist
from tests.journeys.chain_hq import TILL, Answer, Headquarters
from tests.journeys.chain_shops import STEP_S, Shop, bring_up, opened_chain
from tests.journeys.rewound_audit import Audit
from tests.journeys.seeded import asking, played

STORES = 3
REST_S = 240
ERASABLE = ("party.enrolled", "sale.attributed")
ITEM = (
    "item_id,name,tax,gtin,unit,price\nitem-0001,Roast Coffee {n},reduced,9521000151109,each,{p}\n"
)


class Outcome(msgspec.Struct):
    """The numbers of a run."""

    seed: int
    rewinds: int = 0
    sales: int = 0
    lost: int = 0
    """Sales HQ had signed for and no longer had when it came back."""
    deeds: Counter[str] = msgspec.field(default_factory=Counter)
    pruned: int = 0
    rest_s: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in one line."""
        deeds = ", ".join(f"{count} {what}" for what, count in sorted(self.deeds.items()))
        return (
            f"seed {self.seed}: {self.rewinds} rewinds under {self.sales} sales, {self.lost} of "
            f"them signed for and then forgotten: all at HQ, each once, to the cent; {deeds}; "
            f"{self.pruned} entries pruned before; at rest within {self.rest_s:.1f} s; "
            f"{self.seconds:.0f} s in all"
        )


class Chain:
    """HQ, its shops, and what has been ordered."""

    def __init__(self, hq: Headquarters, shops: list[Shop], rng: random.Random, seed: int) -> None:
        self.hq, self.shops, self.rng = hq, shops, rng
        self.outcome = Outcome(seed)
        self.erased: list[tuple[Shop, str, int]] = []
        self.revoked: list[Shop] = []
        self.backups: list[Path] = []
        self.lost_scopes: set[str] = set()
        """Of the last rewind: published, read by a till, and not in the backup."""
        self._work: dict[str, asyncio.Task[None]] = {}
        self._client = shops[0].client
        self._published = 0

    def sell(self) -> None:
        """Let every shop sell that does not yet."""
        for shop in self.shops:
            if shop.store not in self._work:
                self._work[shop.store] = asyncio.create_task(shop.work())

    async def while_selling(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Broken: a shop could not sell.
        """
        await asyncio.sleep(seconds)
        for each in self._work.values():
            if each.done():
                each.result()

    async def stop_selling(self) -> None:
        """Have every cashier finish the customer at hand."""
        for shop in self.shops:
            shop.stopping = True
        await asyncio.gather(*self._work.values())

    def drop(self) -> None:
        """End all selling at once: something else has failed."""
        for task in self._work.values():
            task.cancel()

    @property
    def live(self) -> list[Shop]:
        """The shops HQ lets in."""
        return [shop for shop in self.shops if shop not in self.revoked]

    async def busy(self, deeds: int) -> None:
        """Do some of what HQ does on a day, in any order, while the shops sell."""
        choice = [self.enrol, self.erase, self.publish, self.publish, self.order, self.revoke]
        for _ in range(deeds):
            await self.while_selling(self.rng.uniform(0.3, 1.2))
            deed = self.rng.choice(choice)
            await _told(deed.__name__, deed())

    async def enrol(self) -> None:
        """Let another shop in."""
        store = f"store-{len(self.shops) + 1:04d}"
        rng = random.Random(self.rng.random())
        shop = Shop(self.hq.directory, store, self.hq.url, self._client, rng)
        self.shops.append(shop)
        await bring_up(self.hq, shop)
        self.sell()
        self.outcome.deeds["enrolled"] += 1

    async def revoke(self) -> None:
        """Have a shop's machine stolen; the thief goes on selling."""
        if len(self.live) <= STORES - 1:
            return
        shop = self.live[-1]
        self.revoked.append(shop)
        async with asyncio.timeout(REST_S):
            while not await asyncio.to_thread(self._is_revoked, shop):
                await self.while_selling(STEP_S)
        self.outcome.deeds["revoked"] += 1

    def _is_revoked(self, shop: Shop) -> bool:
        """Revoke a shop's machine; one that a rewound HQ has forgotten has to speak first."""
        try:
            run_revoke(self.hq.config, [shop.store, TILL], "stolen")
        except InputFault as fault:
            insist(fault.name == "unknown-device" and self.outcome.rewinds, str(fault))
            return False
        return True

    async def erase(self) -> None:
        """Have the text of an entry about a person erased."""
        shop = self.rng.choice(self.live)
        acked = {each["journal_id"]: each["acked"] for each in (await shop.journals()).values()}
        known = [
            (shop, each["journal"], each["seq"])
            for each in await shop.records()
            if each["body"] and each["body"]["type"] in ERASABLE
            if each["seq"] <= acked.get(each["journal"], 0)
        ]
        open_yet = [each for each in known if each not in self.erased]
        if open_yet:
            one = self.rng.choice(open_yet)
            async with asyncio.timeout(REST_S):
                while not await asyncio.to_thread(self._is_erased, f"{one[1]}:{one[2]}"):
                    await self.while_selling(STEP_S)
            self.erased.append(one)
            self.outcome.deeds["erased"] += 1

    def _is_erased(self, entry: str) -> bool:
        """Erase an entry; one that a rewound HQ has forgotten has to come again first."""
        try:
            run_erase(self.hq.config, [entry], "asked")
        except InputFault as fault:
            insist(fault.name == "no-such-entry" and self.outcome.rewinds, str(fault))
            return False
        return True

    async def publish(self) -> None:
        """Change a price, as an import does."""
        self._published += 1
        file = self.hq.directory / "items.csv"
        n = self._published
        file.write_text(ITEM.format(n=n, p=f"4.{n % 100:02d}"))
        await self.hq.import_(import_items, file)
        self.outcome.deeds["imports"] += 1

    async def order(self) -> None:
        """Have somebody order in the web shop."""
        number = f"WEB-{self.rng.randrange(10**8, 10**9)}"
        line = {"name": "Tea", "quantity": 1, "amount": 499}
        order = {"order_no": number, "lines": [line], "total": 499, "currency": "EUR"}
        event = {
            "event_id": f"{number}-1",
            "type": "order.placed",
            "occurred_at": "2026-11-01T10:00:00Z",
            "touch_point": "webshop",
            "party": {"email": f"{number.lower()}@example.org", "name": "Somebody"},
            "order": order | {"placed_at": "2026-11-01T10:00:00Z", "paid": True},
        }
        await self.hq.tell([event])
        self.outcome.deeds["web orders"] += 1

    async def back_up(self) -> None:
        """Take a backup while HQ serves."""
        made = await self.hq.said("backup", str(self.hq.directory / "backups"))
        self.backups.append(Path(made["place"]))

    async def prune(self, shop: Shop) -> None:
        """Close two days at a till, have them safe at HQ, and thin them out there."""
        for _ in range(2):
            await shop.close_day()
            await self.while_selling(1.0)
        await self.back_up()
        await self._told_safe(shop)
        self.outcome.pruned += await shop.prune()

    async def _told_safe(self, shop: Shop) -> None:
        """Wait until a till has heard that something of it is safe."""
        async with asyncio.timeout(REST_S):
            while not (await shop.journals())["sales"]["safe"]:
                await self.while_selling(STEP_S)

    async def rewind(self, place: Path) -> None:
        """Kill HQ, put it back, start it again."""
        signed = sum([(await shop.journals())["sales"]["acked"] for shop in self.live])
        await self.hq.program.kill()
        self.lost_scopes = self._lost_scopes(place)
        await self._forget_unheard()
        restored = await self.hq.said("restore", str(place))
        manifest = msgspec.json.decode((place / "manifest.json").read_bytes())
        held = {id_: seq for id_, (seq, _) in manifest["journals"].items()}
        lanes = [(await shop.journals())["sales"]["journal_id"] for shop in self.live]
        self.outcome.lost += signed - sum(held.get(each, 0) for each in lanes)
        self.outcome.rewinds += 1
        insist(restored["backup_id"] == manifest["backup_id"], f"restored {restored}")
        await self.while_selling(self.rng.uniform(0, 2))
        await self.hq.program.start()

    async def _forget_unheard(self) -> None:
        """Count no erasure that no till had heard of before HQ died: nobody can bring it back."""
        gone = {
            (record["journal"], record["seq"])
            for shop in self.shops
            for record in await shop.records()
            if not record["body"]
        }
        self.erased = [each for each in self.erased if (each[1], each[2]) in gone]

    def _lost_scopes(self, place: Path) -> set[str]:
        """Tell of which scopes some till has read more than a backup holds.

        In the scope of a store stand orders to erase alone; those lie beside the backups as well,
        and what came back is not told as lost.
        """
        manifest = msgspec.json.decode((place / "manifest.json").read_bytes())
        read = [item for shop in self.live for item in shop.cursors().items()]
        return {
            scope
            for scope, cursor in read
            if cursor and not scope.startswith("store:")
            if int(cursor.split(".")[1]) > manifest["feeds"].get(scope, 0)
        }

    async def at_rest(self) -> Answer:
        """Wait until nothing moves any more; gives HQ's status."""
        began = time.monotonic()
        while waits := await self._waits():
            insist(time.monotonic() < began + REST_S, f"not at rest: {waits}")
            await self.while_selling(STEP_S)
        self.outcome.rest_s = max(self.outcome.rest_s, time.monotonic() - began)
        return await self.hq.status()

    async def _waits(self) -> str:
        """Say what is still on its way; empty if nothing is. While they sell, something is."""
        if not all(shop.stopping for shop in self.live):
            found = (await self.hq.status())["incidents"]
            return str([each for each in found if each["closed_at"] is None] or "")
        for shop in self.live:
            sync = (await shop.status())["sync"]
            if not sync["complete"]:
                return f"{shop.store}: {sync}"
        status = await self.hq.status()
        open_incidents = [each for each in status["incidents"] if each["closed_at"] is None]
        late = self._late_feeds(status)
        if open_incidents or status["orders"] or not status["everything_in"] or late:
            return f"{open_incidents} {status['orders']} {late} {status['stores']}"
        return ""

    def _late_feeds(self, status: Answer) -> list[str]:
        late = []
        for shop in self.live:
            for scope, cursor in shop.cursors().items():
                # One that is begun anew has no cursor yet.
                here = [status["epoch"], str(status["feeds"].get(scope, 0))]
                if cursor.split(".")[:2] != here:
                    late.append(f"{shop.store} {scope} {cursor}")
        return late


async def rewound(
    directory: Path, *, seed: int, rewinds: int, deeds: int, more: str = ""
) -> Outcome:
    """Rewind HQ so many times.

    Args:
        directory: of all files; empty.
        seed: of everything that is drawn.
        rewinds: how many.
        deeds: of HQ, in each part of the run.
        more: lines of HQ's settings besides.

    Raises:
        Broken: a promise of the product did not hold.
    """
    rng, began = random.Random(seed), time.monotonic()
    async with opened_chain(directory, STORES, rng, more=more) as (hq, shops):
        chain = Chain(hq, shops, rng, seed)
        chain.sell()
        try:
            await _rewinds(chain, rewinds, deeds)
        finally:
            chain.drop()
    chain.outcome.sales = sum(len(shop.book) for shop in chain.shops)
    chain.outcome.seconds = time.monotonic() - began
    return chain.outcome


async def _told(what: str, work: Awaitable[None]) -> None:
    began = time.monotonic()
    await work
    say(f"{what} ({time.monotonic() - began:.0f} s)")


async def _rewinds(chain: Chain, rewinds: int, deeds: int) -> None:
    await chain.busy(deeds)
    await chain.back_up()
    for number in range(rewinds):
        await chain.busy(deeds)
        if number == 0 and deeds > 1:
            await chain.prune(chain.live[0])
        await chain.busy(deeds)
        await chain.rewind(chain.rng.choice(chain.backups))
        await chain.while_selling(chain.rng.uniform(0, 3))
        if number + 1 < rewinds and chain.rng.random() < 0.5:
            await chain.at_rest()
    await chain.while_selling(2)
    await chain.stop_selling()
    status = await chain.at_rest()
    incidents = [each for each in status["incidents"] if each["name"] == "rewind"]
    # An HQ put back to before its last rewind does not know of that one either.
    insist(0 < len(incidents) <= rewinds, f"{rewinds} rewinds, and these incidents: {incidents}")
    said = max(incidents, key=lambda each: each["at"])["detail"]
    told = said.partition("published and lost here")[2]
    insist(all(scope in told for scope in chain.lost_scopes), f"{chain.lost_scopes}: {said}")
    await Audit(chain).all_of_it()
    for each in incidents:
        say(f"incident: {each['detail']}")


@contextmanager
def on_postgres(*, asked: bool = True) -> Iterator[str]:
    """Run a PostgreSQL for HQ, if asked; gives the lines of HQ's settings that name it."""
    if not asked:
        yield ""
        return
    with server() as postgres:
        yield f'database = "{postgres.create("chain")}"\n'


def run(seed: int, rewinds: int, deeds: int, *, postgres: bool) -> int:
    """Run and report; gives the exit code."""
    with on_postgres(asked=postgres) as more:
        return played(
            "rewound",
            seed,
            f"{rewinds} rewinds on {'PostgreSQL' if postgres else 'SQLite'}",
            lambda at: rewound(at, seed=seed, rewinds=rewinds, deeds=deeds, more=more),
        )


def main() -> int:
    """Read the command line."""
    parser = asking(__doc__)
    parser.add_argument("--rewinds", type=int, default=2)
    parser.add_argument("--deeds", type=int, default=5, help="of HQ, in each part of a run")
    parser.add_argument("--postgres", action="store_true", help="HQ's database is PostgreSQL")
    asked = parser.parse_args()
    return run(asked.seed, asked.rewinds, asked.deeds, postgres=asked.postgres)


if __name__ == "__main__":
    sys.exit(main())
