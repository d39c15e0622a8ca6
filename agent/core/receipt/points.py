"""Loyalty points on a receipt: what the sale earned, and what there was once it was paid.

They are true of that moment alone: a copy, which is made from the sale, does not repeat them.
"""

from __future__ import annotations

import msgspec

from agent.core.receipt.document import Block, Row, Text
from agent.core.receipt.formats import time_text
from agent.core.receipt.shop import Shop


class PointsShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a receipt says of points; nothing of whose they are (P9)."""

    earned: int = 0
    balance: int | None = None
    """None where the card was not open at the till, or not held there."""
    as_of: str = ""
    """When HQ was last heard, UTC, where it is out of reach; empty: the balance is of now."""


def points(shown: PointsShown | None, shop: Shop) -> list[Block]:
    """Write the lines; none where there is nothing to say."""
    if shown is None:
        return []
    blocks: list[Block] = []
    if shown.earned:
        blocks.append(Row(shop.words.points_earned, str(shown.earned)))
    if shown.balance is not None:
        blocks.append(Row(shop.words.points_balance, str(shown.balance)))
        if shown.as_of:
            when = time_text(shown.as_of, shop.timezone, shop.language)
            blocks.append(Text(f"  {shop.words.as_of} {when}"))
    return blocks
