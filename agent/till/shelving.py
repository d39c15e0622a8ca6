"""Goods past their date: told with every scan, and refused where the settings say so.

The business date comes from the machine's clock, which may be years off (P11). So a refusal names
the date it went by, and a reason sells the pack all the same: no clock ever stops a till.
"""

from __future__ import annotations

from agent.core.barcode import Passed, TradeItem, passed
from agent.core.faults import StateFault
from agent.core.sale import local_time
from agent.till.desk import Desk
from agent.till.requests import LineRequest

_WORDS = {
    Passed.USE_BY: "was to be used by",
    Passed.BEST_BEFORE: "was best before",
    Passed.SELL_BY: "was to be sold by",
}


def over(desk: Desk, item: TradeItem | None) -> Passed | None:
    """Tell which date of a pack is over today, by this till's clock."""
    if item is None or item.expiry is None:
        return None
    stamp = desk.clock.stamp()
    time = local_time(stamp.wall, desk.store.timezone).strftime("%Y-%m-%dT%H:%M")
    return passed(item, desk.business_date(stamp), time)


def refuses(desk: Desk, what: Passed | None) -> bool:
    """Tell whether the settings forbid to sell a pack whose date is over."""
    rules = desk.settings.barcode
    choice = rules.expired if what is Passed.USE_BY else rules.best_before
    return what is not None and choice == "refuse"


def past_its_date(desk: Desk, item: TradeItem | None, name: str, what: Passed) -> StateFault:
    """Say that a pack is not sold, and what the cashier can do."""
    today = desk.business_date(desk.clock.stamp())
    day = item.expiry if item else None
    return StateFault(
        f"{name} {_WORDS[what]} {day}, and today is {today}",
        remedy="take another pack; to sell this one all the same, give a reason; if today's date "
        "is wrong, have the clock set",
        name=what.value.replace("_", "-"),
    )


def require_sellable(
    desk: Desk, item: TradeItem | None, name: str, request: LineRequest
) -> Passed | None:
    """Refuse a pack past its date, unless it comes back or a reason is given.

    Returns:
        What is over although the pack is sold.

    Raises:
        StateFault: `expired`, `best-before-passed`, `sell-by-passed`.
    """
    what = over(desk, item)
    comes_back = request.quantity is not None and request.quantity < 0
    if item is None or what is None or comes_back or (request.reason or "").strip():
        return what
    if refuses(desk, what):
        raise past_its_date(desk, item, name, what)
    return what
