"""Patterns of in-store codes, as IT writes them in the settings."""

from __future__ import annotations

import pytest

from agent.core.barcode import InStoreItem, parse_pattern
from agent.core.barcode.check_digits import amount_check_digit, check_digit
from agent.core.barcode.in_store import in_store_item
from agent.core.barcode.rules import BarcodeRules
from agent.core.barcode.unreadable import Unreadable
from agent.core.faults import InputFault


def _code(twelve: str) -> str:
    return twelve + str(check_digit(twelve))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("21IIIIIPPPPC", "must be 13 characters"),
        ("21IIIIIPPPPPX", "must be 13 characters"),
        ("21IIIIIPPPPPP", "must be 13 characters"),
        ("IIIIIIIPPPPPC", "must be 13 characters"),
        ("40IIIIIPPPPPC", "real products"),
        ("21PPPPPPPPPPC", "has no I"),
        ("21IIIPPIIPPPC", "I in more than one place"),
        ("21IIIIPWPWPWC", "in more than one place"),
        ("21IIIIPPPWWWC", "more than one of price, weight and number"),
        ("21IIIINNNPPPC", "more than one of price, weight and number"),
        ("21IIIIIIIIIIC*10", "has no amount"),
        ("21IIIIIPPPPPC*5", "must be 13 characters"),
        ("21IIIIIPPPPPC*", "must be 13 characters"),
        ("21IIIIIPPPPPC*10000", "must be 13 characters"),
        ("21IIIVVPPPPPC", "more than one V"),
        ("21IIIVPPPPPPC", "over 6 digits"),
        ("21IIIIIIIIIVC", "over 0 digits"),
    ],
)
def test_bad_patterns_say_what_is_wrong(text, says):
    """IT would see a refusal without knowing which character to change."""
    with pytest.raises(InputFault) as caught:
        parse_pattern(text)
    assert says in caught.value.detail
    assert "21IIIIIPPPPPC" in caught.value.remedy
    assert caught.value.name == "bad-pattern"


@pytest.mark.parametrize(
    ("pattern", "code", "expected"),
    [
        ("21IIIIIPPPPPC", _code("211234501299"), InStoreItem("2112345", "", price=1299)),
        ("22IIIIIWWWWWC", _code("224711000345"), InStoreItem("2247110", "", weight=345)),
        ("02IIIIIWWWWWC", _code("024711000345"), InStoreItem("0247110", "", weight=345)),
        ("20IIIIIIIIIIC", _code("201234567890"), InStoreItem("201234567890", "")),
        ("23IIIIVPPPPPC", _code("231234614685"), InStoreItem("231234", "", price=14685)),
        ("23IIIIIVPPPPC", _code("231234592875"), InStoreItem("2312345", "", price=2875)),
        ("24WWWWWVIIIIC", _code("241468561234"), InStoreItem("241234", "", weight=14685)),
        ("25PPPPP9IIIIC", _code("250012391234"), InStoreItem("251234", "", price=123)),
        ("25IIIIVNNNNNC", _code("251234614685"), InStoreItem("251234", "", count=14685)),
        ("22IIIIIIPPPPC*100", _code("221234560042"), InStoreItem("22123456", "", price=4200)),
        ("24IIIIIIWWWWC*10", _code("241234560042"), InStoreItem("24123456", "", weight=420)),
    ],
)
def test_codes_of_a_pattern_are_read(pattern, code, expected):
    """A label of the meat counter would have a wrong price, weight or item."""
    read = in_store_item(code, BarcodeRules((pattern,), "EUR"))
    assert read is not None
    wanted = (expected.reference, expected.price, expected.weight, expected.count)
    assert wanted == (read.reference, read.price, read.weight, read.count)
    assert pattern == read.pattern


def test_ten_thousand_labels_decode_back():
    """Some price, weight or item number would be read as another."""
    for pattern, kind in (("21IIIIVPPPPPC", "price"), ("22IIIIIWWWWWC", "weight")):
        rules = BarcodeRules((pattern,), "EUR")
        for n in range(0, 100_000, 10):
            amount = f"{n:05}"
            inner = str(amount_check_digit(amount)) if "V" in pattern else "7"
            code = _code(f"{pattern[:2]}{n % 10_000:04}{inner}{amount}")
            read = in_store_item(code, rules)
            assert n == getattr(read, kind)


def test_wrong_inner_check_digit_is_refused():
    """A misread price would be charged."""
    with pytest.raises(Unreadable) as caught:
        in_store_item(_code("231234714685"), BarcodeRules(("23IIIIVPPPPPC",), "EUR"))
    assert caught.value.reason.name == "wrong-inner-check-digit"
    assert "expected 6, got 7" in caught.value.reason.detail


def test_the_first_pattern_that_fits_decides():
    """A chain could not describe an exception to its own rule."""
    rules = BarcodeRules(("2199IIIPPPPPC", "21IIIIIPPPPPC"), "EUR")
    exception = in_store_item(_code("219912300500"), rules)
    ordinary = in_store_item(_code("211112300500"), rules)
    assert exception is not None
    assert ordinary is not None
    assert (exception.reference, ordinary.reference) == ("2199123", "2111123")


def test_a_bad_pattern_in_the_rules_is_a_reason():
    """A scan would raise in the middle of a sale over a typing error in the settings."""
    with pytest.raises(Unreadable) as caught:
        in_store_item(_code("219912300500"), BarcodeRules(("nonsense",), "EUR"))
    assert caught.value.reason.name == "bad-pattern"


def test_a_code_of_no_pattern_is_none():
    """A real product would be taken for a weighed one."""
    assert in_store_item("4006381333931", BarcodeRules(("21IIIIIPPPPPC",), "EUR")) is None
