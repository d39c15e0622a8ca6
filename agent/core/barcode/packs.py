"""Dual-marked packs: an EAN beside a QR code is one pack, the same EAN again is another.

GS1's plan for 2D in retail ("Sunrise 2027") has packs carry both for years, and an area scanner
reads both. A symbol belongs to the pack before it only if all of this holds: the same scanner, the
same GTIN, another kind of symbol, within 700 ms, and nothing in it contradicts the pack. Whatever
repeats is a pack of its own, however fast it comes: nothing a cashier scans twice is swallowed.

Pure: time comes in with the symbol, as monotonic nanoseconds.
"""

from __future__ import annotations

import msgspec

from agent.core.barcode.check_digits import is_digits
from agent.core.barcode.digital_link import is_web_address
from agent.core.barcode.reading import Reading, TradeItem

WINDOW_NS = 700_000_000
"""Between two symbols of one pack; hand and area scanners need 50 to 500 ms for the second."""

_ONE_OF_A_PACK = ("lot", "expiry", "serial", "weight", "count", "price")
"""Where both symbols say something, they must say the same."""


class Symbol(msgspec.Struct, frozen=True):
    """One symbol that names an item."""

    scanner: str
    kind: str
    """Its symbology, or the shape of its data where the scanner does not tell."""
    item: TradeItem
    mono_ns: int


class Pack(msgspec.Struct, frozen=True):
    """A pack and the symbols of it that were read."""

    number: int
    """Counts from 1; never reused."""
    scanner: str
    kinds: tuple[str, ...]
    item: TradeItem
    """All that its symbols say together."""
    mono_ns: int
    """When its last symbol was read."""


class Packs(msgspec.Struct, frozen=True):
    """The packs another symbol may still belong to: those of the last 700 ms."""

    made: int = 0
    open: tuple[Pack, ...] = ()


class Offered(msgspec.Struct, frozen=True):
    """What became of a symbol."""

    packs: Packs
    pack: Pack
    merged: bool
    """Whether the pack was there already: then nothing more is sold."""


def offer(packs: Packs, symbol: Symbol) -> Offered:
    """Tell which pack a symbol is of, and what is known of the pack with it.

    >>> one = Symbol("counter", "ean-13", TradeItem("04006381333931"), 0)
    >>> two = Symbol("counter", "qr", TradeItem("04006381333931", lot="A"), 300_000_000)
    >>> both = offer(offer(Packs(), one).packs, two)
    >>> both.merged, both.pack.item.lot, both.pack.number
    (True, 'A', 1)
    """
    still = tuple(pack for pack in packs.open if _is_recent(pack, symbol))
    for pack in reversed(still):
        if pack.scanner == symbol.scanner and pack.item.gtin == symbol.item.gtin:
            if not _belongs(pack, symbol):
                break
            fuller = _with(pack, symbol)
            rest = tuple(one for one in still if one is not pack)
            return Offered(Packs(packs.made, (*rest, fuller)), fuller, merged=True)
    number = packs.made + 1
    new = Pack(number, symbol.scanner, (symbol.kind,), symbol.item, symbol.mono_ns)
    return Offered(Packs(number, (*still, new)), new, merged=False)


def symbol_kind(reading: Reading) -> str:
    """Name the kind of symbol a reading comes from, by its AIM identifier or by its data.

    >>> from agent.core.barcode import BarcodeRules, read
    >>> symbol_kind(read(b"4006381333931", BarcodeRules((), "EUR")))
    'number'
    """
    if reading.symbology is not None:
        return reading.symbology
    if is_digits(reading.text):
        return "number"
    return "link" if is_web_address(reading.text) else "elements"


def _is_recent(pack: Pack, symbol: Symbol) -> bool:
    return 0 <= symbol.mono_ns - pack.mono_ns <= WINDOW_NS


def _belongs(pack: Pack, symbol: Symbol) -> bool:
    if symbol.kind in pack.kinds:
        return False
    return all(
        None in (said := (getattr(pack.item, name), getattr(symbol.item, name)))
        or said[0] == said[1]
        for name in _ONE_OF_A_PACK
    )


def _with(pack: Pack, symbol: Symbol) -> Pack:
    return msgspec.structs.replace(
        pack,
        kinds=(*pack.kinds, symbol.kind),
        item=merged_items(pack.item, symbol.item),
        mono_ns=symbol.mono_ns,
    )


def merged_items(one: TradeItem, other: TradeItem) -> TradeItem:
    """Say of an item what two of its symbols say together; where both speak, the first holds."""
    dated = one if one.expiry is not None else other
    return TradeItem(
        gtin=one.gtin,
        lot=one.lot or other.lot,
        expiry=dated.expiry,
        expiry_kind=dated.expiry_kind,
        expiry_time=one.expiry_time or other.expiry_time,
        serial=one.serial or other.serial,
        weight=one.weight if one.weight is not None else other.weight,
        count=one.count if one.count is not None else other.count,
        price=one.price if one.price is not None else other.price,
        measures=one.measures or other.measures,
        supplement=one.supplement or other.supplement,
        publication=one.publication or other.publication,
    )
