"""Whether a pack may still be sold on a day, by the date in its symbol.

The day is given, never asked of a clock: a till whose clock is wrong must be able to say so.
"""

from __future__ import annotations

from enum import StrEnum

from agent.core.barcode.reading import ExpiryKind, TradeItem


class Passed(StrEnum):
    """What is over."""

    USE_BY = "expired"
    BEST_BEFORE = "best_before_passed"
    SELL_BY = "sell_by_passed"


_PASSED = {
    ExpiryKind.USE_BY: Passed.USE_BY,
    ExpiryKind.BEST_BEFORE: Passed.BEST_BEFORE,
    ExpiryKind.SELL_BY: Passed.SELL_BY,
}


def passed(item: TradeItem, business_date: str, local_time: str = "") -> Passed | None:
    """Tell which date of a pack is over; on the date itself the pack is still good.

    Args:
        item: as read from its symbols.
        business_date: ISO 8601, the shop's day.
        local_time: the shop's time as `YYYY-MM-DDTHH:MM`, for packs that expire within a day
            (AI 7003); left out, such a pack is good until the end of its day.

    >>> passed(TradeItem("09520123456788", expiry="2026-07-27"), "2026-07-28")
    <Passed.USE_BY: 'expired'>
    """
    if item.expiry is None:
        return None
    within = item.expiry_time is not None and local_time > f"{item.expiry}T{item.expiry_time}"
    return _PASSED[item.expiry_kind] if item.expiry < business_date or within else None
