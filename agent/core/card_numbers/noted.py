"""That a card number was masked in what other software had done: a fact for a person to look at."""

from __future__ import annotations

import msgspec

from agent.core.card_numbers.masking import Finding
from agent.core.identifiers import SaleId, StoreId, TillId


class CardNumbersMasked(msgspec.Struct, frozen=True, omit_defaults=True, tag="card_number.masked"):
    """A whole sale came with card numbers in it. `side`; says where, and their last four digits."""

    sale_id: SaleId
    store: StoreId
    till: TillId
    at: str
    """UTC, ISO 8601; shown."""
    findings: tuple[Finding, ...]
