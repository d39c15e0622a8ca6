"""What verified elements say about the thing they are on: an item, a card, a coupon or neither."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.core.barcode.elements import Element, iso_date
from agent.core.barcode.reading import Meaning, PlainText, TradeItem
from agent.core.barcode.unreadable import Unreadable
from agent.core.quantities import Minor, Thousandths, divide_half_away, exponent

# AIs that name something other than a trade item, yet mean something to recognition:
# GSRN of a customer (8018), coupons (255, 8110, 8111, 8112).
_NAMED = ("8018", "255", "8110", "8112")
_CONTENT_OF_ANOTHER = ("02", "255")
_KILOGRAM_DECIMALS = 3

# ISO 4217, table A.1: numeric codes, for AI 393n of labels printed with a currency.
_NUMERIC = dict(
    re.findall(
        r"([A-Z]{3}) (\d{3})",
        "AED 784,ARS 032,AUD 036,BAM 977,BGN 975,BRL 986,CAD 124,CHF 756,CLP 152,CNY 156,"
        "COP 170,CZK 203,DKK 208,EGP 818,EUR 978,GBP 826,HKD 344,HUF 348,IDR 360,ILS 376,"
        "INR 356,ISK 352,JPY 392,KRW 410,KWD 414,MAD 504,MXN 484,MYR 458,NOK 578,NZD 554,"
        "PHP 608,PLN 985,QAR 634,RON 946,RSD 941,SAR 682,SEK 752,SGD 702,THB 764,TND 788,"
        "TRY 949,TWD 901,UAH 980,USD 840,VND 704,ZAR 710",
    )
)


def contents(elements: Sequence[Element], currency: str) -> tuple[Meaning, ...]:
    """Say what the elements of one symbol mean at a till.

    Args:
        elements: verified, no AI twice.
        currency: ISO 4217 code of the store.

    Raises:
        Unreadable: `no-trade-item`, `contradicting-ai`, `foreign-currency`, `price-too-precise`.
    """
    values = {one.ai: one.value for one in elements}
    named = [PlainText(ai + values[ai]) for ai in _NAMED if ai in values]
    if "01" in values:
        return (trade_item(values, currency),)
    if not named:
        raise Unreadable(
            "no-trade-item",
            f"the symbol carries AI {', '.join(values)}, but no item (AI 01), card or coupon",
        )
    return tuple(named)


def trade_item(values: Mapping[str, str], currency: str) -> TradeItem:
    """Build the trade item of AI 01 with what stands beside it.

    Args:
        values: AI → verified value, AI 01 among them.
        currency: ISO 4217 code of the store.

    Raises:
        Unreadable: `contradicting-ai`, `foreign-currency`, `price-too-precise`.
    """
    for ai in _CONTENT_OF_ANOTHER:
        if ai in values:
            raise Unreadable("contradicting-ai", f"AI 01 and AI {ai} cannot stand on one pack")
    expiry = values.get("17", values.get("15"))
    count = values.get("30", values.get("37"))
    return TradeItem(
        gtin=values["01"],
        lot=values.get("10"),
        expiry=None if expiry is None else iso_date(expiry),
        serial=values.get("21"),
        weight=_weight(values),
        count=None if count is None else int(count),
        price=_price(values, currency),
    )


def _weight(values: Mapping[str, str]) -> Thousandths | None:
    # AI 310n: net weight in kilograms, n decimals (GS1 General Specifications, 3.6.1).
    for decimals in range(6):
        digits = values.get(f"310{decimals}")
        if digits is not None:
            scaled = int(digits) * 10**_KILOGRAM_DECIMALS
            return Thousandths(divide_half_away(scaled, 10**decimals))
    return None


def _price(values: Mapping[str, str], currency: str) -> Minor | None:
    # AI 392n and 393n: amount payable, n decimals, without and with the currency (3.6.6, 3.6.7).
    for decimals in range(10):
        plain, coded = values.get(f"392{decimals}"), values.get(f"393{decimals}")
        if coded is not None:
            _expect_currency(coded[:3], currency)
            return _minor(coded[3:], decimals, currency)
        if plain is not None:
            return _minor(plain, decimals, currency)
    return None


def _expect_currency(numeric: str, currency: str) -> None:
    if _NUMERIC.get(currency) != numeric:
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
