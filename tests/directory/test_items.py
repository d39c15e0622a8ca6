"""Items: found by every key, searched by a cashier, imported where there is no HQ."""

from __future__ import annotations

import pytest

from agent.core.identifiers import ItemId
from agent.core.recognition import Item, ItemKey

COFFEE = Item(ItemId("coffee"), "Kaffee Crème 250 g", ("standard",), ("4006381333931",))
CHEESE = Item(
    ItemId("cheese"), "Käse am Stück", ("reduced",), reference="2200042", department="Theke"
)
MILK = Item(ItemId("milk"), "Milch 1 l", ("reduced",), ("04000000000013", "96385074"))


@pytest.fixture
def shop(directory):
    assert directory.import_items([COFFEE, CHEESE, MILK]) == 3
    return directory


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ItemKey(gtin="04006381333931"), "coffee"),
        (ItemKey(gtin="4006381333931"), "coffee"),
        (ItemKey(gtin="00000096385074"), "milk"),
        (ItemKey(item_id=ItemId("cheese")), "cheese"),
        (ItemKey(reference="2200042"), "cheese"),
        (ItemKey(reference="00042"), "cheese"),
        (ItemKey(reference="42"), "cheese"),
    ],
)
def test_an_item_is_found_by_each_key(shop, key, name):
    """One of the item's codes would be unknown at the till."""
    found = shop.item(key)
    assert found is not None
    assert name == found.item_id


@pytest.mark.parametrize(
    "key",
    [
        ItemKey(gtin="09520123456788"),
        ItemKey(reference="9"),
        ItemKey(reference=""),
        ItemKey(reference="000"),
        ItemKey(item_id=ItemId("x")),
        ItemKey(),
    ],
)
def test_an_unknown_key_finds_nothing(shop, key):
    """An unknown code would sell some other item."""
    assert shop.item(key) is None


def test_a_plu_of_two_items_decides_nothing(shop):
    """The price-embedded item would be sold for the weighed one."""
    shop.import_items([Item(ItemId("other"), "Other", ("standard",), reference="2100042")])
    assert shop.item(ItemKey(reference="42")) is None
    assert shop.item(ItemKey(reference="2200042")) == CHEESE


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("kaffee", ["coffee"]),
        ("creme kaf", ["coffee"]),
        ("KÄSE", ["cheese"]),
        ("kase stuck", ["cheese"]),
        ("theke", ["cheese"]),
        ("4006381", ["coffee"]),
        ("96385074", ["milk"]),
        ("42", ["cheese"]),
        ("250", ["coffee"]),
        ("tea", []),
        ("_", []),
        ("'\"*", []),
        ("AND OR NOT", []),
        ("kaffee NOT creme", []),
        ("", ["coffee", "cheese", "milk"]),
    ],
)
def test_search_finds_by_words_and_numbers(shop, text, names):
    """The cashier would not find an item whose code is torn off."""
    assert names == [item.item_id for item in shop.items(text, 10)]


def test_search_is_limited(shop):
    """A short word would send the whole catalogue to the page."""
    assert len(shop.items("", 2)) == 2
    assert len(shop.items("m", 0)) == 1
    many = [Item(ItemId(f"i{n}"), f"Thing {n}", (), (f"{n:014}",)) for n in range(300)]
    shop.import_items(many)
    assert len(shop.items("thing", 1000)) == 200


def test_importing_again_replaces(shop):
    """A new price list would leave the old names, keys and words in place."""
    renamed = Item(ItemId("coffee"), "Espresso", ("standard",), ("09520123456788",))
    assert shop.import_items([renamed]) == 1
    assert shop.item(ItemKey(gtin="04006381333931")) is None
    assert shop.item(ItemKey(gtin="09520123456788")) == renamed
    assert shop.items("kaffee", 5) == []
    assert shop.counts()["items"] == 3


def test_an_item_of_hq_is_not_replaced_by_a_file(shop, feed):
    """A forgotten file on the till would undo HQ's prices."""
    from_hq = Item(ItemId("coffee"), "From HQ", ("standard",))
    shop.apply("global", feed.page(feed.change("item:coffee", from_hq)))
    assert shop.import_items([COFFEE, CHEESE]) == 1
    assert shop.item(ItemKey(item_id=ItemId("coffee"))) == from_hq


def test_of_two_items_with_one_gtin_the_newest_is_meant(directory, feed):
    """Which of the two is sold would be left to chance."""
    old = Item(ItemId("a"), "Old", (), ("04006381333931",))
    new = Item(ItemId("b"), "New", (), ("04006381333931",))
    directory.apply("global", feed.page(feed.change("item:a", old), feed.change("item:b", new)))
    assert directory.item(ItemKey(gtin="04006381333931")) == new
    directory.apply("global", feed.page(feed.change("item:a", old)))
    assert directory.item(ItemKey(gtin="04006381333931")) == old
