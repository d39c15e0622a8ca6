"""Who sells: what stands on top of every paper, and how its language writes."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ActorId, TillId
from agent.core.receipt.document import Block, Feed, Row, Rule, Text
from agent.core.receipt.formats import amount_text, money_text, time_text
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

    @property
    def words(self) -> Words:
        """The words of the shop's language."""
        return words_of(self.language)

    def amount(self, amount: int) -> str:
        """Write an amount of the shop's currency, without the currency."""
        return amount_text(amount, self.currency, self.language)

    def money(self, amount: int) -> str:
        """Write an amount of the shop's currency, with the currency."""
        return money_text(amount, self.currency, self.language)

    def when(self, stamp: Stamp) -> str:
        """Write a moment as the shop's clock showed it."""
        return time_text(stamp.wall, self.timezone, self.language)


def heading(shop: Shop, *, copy: bool = False) -> list[Block]:
    """Begin a paper: the mark of a copy, the shop's name, address and VAT number."""
    blocks: list[Block] = copy_mark(shop) if copy else []
    blocks.append(Text(shop.name, align="center", bold=True, double=True))
    blocks += [Text(line, align="center") for line in shop.address]
    if shop.vat_id:
        blocks.append(Text(f"{shop.words.vat_id} {shop.vat_id}", align="center"))
    return [*blocks, Feed()]


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
