"""What is known of an item beyond its number: measures, publications, composites, stray GS."""

from __future__ import annotations

import pytest

from agent.core.barcode import (
    BarcodeRules,
    InStoreItem,
    Measure,
    PlainText,
    Publication,
    TradeItem,
    check_digit,
    read,
)

RULES = BarcodeRules(("21IIIIIPPPPPC",), "EUR")
GS = "\x1d"
GTIN = "09520123456788"


def first(text: str):
    """Read a scan; gives its strongest meaning."""
    return read(text.encode(), RULES).meanings[0]


@pytest.mark.parametrize(
    ("element", "grams"),
    [
        ("3103000001", 1),
        ("3100000002", 2000),
        ("3105012345", 123),
        ("3105012350", 124),
        ("3200000001", 454),
        ("3203001000", 454),
        ("3202000100", 454),
        ("3205100000", 454),
        ("3200002204", 999718),
        ("3560000001", 31),
        ("3562000100", 31),
    ],
)
def test_every_net_weight_is_grams(element, grams):
    """A weight in pounds or troy ounces would be charged as kilograms."""
    assert first(f"]C101{GTIN}{element}").weight == grams


@pytest.mark.parametrize(
    ("element", "measure"),
    [
        ("3110000012", Measure("3110", "m", "12")),
        ("3112000125", Measure("3112", "m", "1.25")),
        ("3145000001", Measure("3145", "m2", "0.00001")),
        ("3153000750", Measure("3153", "l", "0.750")),
        ("3651000015", Measure("3651", "ft3", "1.5")),
    ],
)
def test_other_measures_are_kept_exactly(element, measure):
    """The length of a ribbon or the volume of a drink would be lost or rounded."""
    assert first(f"]e001{GTIN}{element}").measures == (measure,)


def test_a_gross_weight_is_no_net_weight():
    """A customer would pay for the crate."""
    item = first(f"]C101{GTIN}3302001250")
    assert (item.weight, item.measures) == (None, ())


@pytest.mark.parametrize(
    ("digits", "publication"),
    [
        ("9783161484100", Publication("isbn", "9783161484100")),
        ("9791034744930", Publication("isbn", "9791034744930")),
        ("9790260000438", Publication("ismn", "9790260000438")),
        ("9771234567003", Publication("issn", "1234-5679")),
        ("9772434561006", Publication("issn", "2434-561X")),
        ("4006381333931", None),
    ],
)
def test_books_music_and_magazines_say_their_number(digits, publication):
    """A bookshop could not look a title up by the number its trade uses."""
    assert first("]E0" + digits).publication == publication
    assert first(digits).publication == publication


def test_an_add_on_of_an_in_store_label_is_left_aside():
    """A label with digits beside it would not be read."""
    code = "211234501299" + str(check_digit("211234501299"))
    assert first("]E3" + code + "12") == InStoreItem("2112345", "21IIIIIPPPPPC", price=1299)


@pytest.mark.parametrize("ean", ["]E09520123456788", "]E496385074", "9520123456788"])
def test_a_composite_adds_to_its_ean(ean):
    """Lot and date of a composite symbol sent as one message would make it unreadable."""
    reading = read(f"{ean}|]e01726123110A{GS}99X".encode(), RULES)
    item = reading.meanings[0]
    assert isinstance(item, TradeItem)
    assert (item.lot, item.expiry) == ("A", "2026-12-31")
    assert item.gtin.endswith(ean[3:] if "]" in ean else ean)


def test_a_composite_on_an_in_store_label_adds_nothing():
    """A price label would lose its price to what stands above it."""
    code = "211234501299" + str(check_digit("211234501299"))
    found = first(f"]E0{code}|]e010A")
    assert isinstance(found, InStoreItem)


@pytest.mark.parametrize(
    ("composite", "reason"),
    [
        ("0109520000000011", "repeated-ai"),
        ("17261331", "malformed-ai"),
        ("02" + GTIN + "3705", "contradicting-ai"),
    ],
)
def test_a_composite_that_contradicts_is_refused(composite, reason):
    """Two items in one symbol would be sold as either."""
    names = [one.name for one in read(f"]E0{GTIN[1:]}|]e0{composite}".encode(), RULES).reasons]
    assert reason in names


@pytest.mark.parametrize(
    "text",
    [
        f"{GS}01{GTIN}",
        f"01{GTIN}10A{GS}",
        f"{GS}{GS}01{GTIN}10A{GS}{GS}",
        f"]C1{GS}01{GTIN}{GS}",
        f"]d2{GS}01{GTIN}{GS}10A{GS}",
    ],
)
def test_separators_that_separate_nothing_are_tolerated(text):
    """A scanner that sends FNC1 at an end could not be used."""
    assert first(text).gtin == GTIN


@pytest.mark.parametrize(
    "text", ["4006381333931", "https://a/01/04006381333931", "]E04006381333931"]
)
@pytest.mark.parametrize(("before", "after"), [("", GS), (GS, ""), (GS, GS)])
def test_separators_around_anything_else_too(text, before, after):
    """A stray FNC1 of the scanner's settings would hide plain codes."""
    aim, data = (text[:3], text[3:]) if text.startswith("]") else ("", text)
    found = read(f"{aim}{before}{data}{after}".encode(), RULES).meanings
    assert "04006381333931" in [one.gtin for one in found if isinstance(one, TradeItem)]


def test_a_card_with_a_stray_separator_is_the_card():
    """A loyalty card would not be found for one character nobody sees."""
    assert first(f"]C0LC004106105R{GS}") == PlainText("LC004106105R")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("81100952012123456" + "3150" + "110123", "8110"),
        ("8112009520121234560123456", "8112"),
        ("255" + "952012345678" + str(check_digit("952012345678")), "255"),
    ],
)
def test_coupons_of_gs1_are_their_whole_element(text, kind):
    """A coupon would be refused as a symbol without an item."""
    assert first("]e0" + text) == PlainText(text)
    assert text.startswith(kind)


def test_one_symbol_is_one_item_whatever_its_length_of_number():
    """A pack found by EAN-8 and by GTIN-14 would be two items."""
    forms = ["]E496385074", "96385074", "]C10100000096385074", "https://a/01/00000096385074"]
    assert {first(form).gtin for form in forms} == {"00000096385074"}
