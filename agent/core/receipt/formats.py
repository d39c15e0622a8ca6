"""Numbers, money, times and rates as each language and country writes them.

What differs is taken from Unicode CLDR by way of Babel; the figures themselves are put together
here, from integers. For paper's sake every blank is a plain one, the Swiss group mark a plain
apostrophe, a minus a hyphen in front, and digits are Latin: every printer has them, and every
auditor reads them.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

import msgspec
from babel.core import Locale, UnknownLocaleError

from agent.core.quantities import decimal_text, exponent
from agent.core.receipt.direction import has_rtl
from agent.core.sale.day_of import local_time


class Format(msgspec.Struct, frozen=True):
    """How one language, or one country's use of it, writes figures."""

    decimal: str
    money_decimal: str
    """In amounts; another one in French Switzerland."""
    group: str
    group_from: int
    """Digits of the whole part from which it is grouped (CLDR `minimumGroupingDigits` + 3)."""
    symbol_first: bool
    """`€12.50`, else `12.50 €`."""
    symbol_gap: bool
    """A blank between symbol and amount."""
    percent: str
    """A pattern: `{} %`."""
    date: str
    """strftime pattern, with two digits of day and month and four of the year."""
    time: str
    """strftime pattern, of 24 hours."""
    symbols: dict[str, str]
    """ISO 4217 code → what stands for it; a code that is not here stands for itself."""


# English as a neighbour reads it: a date that is no riddle between Dublin and Boston. Countries
# that speak English have their own.
_ENGLISH_DATE = "%Y-%m-%d"
_ENGLISH_SPEAKING = frozenset(("AU", "CA", "GB", "IE", "IN", "MT", "NZ", "SG", "US", "ZA"))
# CLDR `minimumGroupingDigits` 2, which Babel does not pass on.
_GROUPED_FROM_FIVE = frozenset(("bg", "bg-bg", "es", "es-es", "pl", "pl-pl", "pt-pt"))
# ISO 4217 gives them two digits, their coins have none: written where an amount has any.
_MOSTLY_WHOLE = frozenset(("COP", "HUF", "IDR"))
_GROUP = 3
_DATE_PARTS = {"d": "%d", "M": "%m", "y": "%Y"}
_PAPER = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT-TO-RIGHT MARK}": "",
        "\N{RIGHT-TO-LEFT MARK}": "",
    }
)


@cache
def format_of(language: str) -> Format:
    """Find the format of a BCP 47 tag: its own, its language's, else English."""
    tag = language.lower()
    locale = _locale(tag)
    symbols = locale.number_symbols["latn"]
    money = _paper(locale.currency_formats["standard"].pattern).partition(";")[0]
    decimal = _paper(symbols["decimal"])
    return Format(
        decimal=decimal,
        money_decimal=_paper(symbols.get("currencyDecimal", decimal)),
        group=_paper(symbols.get("currencyGroup", symbols["group"])),
        group_from=5 if tag in _GROUPED_FROM_FIVE else 4,
        symbol_first=money.startswith("¤"),
        symbol_gap=" " in money,
        percent=_paper(locale.percent_formats[None].pattern).replace("#,##0", "{}"),
        date=_date(locale, tag),
        time="%H.%M" if "." in locale.time_formats["short"].pattern else "%H:%M",
        symbols={code: _paper(sign) for code, sign in locale.currency_symbols.items()},
    )


def amount_text(amount: int, currency: str, language: str) -> str:
    """Write an amount in minor units without its currency, as in a column of them.

    >>> amount_text(-123456, "EUR", "de"), amount_text(123456, "JPY", "fr")
    ('-1.234,56', '123 456')
    """
    style = format_of(language)
    exact = decimal_text(amount, exponent(currency))
    if currency in _MOSTLY_WHOLE:
        exact = exact.removesuffix(".00")
    return _localised(exact, style, style.money_decimal)


def money_text(amount: int, currency: str, language: str) -> str:
    """Write an amount in minor units with its currency.

    A sign in letters that are written from right to left gives way to the ISO 4217 code, which
    keeps the amount's own order.

    >>> money_text(-1250, "EUR", "en"), money_text(1250, "CHF", "de-CH")
    ('-€12.50', 'CHF 12.50')
    """
    style = format_of(language)
    symbol = style.symbols.get(currency, currency)
    symbol = currency if has_rtl(symbol) else symbol
    gap = " " if style.symbol_gap or symbol[-1:].isalpha() else ""
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
    style = format_of(language)
    exact = decimal_text(quantity, 3)
    if unit == "each":
        return _localised(exact.rstrip("0").rstrip("."), style, style.decimal)
    return f"{_localised(exact, style, style.decimal)} {unit}"


def rate_text(basis_points: int, language: str) -> str:
    """Write a tax rate in percent.

    >>> rate_text(1900, "de"), rate_text(550, "fr"), rate_text(2000, "tr")
    ('19 %', '5,5 %', '%20')
    """
    style = format_of(language)
    percent = decimal_text(basis_points, 2).rstrip("0").rstrip(".")
    return style.percent.format(_localised(percent, style, style.decimal))


def date_text(business_date: str, language: str) -> str:
    """Write an ISO 8601 date.

    >>> date_text("2026-07-28", "nl"), date_text("2026-07-28", "hu")
    ('28-07-2026', '2026. 07. 28.')
    """
    return datetime.fromisoformat(business_date).strftime(format_of(language).date)


def day_text(wall_utc: str, timezone: str, language: str) -> str:
    """Write the date of a moment as the shop's calendar shows it.

    Raises:
        InputFault: not a UTC time, or not a known time zone.
    """
    return local_time(wall_utc, timezone).strftime(format_of(language).date)


def clock_text(wall_utc: str, timezone: str, language: str) -> str:
    """Write the time of a moment as the shop's clock shows it.

    Raises:
        InputFault: not a UTC time, or not a known time zone.

    >>> clock_text("2026-07-28T12:03:59.000Z", "Europe/Helsinki", "fi")
    '15.03'
    """
    return local_time(wall_utc, timezone).strftime(format_of(language).time)


def time_text(wall_utc: str, timezone: str, language: str) -> str:
    """Write a moment as the shop's calendar and clock show it.

    Raises:
        InputFault: not a UTC time, or not a known time zone.

    >>> time_text("2026-07-28T12:03:59.000Z", "Europe/Berlin", "de")
    '28.07.2026 14:03'
    """
    day = day_text(wall_utc, timezone, language)
    return f"{day} {clock_text(wall_utc, timezone, language)}"


def _locale(tag: str) -> Locale:
    primary, _, region = tag.partition("-")
    if primary == "en" and region.upper() not in _ENGLISH_SPEAKING:
        return Locale("en")
    for name in (tag, primary):
        try:
            return Locale.parse(name, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _date(locale: Locale, tag: str) -> str:
    if locale.language == "en" and tag.partition("-")[2].upper() not in _ENGLISH_SPEAKING:
        return _ENGLISH_DATE
    pattern = _paper(locale.date_formats["short"].pattern).replace("'", "")
    return re.sub(r"d+|M+|y+", lambda part: _DATE_PARTS[part[0][0]], pattern)


def _paper(text: str) -> str:
    return text.translate(_PAPER)


def _localised(plain: str, style: Format, decimal: str) -> str:
    sign = "-" if plain.startswith("-") else ""
    whole, point, fraction = plain.removeprefix("-").partition(".")
    return f"{sign}{_grouped(whole, style)}{decimal if point else ''}{fraction}"


def _grouped(digits: str, style: Format) -> str:
    if len(digits) < style.group_from:
        return digits
    first = len(digits) % _GROUP or _GROUP
    groups = [digits[index : index + _GROUP] for index in range(first, len(digits), _GROUP)]
    return style.group.join([digits[:first], *groups])
