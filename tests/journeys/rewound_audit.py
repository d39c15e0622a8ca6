"""What must hold at rest, after HQ was put back: every till compared with HQ, from their files."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.journeys.audit import insist
from tests.journeys.chain_hq import Answer
from tests.journeys.chain_shops import Shop, Sold

if TYPE_CHECKING:
    from tests.journeys.rewound import Chain


HEARD_S, LOOK_S = 90, 0.5


class Audit:
    """What must hold at rest."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.hq = chain, chain.hq

    async def all_of_it(self) -> None:
        """Compare HQ with every till, from their own files."""
        rows = await self.hq.sales(self.hq.directory / "sales.json")
        for shop in self.chain.shops:
            there = [
                Sold(row["receipt_no"], row["sale_id"], row["total_minor"])
                for row in rows
                if row["store"] == shop.store
            ]
            await self._shop(shop, there)
        for shop, journal, seq in self.chain.erased:
            await self._erased(shop, journal, seq)
        report = await self.hq.said("ledger", "verify")
        insist(report["ok"], f"the ledger does not verify: {report}")

    async def _shop(self, shop: Shop, there: list[Sold]) -> None:
        twice = [each for each, count in Counter(there).items() if count > 1]
        insist(not twice, f"twice at HQ: {twice}")
        records = await shop.records()
        bodies = [each["body"] for each in records if each["body"]]
        sales = [each for each in bodies if each["type"] == "sale.completed"]
        kept = {Sold(each["receipt_no"], each["sale_id"], each["total"]) for each in sales}
        insist(kept <= set(shop.book), f"{shop.store} has sales nobody was answered")
        if shop in self.chain.revoked:
            insist(set(there) <= set(shop.book), f"{shop.store}: HQ holds what nobody sold")
            await self._refused(shop)
            return
        insist(set(there) == set(shop.book), f"{shop.store}: {set(there) ^ set(shop.book)} differ")
        verified = await shop.said("journal", "verify")
        insist(all(each["ok"] for each in verified), f"{shop.store}: {verified}")
        await self._people(bodies)

    async def _refused(self, shop: Shop) -> None:
        sync = await self._told(shop)
        insist(_knows(sync), f"{shop.store} was revoked and does not know: {sync}")
        insist(not sync["complete"], f"{shop.store} was revoked and HQ takes its entries: {sync}")

    async def _told(self, shop: Shop) -> Answer:
        """Give what a till says of HQ once it knows; it hears when it asks HQ next."""
        sync: Answer = (await shop.status())["sync"]
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_S):
                while not _knows(sync):
                    await asyncio.sleep(LOOK_S)
                    sync = (await shop.status())["sync"]
        return sync

    async def _erased(self, shop: Shop, journal: str, seq: int) -> None:
        insist(not self.hq.has_body(journal, seq), f"HQ has {journal}:{seq} again")
        if shop not in self.chain.revoked:
            (record,) = [
                each
                for each in await shop.records()
                if (each["journal"], each["seq"]) == (journal, seq)
            ]
            gone = record.get("erased_by") or record.get("pruned")
            insist(gone and not record["body"], f"{shop.store} still has {journal}:{seq}")

    async def _people(self, bodies: list[Answer]) -> None:
        people = [each["party_id"] for each in bodies if each["type"] == "party.enrolled"]
        for party in people[-5:]:
            await self.hq.ask("GET", f"/v1/parties/{party}")


def _knows(sync: Answer) -> bool:
    """By HQ's order, if it was reading the feed when that came; else by HQ's refusal."""
    return any("revoked" in each["name"] + each["detail"] for each in sync["troubles"])
