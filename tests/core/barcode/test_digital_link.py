"""GS1 Digital Link: which web addresses sell an item, and why others do not."""

from __future__ import annotations

import pytest

from agent.core.barcode.digital_link import link_elements
from agent.core.barcode.unreadable import Unreadable

ITEM = ("01", "09520123456788")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://id.gs1.org/01/09520123456788", [ITEM]),
        ("http://a/01/09520123456788", [ITEM]),
        ("HTTP://A/01/09520123456788", [ITEM]),
        ("https://a:65535/01/09520123456788", [ITEM]),
        ("https://a./01/09520123456788", [ITEM]),
        ("https://192.0.2.1/01/09520123456788", [ITEM]),
        ("https://[2001:db8::1]/01/09520123456788", [ITEM]),
        ("https://xn--fsq.xn--0zwm56d/01/09520123456788", [ITEM]),
        ("https://a/some/shop/01/09520123456788", [ITEM]),
        ("https://a/01/faux/01/09520123456788", [ITEM]),
        ("https://a/01/09520123456788#top", [ITEM]),
        ("https://a/01/09520123456788?", [ITEM]),
        ("https://a/01/09520123456788?lang=de&utm", [ITEM]),
        ("https://a/01/09520123456788/22/2A", [ITEM, ("22", "2A")]),
        ("https://a/01/09520123456788/10/A%2F1", [ITEM, ("10", "A/1")]),
        ("https://a/01/09520123456788/10/A+1", [ITEM, ("10", "A+1")]),
        ("https://a/01/09520123456788/10/A%2", [ITEM, ("10", "A%2")]),
        ("https://a/01/09520123456788/10/A/21/B", [ITEM, ("10", "A"), ("21", "B")]),
        (
            "https://a/01/09520123456788/22/V/10/A/21/B",
            [ITEM, ("22", "V"), ("10", "A"), ("21", "B")],
        ),
        ("https://a/01/09520123456788/235/X?10=A", [ITEM, ("235", "X"), ("10", "A")]),
        (
            "https://a/01/09520123456788?17=261231&3103=000195&&3922=0299#x",
            [ITEM, ("17", "261231"), ("3103", "000195"), ("3922", "0299")],
        ),
        ("https://a/414/9520123456788/254/32a%2Fb", [("414", "9520123456788"), ("254", "32a/b")]),
        ("https://a/414/9520123456788/7040/1ABC", [("414", "9520123456788"), ("7040", "1ABC")]),
        (
            "https://a/8004/9520614141234567?01=9520123456788",
            [("8004", "9520614141234567"), ITEM],
        ),
        ("https://a/00/952012345678912345", [("00", "952012345678912345")]),
        ("https://a/8006/095201234567880102/21/S", [("8006", "095201234567880102"), ("21", "S")]),
        ("https://a/8010/9520A/8011/7", [("8010", "9520A"), ("8011", "7")]),
        ("https://a/8013/1987654Ad4X4bL5ttr2310c2K", [("8013", "1987654Ad4X4bL5ttr2310c2K")]),
        (
            "https://a/8017/952012345678900007/8019/1",
            [("8017", "952012345678900007"), ("8019", "1")],
        ),
        ("https://a/8018/952012345678900007", [("8018", "952012345678900007")]),
        ("https://a/417/9520123456788/7040/1ABC", [("417", "9520123456788"), ("7040", "1ABC")]),
        ("https://a/255/9520123456788123", [("255", "9520123456788123")]),
        ("https://a/253/9520123456788AB", [("253", "9520123456788AB")]),
        ("https://a/401/9520AB", [("401", "9520AB")]),
        ("https://a/402/95201234567890122", [("402", "95201234567890122")]),
        ("https://a/415/9520123456788/8020/R1", [("415", "9520123456788"), ("8020", "R1")]),
        ("https://a/8003/09520123456788S", [("8003", "09520123456788S")]),
        ("https://a/8004/9520A/7040/1ABC", [("8004", "9520A"), ("7040", "1ABC")]),
    ],
)
def test_valid_links_are_read(uri, expected):
    """A pack whose only symbol is this QR code could not be sold."""
    assert expected == [(one.ai, one.value) for one in link_elements(uri)]


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("https://", "bad-web-address"),
        ("https:///01/09520123456788", "bad-web-address"),
        ("https://a", "bad-web-address"),
        ("https://a$/01/09520123456788", "bad-web-address"),
        ("https://user@a/01/09520123456788", "bad-web-address"),
        ("https://[fe80::1%25lo]/01/09520123456788", "bad-web-address"),
        ("https://a/01/09520123456788/10/A B", "bad-web-address"),
        ('https://a/01/09520123456788/10/"', "bad-web-address"),
        ("https://a/01/09520123456788/10/é", "bad-web-address"),
        ("https://a/", "no-gs1-key"),
        ("https://a/b", "no-gs1-key"),
        ("https://a/shop/products", "no-gs1-key"),
        ("https://01/09520123456788", "no-gs1-key"),
        ("https://a/gtin/09520123456788", "no-gs1-key"),
        ("https://a/01/09520123456788/", "no-gs1-key"),
        ("https://a/10/A", "no-gs1-key"),
        ("https://a/01/09520123456788/89/A", "no-gs1-key"),
        ("https://a/01/9520123456788", "malformed-ai"),
        ("https://a/01/952012345671", "malformed-ai"),
        ("https://a/01/96385074", "malformed-ai"),
        ("https://a/01/095201234567881", "malformed-ai"),
        ("https://a/01/0952012345678X", "malformed-ai"),
        ("https://a/01/09520123456789", "wrong-check-digit"),
        ("https://a/01/09520123456788/10//21/A", "malformed-ai"),
        ("https://a/01/09520123456788/10/A%00", "malformed-ai"),
        ("https://a/01/09520123456788/10/A%20B", "malformed-ai"),
        ("https://a/01/09520123456788/21/B/10/A", "wrong-qualifier"),
        ("https://a/01/09520123456788/10/A/10/A", "wrong-qualifier"),
        ("https://a/01/09520123456788/22/V/235/X", "wrong-qualifier"),
        ("https://a/00/952012345678912345/10/A", "wrong-qualifier"),
        ("https://a/01/09520123456788?10=A", "wrong-attribute"),
        ("https://a/01/09520123456788?21=A", "wrong-attribute"),
        ("https://a/01/09520123456788/10/A?22=V", "wrong-attribute"),
        ("https://a/01/09520123456788?254=A", "wrong-attribute"),
        ("https://a/01/09520123456788?8200=https://b/", "wrong-attribute"),
        ("https://a/01/09520123456788?8020=A", "wrong-attribute"),
        ("https://a/01/09520123456788?8014=9520", "wrong-attribute"),
        ("https://a/00/952012345678912345?7041=AA", "wrong-attribute"),
        ("https://a/00/952012345678912345?03=09520123456788", "wrong-attribute"),
        ("https://a/01/09520123456788?37=5", "contradicting-ai"),
        ("https://a/01/09520123456788?3103=000001&3102=000001", "contradicting-ai"),
        ("https://a/01/09520123456788?" + "99=A&" * 65, "too-many-ais"),
        ("https://a/01/09520123456788/10/A?10=A", "repeated-ai"),
        ("https://a/01/09520123456788?99=A&99=A", "repeated-ai"),
        ("https://a/01/09520123456788?01=09520123456788", "repeated-ai"),
        ("https://a/01/09520123456788?99=A&89=B", "unknown-ai"),
        ("https://a/01/09520123456788?99=A+B", "malformed-ai"),
        ("https://a/01/09520123456788?99=", "malformed-ai"),
        ("https://a/01/09520123456788?17=261331", "malformed-ai"),
        ("https://id.gs1.org/ARHKVAdpQg", "compressed-digital-link"),
        ("https://a/01/09520123456788/q3fEdA-b_9", "compressed-digital-link"),
    ],
)
def test_what_a_lenient_reader_would_sell_is_refused(uri, reason):
    """An address that GS1's rules refuse would sell the wrong item or lose its lot."""
    with pytest.raises(Unreadable) as caught:
        link_elements(uri)
    assert reason == caught.value.reason.name
