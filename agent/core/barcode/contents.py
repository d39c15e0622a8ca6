"""What verified elements say about the thing they are on: an item, a card, a coupon or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agent.core.barcode.code_lists import NUMERIC_CURRENCY
from agent.core.barcode.companions import missing_companions
from agent.core.barcode.dates import iso_date, time_of_day
from agent.core.barcode.elements import Element
from agent.core.barcode.measures import measures, weight
from agent.core.barcode.reading import ExpiryKind, Meaning, PlainText, Reason, TradeItem
from agent.core.barcode.unreadable import Unreadable
from agent.core.quantities import Minor, exponent

# AIs that name something other than a trade item, yet mean something to recognition:
# GSRN of a customer (8018), coupons (255, 8110, 8112).
_NAMED = ("8018", "255", "8110", "8112")
_VARIABLE = "9"
_DATES = (("17", ExpiryKind.USE_BY), ("15", ExpiryKind.BEST_BEFORE), ("16", ExpiryKind.SELL_BY))


class Contents(msgspec.Struct, frozen=True):
    """What a symbol means, and what is wrong with it although it can be read."""

    meanings: tuple[Meaning, ...]
    notes: tuple[Reason, ...] = ()


class Expiry(msgspec.Struct, frozen=True):
    """The date that counts, of all dates on a pack."""

    date: str | None = None
    kind: ExpiryKind = ExpiryKind.USE_BY
    time: str | None = None


def contents(elements: Sequence[Element], currency: str) -> Contents:
    """Say what the elements of one symbol mean at a till.

    Args:
        elements: verified and allowed together.
        currency: ISO 4217 code of the store.

    Raises:
        Unreadable: `no-trade-item`, `foreign-currency`, `price-too-precise`.
    """
    values = {one.ai: one.value for one in elements}
    if "01" in values:
        item = trade_item(values, currency)
        return Contents((item,), (*missing_companions(values), *_unmeasured(item)))
    named = [PlainText(ai + values[ai]) for ai in _NAMED if ai in values]
    if not named:
        raise Unreadable(
            "no-trade-item",
            f"the symbol carries AI {', '.join(values)}, but no item (AI 01), card or coupon",
        )
    return Contents(tuple(named))


def trade_item(values: Mapping[str, str], currency: str) -> TradeItem:
    """Build the trade item of AI 01 with what stands beside it.

    Args:
        values: AI → verified value, AI 01 among them.
        currency: ISO 4217 code of the store.

    Raises:
        Unreadable: `foreign-currency`, `price-too-precise`.
    """
    expiry = expiry_of(values)
    count = values.get("30")
    return TradeItem(
        gtin=values["01"],
        lot=values.get("10"),
        expiry=expiry.date,
        expiry_kind=expiry.kind,
        expiry_time=expiry.time,
        serial=values.get("21"),
        weight=weight(values),
        count=None if count is None else int(count),
        price=_price(values, currency),
        measures=measures(values),
    )


def expiry_of(values: Mapping[str, str]) -> Expiry:
    """Choose the date that counts: of AI 7003 (with its time), 17, 15, 16, the first there is."""
    exact = values.get("7003")
    if exact is not None:
        return Expiry(iso_date(exact), ExpiryKind.USE_BY, time_of_day(exact[6:]))
    for ai, kind in _DATES:
        if ai in values:
            return Expiry(iso_date(values[ai]), kind)
    return Expiry()


def _unmeasured(item: TradeItem) -> tuple[Reason, ...]:
    # A GTIN that begins with 9 is of no fixed measure (GS1 General Specifications, 2.1.10).
    measured = item.count is not None or item.weight is not None or item.measures
    if not item.gtin.startswith(_VARIABLE) or measured or item.price is not None:
        return ()
    detail = f"GTIN {item.gtin} is of variable measure, but the symbol carries none"
    return (Reason("no-measure", detail),)


def _price(values: Mapping[str, str], currency: str) -> Minor | None:
    # AI 392n and 393n: amount payable, n decimals, without and with the currency (3.6.6, 3.6.7).
    for ai, value in values.items():
        if ai.startswith("393"):
            _expect_currency(value[:3], currency)
            return _minor(value[3:], int(ai[3]), currency)
        if ai.startswith("392"):
            return _minor(value, int(ai[3]), currency)
    return None


def _expect_currency(numeric: str, currency: str) -> None:
    if NUMERIC_CURRENCY.get(currency) != numeric:
        raise Unreadable(
            "foreign-currency", f"the label's price is in currency {numeric}, not in {currency}"
        )


def _minor(digits: str, decimals: int, currency: str) -> Minor:
    amount, rest = divmod(int(digits) * 10 ** exponent(currency), 10**decimals)
    if rest:
        raise Unreadable(
            "price-too-precise",
            f"the label's price {digits} has {decimals} decimals, more than {currency} has",
        )
    return Minor(amount)
