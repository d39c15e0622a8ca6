"""Whether a pack's date is over on a given day."""

from __future__ import annotations

import pytest

from agent.core.barcode import BarcodeRules, Passed, passed, read

RULES = BarcodeRules((), "EUR")
TODAY, NOON = "2026-07-28", "2026-07-28T12:00"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("", None),
        ("17260727", Passed.USE_BY),
        ("17260728", None),
        ("17260700", None),
        ("17260600", Passed.USE_BY),
        ("15260727", Passed.BEST_BEFORE),
        ("15260728", None),
        ("16260727", Passed.SELL_BY),
        ("17260731" + "15260727", None),
        ("15260731" + "17260727", Passed.USE_BY),
        ("70032607271200", Passed.USE_BY),
        ("70032607281159", Passed.USE_BY),
        ("70032607281200", None),
        ("70032607291159", None),
        ("11250101" + "13250101", None),
    ],
)
def test_the_date_that_counts_is_judged(elements, expected):
    """Spoilt goods would be sold, or good ones refused."""
    item = read(b"]d20109520123456788" + elements.encode(), RULES).meanings[0]
    assert expected == passed(item, TODAY, NOON)


def test_without_a_time_a_pack_is_good_all_day():
    """A till that only knows the day would refuse what is still good."""
    item = read(b"]d2010952012345678870032607280001", RULES).meanings[0]
    assert passed(item, TODAY) is None
    assert (item.expiry, item.expiry_time) == (TODAY, "00:01")
