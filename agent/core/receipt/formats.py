"""Numbers, money, times and rates as each language writes them: a small table, no locale library.

Sources: Unicode CLDR 45, `numbers/standard` of each language. Amounts are grouped with a plain
blank where CLDR has a narrow one, and signed with a hyphen: every printer has both.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from agent.core.quantities import decimal_text, exponent
from agent.core.sale.day_of import local_time


class Format(msgspec.Struct, frozen=True):
    """How one language (or one country's use of it) writes figures."""

    decimal: str
    group: str
    symbol_first: bool
    """`€12.50`, else `12,50 €`."""
    symbol_gap: bool
    """A blank between symbol and amount."""
    date: str
    """strftime pattern."""
    group_from: int = 4
    """Digits of the whole part from which it is grouped (CLDR `minimumGroupingDigits`)."""


FORMATS: dict[str, Format] = {
    # English as a neighbour reads it: a date that is no riddle between Dublin and Boston.
    "en": Format(".", ",", symbol_first=True, symbol_gap=False, date="%Y-%m-%d"),
    "de": Format(",", ".", symbol_first=False, symbol_gap=True, date="%d.%m.%Y"),
    "fr": Format(",", " ", symbol_first=False, symbol_gap=True, date="%d/%m/%Y"),
    "es": Format(",", ".", symbol_first=False, symbol_gap=True, date="%d/%m/%Y", group_from=5),
    "it": Format(",", ".", symbol_first=False, symbol_gap=True, date="%d/%m/%Y"),
    "nl": Format(",", ".", symbol_first=True, symbol_gap=True, date="%d-%m-%Y"),
    "de-ch": Format(".", "'", symbol_first=True, symbol_gap=True, date="%d.%m.%Y"),
    "de-at": Format(",", ".", symbol_first=True, symbol_gap=True, date="%d.%m.%Y"),
    "fr-ch": Format(".", " ", symbol_first=False, symbol_gap=True, date="%d.%m.%Y"),
    "it-ch": Format(".", "'", symbol_first=True, symbol_gap=True, date="%d.%m.%Y"),
}
"""BCP 47 tag in lower case → format; a tag that is not here is looked up by its language."""

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
"""Currencies with a sign of their own; the others are written by their ISO 4217 code."""

_GROUP = 3


def format_of(language: str) -> Format:
    """Find the format of a BCP 47 tag: its own, its language's, else English."""
    tag = language.lower()
    return FORMATS.get(tag) or FORMATS.get(tag.partition("-")[0]) or FORMATS["en"]


def amount_text(amount: int, currency: str, language: str) -> str:
    """Write an amount in minor units without its currency, as in a column of them.

    >>> amount_text(-123456, "EUR", "de"), amount_text(123456, "JPY", "fr")
    ('-1.234,56', '123 456')
    """
    return _localised(decimal_text(amount, exponent(currency)), format_of(language))


def money_text(amount: int, currency: str, language: str) -> str:
    """Write an amount in minor units with its currency.

    >>> money_text(-1250, "EUR", "en"), money_text(1250, "CHF", "de-CH")
    ('-€12.50', 'CHF 12.50')
    """
    style = format_of(language)
    symbol = SYMBOLS.get(currency, currency)
    gap = " " if style.symbol_gap or symbol == currency else ""
    sign = "-" if amount < 0 else ""
    plain = amount_text(abs(amount), currency, language)
    if style.symbol_first:
        return f"{sign}{symbol}{gap}{plain}"
    return f"{sign}{plain}{gap}{symbol}"


def quantity_text(quantity: int, unit: str, language: str) -> str:
    """Write a quantity in thousandths: weights with three decimals, pieces with what they need.

    >>> quantity_text(345, "kg", "de"), quantity_text(-2000, "each", "de")
    ('0,345 kg', '-2')
    """
    exact = decimal_text(quantity, 3)
    if unit == "each":
        return _localised(exact.rstrip("0").rstrip("."), format_of(language))
    return f"{_localised(exact, format_of(language))} {unit}"


def rate_text(basis_points: int, language: str) -> str:
    """Write a tax rate in percent.

    >>> rate_text(1900, "de"), rate_text(550, "fr")
    ('19 %', '5,5 %')
    """
    percent = decimal_text(basis_points, 2).rstrip("0").rstrip(".")
    return f"{_localised(percent, format_of(language))} %"


def date_text(business_date: str, language: str) -> str:
    """Write an ISO 8601 date.

    >>> date_text("2026-07-28", "nl")
    '28-07-2026'
    """
    return datetime.fromisoformat(business_date).strftime(format_of(language).date)


def time_text(wall_utc: str, timezone: str, language: str) -> str:
    """Write a moment as the shop's clock shows it.

    Raises:
        InputFault: not a UTC time, or not a known time zone.

    >>> time_text("2026-07-28T12:03:59.000Z", "Europe/Berlin", "de")
    '28.07.2026 14:03'
    """
    return local_time(wall_utc, timezone).strftime(f"{format_of(language).date} %H:%M")


def _localised(plain: str, style: Format) -> str:
    sign = "-" if plain.startswith("-") else ""
    whole, point, fraction = plain.removeprefix("-").partition(".")
    return f"{sign}{_grouped(whole, style)}{style.decimal if point else ''}{fraction}"


def _grouped(digits: str, style: Format) -> str:
    if len(digits) < style.group_from:
        return digits
    first = len(digits) % _GROUP or _GROUP
    groups = [digits[index : index + _GROUP] for index in range(first, len(digits), _GROUP)]
    return style.group.join([digits[:first], *groups])
