"""What to propose for a shop's country: a proposal to be confirmed, never a ruling on taxes."""

from __future__ import annotations

from pathlib import Path

import msgspec

LOCALTIME = Path("/etc/localtime")
_ZONES = "zoneinfo/"


class Country(msgspec.Struct, frozen=True):
    """Where most shops of a country begin."""

    currency: str
    timezone: str
    language: str
    standard: int | None = None
    """Standard rate of value added tax, basis points; None where nothing is proposed."""
    reduced: int | None = None
    """The reduced rate that food is sold at."""
    cash_rounding: int = 1


COUNTRIES = {
    "AE": Country("AED", "Asia/Dubai", "ar"),
    "AT": Country("EUR", "Europe/Vienna", "de", 2000, 1000),
    "BE": Country("EUR", "Europe/Brussels", "nl", 2100, 600, cash_rounding=5),
    "BG": Country("EUR", "Europe/Sofia", "bg"),
    "CH": Country("CHF", "Europe/Zurich", "de", 810, 260, cash_rounding=5),
    "CZ": Country("CZK", "Europe/Prague", "cs", cash_rounding=100),
    "DE": Country("EUR", "Europe/Berlin", "de", 1900, 700),
    "DK": Country("DKK", "Europe/Copenhagen", "da", cash_rounding=50),
    "ES": Country("EUR", "Europe/Madrid", "es", 2100, 1000),
    "FI": Country("EUR", "Europe/Helsinki", "fi", cash_rounding=5),
    "FR": Country("EUR", "Europe/Paris", "fr", 2000, 550),
    "GB": Country("GBP", "Europe/London", "en", 2000, 0),
    "GR": Country("EUR", "Europe/Athens", "el"),
    "HU": Country("HUF", "Europe/Budapest", "hu", cash_rounding=500),
    "IL": Country("ILS", "Asia/Jerusalem", "he", cash_rounding=10),
    "IT": Country("EUR", "Europe/Rome", "it", 2200, 1000),
    "LU": Country("EUR", "Europe/Luxembourg", "fr", 1700, 300),
    "NL": Country("EUR", "Europe/Amsterdam", "nl", 2100, 900, cash_rounding=5),
    "NO": Country("NOK", "Europe/Oslo", "nb", cash_rounding=100),
    "PL": Country("PLN", "Europe/Warsaw", "pl"),
    "PT": Country("EUR", "Europe/Lisbon", "pt"),
    "RO": Country("RON", "Europe/Bucharest", "ro"),
    "SA": Country("SAR", "Asia/Riyadh", "ar"),
    "SE": Country("SEK", "Europe/Stockholm", "sv", cash_rounding=100),
    "TR": Country("TRY", "Europe/Istanbul", "tr"),
    "UA": Country("UAH", "Europe/Kyiv", "uk"),
}
"""Rates as of 2026, from each country's VAT act; the last columns of a country may be empty."""


def proposal(country: str) -> Country:
    """Give what to propose; for a country not listed, this machine's own time zone."""
    return COUNTRIES.get(country) or Country("EUR", machine_zone(), "en")


def machine_zone(localtime: Path = LOCALTIME) -> str:
    """Name the time zone this machine is set to; UTC where it does not say."""
    _, found, name = str(localtime.resolve()).partition(_ZONES)
    return name if found else "UTC"
