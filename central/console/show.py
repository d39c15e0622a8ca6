"""How values read on a page: money, times, ages, types of interactions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from agent.core.loyalty import worded
from agent.core.quantities import exponent

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_TITLES = {
    "sale.completed": "Bought",
    "return.received": "Returned",
    "order.placed": "Ordered",
    "order.changed": "Changed the order",
    "order.fulfilled": "Order packed",
    "order.shipped": "Order shipped",
    "order.ready": "Order ready to collect",
    "order.delivered": "Order delivered",
    "order.collected": "Order collected",
    "order.cancelled": "Order cancelled",
    "refund.settled": "Refunded",
    "service.contact": "Contacted service",
    "loyalty.earned": "Earned points",
    "loyalty.burned": "Paid with points",
    "loyalty.reversed": "Points given or taken back",
    "loyalty.expired": "Points expired",
}
_STATES = {"placed": "placed", "shipped": "on the way", "ready": "ready to collect"}


def money(amount: int | None, currency: str | None) -> str:
    """Write minor units as a person reads them.

    >>> money(123456, "EUR"), money(-50, "EUR"), money(1200, "JPY")
    ('€1,234.56', '-€0.50', '¥1,200')
    """
    if amount is None or not currency:
        return ""
    # Imported here because its tables take a while to load, and most of HQ shows no money.
    from babel.numbers import format_currency

    digits = exponent(currency)
    return str(format_currency(Decimal(amount).scaleb(-digits), currency, locale="en"))


def when(text: str | None) -> str:
    """Write a UTC time for who has no script; the page's script puts the reader's zone.

    >>> when("2026-11-02T10:04:00.000Z")
    '2 Nov 2026, 10:04 UTC'
    """
    moment = _moment(text)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC" if moment else (text or "")


def day(text: str) -> str:
    """Write a business date.

    >>> day("2026-11-02")
    'Mon 2 Nov 2026'
    """
    moment = _moment(text)
    return f"{moment:%a} {moment.day} {moment:%b %Y}" if moment else text


def ago(text: str | None, now: str) -> str:
    """Tell how long ago something was, by HQ's own clock at both ends.

    >>> ago("2026-11-02T10:00:00.000Z", "2026-11-02T10:03:20.000Z")
    '3 min ago'
    """
    then, here = _moment(text), _moment(now)
    if then is None or here is None:
        return "never"
    seconds = int((here - then).total_seconds())
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name} ago"
    return "just now"


def seconds_since(text: str | None, now: str) -> int | None:
    """Count the seconds between two of HQ's own times; None if either is missing."""
    then, here = _moment(text), _moment(now)
    return None if then is None or here is None else int((here - then).total_seconds())


def size(count: int) -> str:
    """Write a number of bytes.

    >>> size(900), size(15_300), size(2_400_000)
    ('900 B', '15 kB', '2 MB')
    """
    for unit, name in ((1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count // unit} {name}"
    return f"{count} B"


def pieces(thousandths: int) -> str:
    """Write a quantity.

    >>> pieces(2000), pieces(480)
    ('2', '0.48')
    """
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"


def lasting(seconds: int) -> str:
    """Write how long something lasts.

    >>> lasting(42), lasting(200), lasting(90_000)
    ('42 s', '3 min', '1 d')
    """
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def doing(interaction_type: str) -> str:
    """Say in words what kind of interaction it was."""
    return _TITLES.get(interaction_type, interaction_type.replace(".", " ").capitalize())


def state(text: str) -> str:
    """Say in words how an order stands."""
    return _STATES.get(text, text)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "worded": worded,
    "when": when,
    "day": day,
    "ago": ago,
    "doing": doing,
    "lasting": lasting,
    "pieces": pieces,
    "size": size,
    "state": state,
}
"""Under these names the templates use them."""
