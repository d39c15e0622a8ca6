"""What recognition needs to know of the chain and the store."""

from __future__ import annotations

import msgspec


class RecognitionRules(msgspec.Struct, frozen=True):
    """The settings by which a text is told to be a card, an order or a receipt."""

    card_prefixes: tuple[str, ...] = ()
    """What this chain's loyalty card codes begin with, as in `[barcode] card_prefixes`."""
    order_prefixes: tuple[str, ...] = ()
    """What order numbers of other channels begin with, as in `[barcode] order_prefixes`."""
    region: str = "DE"
    """ISO 3166-1 alpha-2: the country of a phone number typed without a country code."""
    store: str = ""
    """This store's id, with which its receipt numbers begin."""
