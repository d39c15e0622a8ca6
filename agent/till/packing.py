"""The packs a till has just scanned, and which line each of them became."""

from __future__ import annotations

import msgspec

from agent.core.barcode import Offered, Packs, Reading, Symbol, TradeItem, offer, symbol_kind
from agent.core.identifiers import DeviceId, SaleId
from agent.core.recognition import ItemKey

TYPED = ""
"""The scanner of a scan that was typed at the page."""


class Place(msgspec.Struct, frozen=True):
    """What a pack became; both are None where POS software keeps the basket."""

    sale_id: SaleId | None = None
    line: int | None = None


def item_of(reading: Reading, key: ItemKey) -> TradeItem | None:
    """Give the meaning of a reading that an item was found by, where it has a GTIN."""
    for meaning in reading.meanings:
        if isinstance(meaning, TradeItem) and meaning.gtin == key.gtin:
            return meaning
    return None


class PackBook:
    """The newest packs; remembered only once what was decided about them is durable."""

    def __init__(self) -> None:
        """Know of no pack yet."""
        self._packs = Packs()
        self._places: dict[int, Place] = {}

    def offered(
        self, scanner: DeviceId | None, reading: Reading, item: TradeItem, mono_ns: int
    ) -> Offered:
        """Tell which pack a symbol belongs to; nothing is remembered yet."""
        return offer(self._packs, Symbol(scanner or TYPED, symbol_kind(reading), item, mono_ns))

    def before(self, number: int) -> TradeItem | None:
        """Give what was known of a pack before its newest symbol."""
        return next((pack.item for pack in self._packs.open if pack.number == number), None)

    def place(self, number: int) -> Place | None:
        """Tell where a pack is sold; None where it was refused."""
        return self._places.get(number)

    def keep(self, offered: Offered, place: Place | None) -> None:
        """Remember a decision that is durable, and forget packs nothing can belong to any more."""
        self._packs = offered.packs
        open_numbers = {pack.number for pack in offered.packs.open}
        self._places = {
            number: where for number, where in self._places.items() if number in open_numbers
        }
        if place is None:
            self._places.pop(offered.pack.number, None)
        else:
            self._places[offered.pack.number] = place
