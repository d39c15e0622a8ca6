"""Who sells: what stands on top of every paper, and how its language writes."""

from __future__ import annotations

from typing import Any

import msgspec

from agent.core.identifiers import ActorId, TillId
from agent.core.receipt.document import Block, Row, Rule, Text
from agent.core.receipt.formats import (
    amount_text,
    clock_text,
    date_text,
    day_text,
    money_text,
    time_text,
)
from agent.core.receipt.template import BUILT_IN, Template, spoken
from agent.core.receipt.words import Words, words_of
from agent.core.sale.model import Stamp


class Shop(msgspec.Struct, frozen=True):
    """The store as its receipts show it."""

    name: str
    language: str
    """BCP 47 tag; decides words and the way figures are written."""
    currency: str
    """ISO 4217; of a report's figures. A sale's receipt uses the sale's own."""
    timezone: str
    """IANA name; times on paper are local."""
    address: tuple[str, ...] = ()
    vat_id: str | None = None
    template: Template = BUILT_IN
    """What stands where on its papers."""

    @property
    def words(self) -> Words:
        """The words of the shop's language, those of its template first."""
        words = words_of(self.language)
        changes: dict[str, Any] = spoken(self.template.settings.words, self.language)
        if not changes:
            return words
        tenders = {**words.tenders, **changes.get("tenders", {})}
        return msgspec.structs.replace(words, **{**changes, "tenders": tenders})

    def amount(self, amount: int) -> str:
        """Write an amount of the shop's currency, without the currency."""
        return amount_text(amount, self.currency, self.language)

    def money(self, amount: int) -> str:
        """Write an amount of the shop's currency, with the currency."""
        return money_text(amount, self.currency, self.language)

    def when(self, stamp: Stamp) -> str:
        """Write a moment as the shop's clock showed it."""
        return time_text(stamp.wall, self.timezone, self.language)

    def values(
        self,
        till: TillId | None,
        at: Stamp | None,
        actor: ActorId | None,
        business_date: str | None,
    ) -> dict[str, str]:
        """Give what a template's texts may say on any paper; what is not known is empty."""
        wall = at.wall if at else None
        return {
            "store_name": self.name,
            "address": ", ".join(self.address),
            "vat_id": self.vat_id or "",
            "date": day_text(wall, self.timezone, self.language) if wall else "",
            "time": clock_text(wall, self.timezone, self.language) if wall else "",
            "business_date": date_text(business_date, self.language) if business_date else "",
            "till": till or "",
            "actor": actor or "",
            "currency": self.currency,
            "thanks": self.words.thanks,
        }


def seller(shop: Shop) -> list[Block]:
    """Say who sells: the shop's name, address and VAT number."""
    blocks: list[Block] = [Text(shop.name, align="center", bold=True, double=True)]
    blocks += [Text(line, align="center") for line in shop.address]
    if shop.vat_id:
        blocks.append(Text(f"{shop.words.vat_id} {shop.vat_id}", align="center"))
    return blocks


def copy_mark(shop: Shop) -> list[Block]:
    """Say that this paper is not the first of its kind (P7)."""
    return [Text(f"*** {shop.words.copy} ***", align="center", bold=True, double=True)]


def title(text: str) -> list[Block]:
    """Say what kind of paper this is, where it is no receipt."""
    return [Text(text, align="center", bold=True, double=True), Rule()]


def made_at(shop: Shop, till: TillId, at: Stamp, actor: ActorId | None) -> list[Block]:
    """Say when, at which till and by whom."""
    rows: list[Block] = [Row(shop.when(at), f"{shop.words.till} {till}")]
    return rows + ([Row(shop.words.cashier, actor)] if actor else [])
