"""How to reach somebody is found among other words; what only looks so is let through."""

from __future__ import annotations

import pytest

from agent.core.recognition import mentions, without_mentions
from agent.core.recognition.means import IdentifierType


@pytest.mark.parametrize(
    ("text", "region", "shown"),
    [
        ("for Ada.Byron@Example.com!", "DE", "for ***"),
        ("(a+b@shop.example), call 01715550199", "DE", "(***), call ***"),
        ("0171 / 555 01-99", "DE", "***"),
        ("(0171) 5550199", "DE", "***"),
        ("+49 171 5550199 tomorrow", "US", "*** tomorrow"),
        ("202-555-0123", "US", "***"),
        ("612 345 678", "ES", "***"),
        ("06 95 21 12 34", "FR", "***"),
    ],
)
def test_it_is_found_and_hidden(text, region, shown):
    """A customer's number would stay in the books for years."""
    assert shown == without_mentions(text, region)


@pytest.mark.parametrize(
    "text",
    [
        "size 38-40, 2 x 500 g at 12.345,00",
        "until 01.11.2026 12 30",
        "GTIN 09521000885264",
        "UPC 036000291452",
        "EAN-8 04210009",
        "part 1234567890",
        "SN01715550199",
        "612 345 678",
        "store-0001-till-1-0035-12345678",
        "0815 47",
        "0300 1234567 8901234",
        "+0000000000",
        "+999 1234567",
        "nobody@nowhere",
        "",
    ],
)
def test_articles_dates_and_amounts_are_let_through(text):
    """A shop could not name what it sells."""
    assert () == mentions(text, "DE")
    assert text == without_mentions(text, "DE")


def test_each_is_told_with_its_place_and_kind():
    """What is hidden would be told as something else."""
    text = "030 1234567 or ada@example.com"
    found = [(each.type, text[each.start : each.end]) for each in mentions(text, "DE")]
    phone = (IdentifierType.PHONE, "030 1234567")
    assert [phone, (IdentifierType.EMAIL, "ada@example.com")] == found
