"""The catalogue's file: what a row says of an item, and what several rows say together."""

from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.core.recognition.catalogue import codes_of, item_of, joined, read_catalogue, taken
from agent.core.recognition.items import Item, Price
from agent.core.rows import Row

FULL = {
    "item_id": "i-1",
    "name": "Coffee",
    "tax": "reduced deposit",
    "price": "4.49",
    "gtin": "4006381333931 96385074",
    "reference": "2110909",
    "unit": "KG",
    "department": "Pantry",
    "valid_from": "2026-12-01",
    "valid_until": "2026-12-31",
}


def row(**fields):
    return Row(2, {**FULL, **fields})


def test_row_is_an_item_with_one_price():
    """The till would sell something else than the file says."""
    assert item_of(row()) == Item(
        "i-1",
        "Coffee",
        ("reduced", "deposit"),
        gtins=("04006381333931", "00000096385074"),
        reference="2110909",
        unit="kg",
        prices=(Price(449, "2026-12-01", "2026-12-31"),),
        department="Pantry",
    )


def test_shortest_row():
    """A file of four columns would not do."""
    short = Row(2, {"item_id": "i-1", "name": "Tea", "tax": "standard", "price": "2,5"})
    assert item_of(short) == Item("i-1", "Tea", ("standard",), prices=(Price(250),))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"item_id": ""}, "item_id is empty"),
        ({"name": ""}, "name is empty"),
        ({"tax": ""}, "tax is empty"),
        ({"price": ""}, "price is empty"),
        ({"price": "cheap"}, "not an amount"),
        ({"price": "-1"}, "cannot be"),
        ({"price": "99999999999.00"}, "cannot be"),
        ({"gtin": "123"}, "no GTIN"),
        ({"gtin": "400638133393x"}, "no GTIN"),
        ({"gtin": "4006381333932"}, "2 instead of 1"),
        ({"reference": "ABC"}, "is no number"),
        ({"unit": "ton"}, "'ton'"),
        ({"valid_from": "31.12.2026"}, "is no date"),
        ({"valid_from": "2027-01-01"}, "before 2027-01-01"),
    ],
)
def test_field_that_cannot_be_is_named(fields, reason):
    """A misprint would be sold, or nobody would find it in the file."""
    with pytest.raises(InputFault, match=reason) as caught:
        item_of(row(**fields))
    assert caught.value.remedy


def test_wrong_check_digit_is_told_by_its_name():
    """Software could not tell a misprint from another trouble."""
    with pytest.raises(InputFault) as caught:
        item_of(row(gtin="4006381333932"))
    assert caught.value.name == "wrong-check-digit"


def test_currency_decides_the_decimals():
    """Yen would be multiplied by a hundred."""
    assert item_of(row(price="249", currency="JPY")).prices[0].amount == 249
    assert item_of(row(price="249"), "JPY").prices[0].amount == 249


def test_price_in_a_currency_the_shop_does_not_sell_in():
    """Pounds would be charged as euros."""
    assert item_of(row(currency="EUR"), "EUR").prices[0].amount == 449
    with pytest.raises(InputFault, match="in GBP, and this shop sells in EUR"):
        item_of(row(currency="GBP"), "EUR")


def test_rows_of_one_item_are_told_together():
    """The second price would become a second item."""
    problems = []
    told = read_catalogue(
        "x.csv",
        [
            "item_id,name,tax,price,valid_from\n",
            "i-1,Tea,reduced,2.49,\n",
            "i-2,Milk,reduced,1.19,\n",
            "i-1,Black tea,reduced,2.79,2026-12-01\n",
            "i-3,Bad,reduced,x,\n",
        ],
        problems,
        currency="EUR",
    )
    assert [each.lines for each in told] == [(2, 4), (3,)]
    assert [(problem.line, problem.skipped) for problem in problems] == [(5, True)]
    both = joined(told[0].items)
    assert (both.name, both.prices) == ("Black tea", (Price(249), Price(279, "2026-12-01")))


def test_held_prices_stay_and_one_of_the_same_day_is_replaced():
    """A price agreed for next month would be lost by tonight's import."""
    held = Item("i-1", "Tea", ("old",), gtins=("1",), prices=(Price(1), Price(9, "2027-01-01")))
    told = Item("i-1", "Tea", ("new",), gtins=("2",), prices=(Price(2),))
    found = joined([told], held)
    assert found.prices == (Price(2), Price(9, "2027-01-01"))
    assert (found.gtins, found.taxes) == (("2",), ("new",))


def test_codes_name_one_item():
    """Two items under one code: the till would sell either."""
    item = Item("i-1", "Tea", ("r",), gtins=("1", "2"), reference="21")
    assert codes_of(item) == ["gtin:1", "gtin:2", "reference:21"]
    assert codes_of(Item("i-2", "Milk", ("r",))) == []
    assert "gtin 1 already belongs to item 'i-1'" == taken("gtin:1", "i-1").detail
