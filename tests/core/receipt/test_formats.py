"""Figures as each language writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.quantities import exponent
from agent.core.receipt.formats import (
    amount_text,
    date_text,
    format_of,
    money_text,
    quantity_text,
    rate_text,
    time_text,
)
from agent.core.receipt.words import WORDS, words_of


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    st.sampled_from(sorted(WORDS)),
)
def test_an_amount_never_loses_a_digit(amount, currency, language):
    """Grouping or a decimal mark would change the amount."""
    text = amount_text(amount, currency, language)
    sign = -1 if text.startswith("-") else 1
    assert amount == sign * int(re.sub("[^0-9]", "", text))
    digits = exponent(currency)
    assert digits == 0 or text[-digits - 1] == format_of(language).money_decimal


@pytest.mark.parametrize(
    ("amount", "currency", "language", "expected"),
    [
        (0, "EUR", "de", "0,00 €"),
        (-5, "EUR", "de", "-0,05 €"),
        (100_000_000, "EUR", "de", "1.000.000,00 €"),
        (100_000_000, "CHF", "de-CH", "CHF 1'000'000.00"),
        (123_456, "EUR", "de-AT", "€ 1.234,56"),
        (1_234_567, "EUR", "es", "12.345,67 €"),
        (123_456, "EUR", "es", "1234,56 €"),
        (1234, "JPY", "en", "¥1,234"),
        (1_234_567, "KWD", "en", "KWD 1,234.567"),
        (-1250, "GBP", "en-GB", "-£12.50"),
        (1250, "SEK", "fr", "12,50 SEK"),
        (1250, "EUR", "xx", "€12.50"),
    ],
)
def test_money(amount, currency, language, expected):
    """A customer would read another amount than was charged."""
    assert expected == money_text(amount, currency, language)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "expected"),
    [
        (123_456, "PLN", "pl-PL", "1234,56 zł"),
        (1_234_567, "PLN", "pl-PL", "12 345,67 zł"),
        (123_456, "EUR", "pt-PT", "1234,56 €"),
        (123_456, "BRL", "pt-BR", "R$ 1.234,56"),
        (123_456, "MXN", "es-MX", "$1,234.56"),
        (-99_900, "HUF", "hu-HU", "-999 Ft"),
        (12_345_650, "HUF", "hu-HU", "123 456,50 Ft"),
        (0, "HUF", "hu-HU", "0 Ft"),
        (123_456, "SEK", "sv-SE", "1 234,56 kr"),
        (123_456, "TRY", "tr-TR", "₺1.234,56"),
        (123_456, "ILS", "he-IL", "1,234.56 ₪"),
        (-123_456, "AED", "ar-AE", "-1,234.56 AED"),
        (1_234_567, "KWD", "ar-KW", "1,234.567 KWD"),
        (5, "CHF", "fr-CH", "0.05 CHF"),
        (-5, "XYZ", "en", "-XYZ 0.05"),
        (123_456, "EUR", "de-FR", "1.234,56 €"),
    ],
)
def test_money_of_every_country(amount, currency, language, expected):
    """A shop abroad would print amounts as another country does."""
    assert expected == money_text(amount, currency, language)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("amount", [0, -5, 123_456_789])
def test_figures_hold_nothing_a_printer_lacks(amount, language):
    """A narrow blank or a true minus would be drawn as dots in the middle of an amount."""
    said = money_text(amount, "EUR", language) + time_text(
        "2026-07-28T12:03:59.000Z", "Europe/Berlin", language
    )
    assert not set(said) & set("\u00a0\u202f\u2212\u2019\u200e\u200f")


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en-US", "07/28/2026 14:03"),
        ("en-GB", "28/07/2026 14:03"),
        ("en-DE", "2026-07-28 14:03"),
        ("fi-FI", "28.07.2026 14.03"),
        ("hu-HU", "2026. 07. 28. 14:03"),
        ("bg-BG", "28.07.2026 \u0433. 14:03"),
        ("sv-SE", "2026-07-28 14:03"),
        ("ar-EG", "28/07/2026 14:03"),
    ],
)
def test_days_are_written_as_in_the_country(language, day):
    """A customer would take the fifth of August for the eighth of May."""
    assert day == time_text("2026-07-28T12:03:59.000Z", "Europe/Berlin", language)


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        (1000, "each", "1"),
        (12_000, "each", "12"),
        (1500, "each", "1,5"),
        (1000, "kg", "1,000 kg"),
        (1_234_567, "kg", "1.234,567 kg"),
        (10_000, "each", "10"),
    ],
)
def test_quantities(quantity, unit, expected):
    """Ten pieces would be printed as one, or a weight without its grams."""
    assert expected == quantity_text(quantity, unit, "de")


@pytest.mark.parametrize(
    ("rate", "expected"), [(0, "0 %"), (1000, "10 %"), (550, "5,5 %"), (255, "2,55 %")]
)
def test_rates(rate, expected):
    """Ten percent would be printed as one."""
    assert expected == rate_text(rate, "fr")


def test_dates_and_times():
    """The receipt would show UTC, or the day and month swapped."""
    assert "28/07/2026" == date_text("2026-07-28", "it")
    assert "2026-07-28 00:30" == time_text("2026-07-27T22:30:00.000Z", "Europe/Berlin", "en")
    with pytest.raises(InputFault):
        time_text("now", "Europe/Berlin", "en")


def test_a_tag_is_found_by_itself_then_by_its_language():
    """A Swiss shop would get German figures, a Bavarian one English words."""
    assert "'" == format_of("de-CH").group
    assert format_of("de") == format_of("de-DE")
    assert WORDS["de"] == words_of("DE-ch")
    assert WORDS["en"] == words_of("ga")


@pytest.mark.parametrize("language", WORDS)
def test_every_language_has_every_word(language):
    """A label would be empty on paper."""
    words = WORDS[language]
    assert all(getattr(words, name) for name in words.__struct_fields__)
    assert set(WORDS["en"].tenders) == set(words.tenders)
