"""What the library underneath is known to get wrong, and what a till makes of it instead."""

from __future__ import annotations

import pytest

from agent.core.barcode import BarcodeRules, TradeItem, read

RULES = BarcodeRules((), "EUR")
GTIN = "09520123456788"


@pytest.mark.parametrize(
    "scan",
    [
        f"]Q1https://id.gs1.org/01/{GTIN}",
        f"]d1https://id.gs1.org/01/{GTIN}",
        f"]Q2\\000026https://id.gs1.org/01/{GTIN}",
        f"]z0https://id.gs1.org/01/{GTIN}",
        f"]J0https://id.gs1.org/01/{GTIN}",
        f"HTTPS://ID.GS1.ORG/01/{GTIN}",
        f"]Q1HTTP://EXAMPLE.COM/SHOP/01/{GTIN}/10/AB%2F1",
        f"]J101{GTIN}10A",
        f"]J101{GTIN}",
    ],
)
def test_items_it_misses_are_found(scan):
    """A pack with this symbol could not be sold: it would be mere text, or nothing."""
    items = [one for one in read(scan.encode(), RULES).meanings if isinstance(one, TradeItem)]
    assert [item.gtin for item in items] == [GTIN]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://a/01/9520123456788", "malformed-ai"),
        (f"https://a/01/{GTIN}/10/A?10=B", "repeated-ai"),
        (f"https://a/01/{GTIN}/10/A?01={GTIN}", "repeated-ai"),
        (f"https://a/01/{GTIN}?99=A&99=A", "repeated-ai"),
        (f"https://a/01/{GTIN}/21/B/10/A", "wrong-qualifier"),
        (f"https://a/01/{GTIN}?10=A", "wrong-attribute"),
        (f"https://a/01/{GTIN}?89=A", "unknown-ai"),
        (f"https://a/01/{GTIN}?999=A", "unknown-ai"),
        (f"https://a/gtin/{GTIN}", "no-gs1-key"),
        (f"https://a/01/{GTIN}?99=", "malformed-ai"),
        (f"https://a$/01/{GTIN}", "bad-web-address"),
        ("https://id.gs1.org/ARHKVAdpQg", "compressed-digital-link"),
        (f"https://a/01/{GTIN}?422=999", "unknown-code"),
        (f"https://a/01/{GTIN}?37=5", "contradicting-ai"),
    ],
)
def test_links_it_lets_pass_are_refused(link, reason):
    """A link that GS1's rules refuse would sell the wrong item, or lose its lot."""
    reading = read(f"]Q1{link}".encode(), RULES)
    assert [one.name for one in reading.reasons] == [reason]
    assert not [one for one in reading.meanings if isinstance(one, TradeItem)]


@pytest.mark.parametrize("scan", [b"]", b"]Q", b"]]", b"]Q1", b"", b"]\xff", b"]e0", b"\x1d"])
def test_what_made_it_raise_is_a_reason(scan):
    """Two bytes of noise would stop the till."""
    reading = read(scan, RULES)
    assert reading.reasons
    assert reading.raw == scan.decode("latin-1")
