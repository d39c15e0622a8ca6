"""Money of a Vendure in major units: the same money to the cent, or none at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from central.channels.vendure_money import MAJOR, MINOR, as_told, in_minor_units


def order(currency, **amounts):
    lines = [{"quantity": 3, "unitPriceWithTax": amounts.get("each", 0)}]
    kept = {"items": [{"data": {"amount": "a plugin's own"}}]}
    whole = {"currencyCode": currency, "totalWithTax": amounts["total"], "lines": lines}
    return whole | {"history": kept}


@pytest.mark.parametrize(
    ("currency", "total", "minor"),
    [
        ("EUR", Decimal("19.99"), 1999),
        ("EUR", 20, 2000),
        ("JPY", 1999, 1999),
        ("KWD", Decimal("1.999"), 1999),
        ("EUR", Decimal("59.970000000000006"), 5997),
        ("EUR", Decimal("-0.1"), -10),
    ],
)
def test_major_units_are_read_by_the_currency(currency, total, minor):
    """A hundred times too much, or a cent lost to a sum of doubles."""
    assert minor == in_minor_units(order(currency, total=total), MAJOR)["totalWithTax"]


def test_everything_that_is_money_is_read_and_nothing_else():
    """Three pieces would be three hundred, or a price a hundredth of itself."""
    read = in_minor_units(order("EUR", total=0, each=Decimal("4.5")), MAJOR)
    assert {"quantity": 3, "unitPriceWithTax": 450} == read["lines"][0]
    assert "a plugin's own" == read["history"]["items"][0]["data"]["amount"]


def test_an_amount_nobody_can_pay_is_no_amount():
    """Half a cent would be rounded away, and HQ's sum would not be the web store's."""
    with pytest.raises(ValueError, match="2 decimals"):
        in_minor_units(order("EUR", total=Decimal("19.995")), MAJOR)


def test_minor_units_stay_as_they_are():
    """A Vendure as it comes would be read a hundred times too high."""
    told = order("EUR", total=1999)
    assert told == in_minor_units(told, MINOR)
    assert (1999, Decimal("19.99"), Decimal(1999)) == (
        as_told(1999, "EUR", MINOR),
        as_told(1999, "EUR", MAJOR),
        as_told(1999, "JPY", MAJOR),
    )
