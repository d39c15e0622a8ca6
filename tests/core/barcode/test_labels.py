"""In-store labels of any pattern read back exactly, and like other software reads them."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from biip import ParseConfig, parse
from biip.rcn import Rcn, RcnRegion

from agent.core.barcode import BarcodeRules, InStoreItem, check_digit, read
from agent.core.barcode.check_digits import amount_check_digit

LABELS = 10_000
BODY = 10
"""Digits between a prefix of two and the check digit."""


def whole(digits: str) -> str:
    """Add the check digit."""
    return digits + str(check_digit(digits))


def pattern(chance: random.Random) -> str:
    """Make up a pattern as a supplier might have it."""
    prefix = f"2{chance.randrange(10)}" if chance.random() < 0.9 else chance.choice(["02", "04"])
    letter = chance.choice("PWN")
    amount = letter * chance.choice([4, 5, 5, 5, 6])
    inner = "V" if len(amount) in (4, 5) and chance.random() < 0.6 else ""
    spare = BODY - len(amount) - len(inner)
    fixed = str(chance.randrange(10)) * chance.choice([0, 0, 1])
    item = "I" * (spare - len(fixed))
    parts = [item, amount, inner, fixed]
    chance.shuffle(parts)
    times = chance.choice(["", "", "", "*10", "*100", "*1000"])
    return prefix + "".join(parts) + "C" + times


def label(chance: random.Random, text: str) -> tuple[str, str, int]:
    """Print a label by a pattern; gives its digits, its item and its amount."""
    text = text.partition("*")[0]
    amount = "".join(str(chance.randrange(10)) for letter in text if letter in "PWN")
    inner = str(amount_check_digit(amount)) if "V" in text else ""
    digits, item, left = "", "", iter(amount)
    for letter in text[:-1]:
        digit = letter
        if letter == "I":
            digit = str(chance.randrange(10))
            item += digit
        elif letter in "PWN":
            digit = next(left)
        elif letter == "V":
            digit = inner
        digits += digit
    return whole(digits), item, int(amount)


@pytest.mark.untraced
def test_ten_thousand_labels_of_any_pattern_read_back():
    """Some price, weight or item number would be read as another."""
    chance = random.Random(14)
    kinds = set()
    for _ in range(LABELS):
        text = pattern(chance)
        digits, item, amount = label(chance, text)
        found = read(f"]E0{digits}".encode(), BarcodeRules((text,), "EUR")).meanings[0]
        assert isinstance(found, InStoreItem), text
        assert found.reference.endswith(item)
        assert found.reference.startswith(text[:2])
        amounts = {"P": found.price, "W": found.weight, "N": found.count}
        (letter,) = {"P", "W", "N"} & set(text)
        assert amounts.pop(letter) == amount * int(text.partition("*")[2] or 1)
        assert set(amounts.values()) == {None}
        kinds.add(("V" in text, text.count(letter)))
    assert {(True, 4), (True, 5), (False, 6)} <= kinds


def test_a_wrong_inner_check_digit_is_always_noticed():
    """A price with one digit misread would be charged."""
    chance = random.Random(15)
    for size in (4, 5):
        text = "23" + "I" * (9 - size) + "V" + "P" * size + "C"
        rules = BarcodeRules((text,), "EUR")
        for _ in range(500):
            digits, _, _ = label(chance, text)
            place = chance.randrange(12 - size, 12)
            other = str((int(digits[place]) + chance.randrange(1, 10)) % 10)
            misread = whole(digits[:place] + other + digits[place + 1 : 12])
            reading = read(f"]E0{misread}".encode(), rules)
            assert [one.name for one in reading.reasons] == ["wrong-inner-check-digit"]
            assert not [one for one in reading.meanings if isinstance(one, InStoreItem)]


# Countries → patterns as our settings say them, with the decimals that GS1 there defines.
NORDIC = ("20IIIIIIPPPPC", "21IIIIIIPPPPC*10", "22IIIIIIPPPPC*100")
BALTIC = ("23IIIIIIWWWWC", "24IIIIIIWWWWC*10", "25IIIIIIWWWWC*100")
REGIONS = {
    "dk": (
        *(f"2{n}IIIIPPPPPPC" for n in (1, 2, 3, 4)),
        "26IIIIWWWWWWC",
        "27IIIIIWWWWWC",
        "28IIIIWWWWWWC",
    ),
    "de": (
        *(f"2{n}IIIIVPPPPPC" for n in (2, 3)),
        *(f"2{n}IIIIVNNNNNC" for n in (5, 6)),
        *(f"2{n}IIIIVWWWWWC" for n in (8, 9)),
    ),
    "gb": ("20IIIIIVPPPPC",),
    **dict.fromkeys(("ee", "fi", "lv", "lt"), BALTIC),
    **dict.fromkeys(("no", "se"), NORDIC + BALTIC),
}


@pytest.mark.untraced
@pytest.mark.parametrize("region", RcnRegion)
def test_nine_countries_agree_with_other_software(region):
    """A shop in that country would charge another price than its scale printed."""
    chance = random.Random(region.value)
    for text in REGIONS[region.value]:
        rules = BarcodeRules(REGIONS[region.value], "EUR")
        for _ in range(100):
            digits, item, _ = label(chance, text)
            theirs = parse(digits, config=ParseConfig(rcn_region=region)).gtin
            ours = read(f"]E0{digits}".encode(), rules).meanings[0]
            assert isinstance(theirs, Rcn)
            assert isinstance(ours, InStoreItem)
            assert ours.reference == text[:2] + item == text[:2] + theirs.item_reference
            assert (ours.price, ours.weight, ours.count) == _amounts(theirs)


def _amounts(theirs: Rcn) -> tuple[Decimal | None, Decimal | None, int | None]:
    price = None if theirs.price is None else theirs.price * 100
    weight = None if theirs.weight is None else theirs.weight * 1000
    return price, weight, theirs.count
