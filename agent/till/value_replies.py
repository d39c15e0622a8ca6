"""What the till answers about points and gift cards."""

from __future__ import annotations

import msgspec


class Lacking(msgspec.Struct, frozen=True):
    """What a payment needs beyond the leases that are here: to be asked of HQ for this sale."""

    owner: str
    unit: str
    value: int
    """In the unit."""
