"""A second symbol of a pack says more of the line that the first one made."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.core.faults import NotFoundFault
from agent.core.sale import SaleFault, discount_sale, relabel_line, void_line
from tests.core.sale.baskets import basket, item

TOLD = item(999, scanned="]Q1…", lot="A", expiry="2027-12-31", serial="S1")


def test_what_is_told_is_added_and_the_price_stays():
    """A date in the second symbol would be lost, or the line be sold for another price."""
    sale = basket(item(500), item(1250))
    changed = relabel_line(sale, 2, TOLD, priced=False)
    line = changed.lines[1]
    assert (line.lot, line.expiry, line.serial, line.scanned) == ("A", "2027-12-31", "S1", "]Q1…")
    assert (line.line, line.extension, line.unit_price) == (2, 1250, 1250)
    assert changed.lines[0] == sale.lines[0]


def test_a_label_with_a_price_prices_the_line():
    """The label's own price would not be charged."""
    sale = basket(item(1250, unit="kg", line_id="id-1"))
    labelled = replace(TOLD, unit_price=1250, unit="kg", extension=310)
    line = relabel_line(sale, 1, labelled, priced=True).lines[0]
    assert (line.extension, line.quantity, line.lot) == (310, 248, "A")
    assert (line.line, line.line_id) == (1, "id-1")


def test_a_voided_or_missing_line_is_refused():
    """A line that was taken out would come back."""
    sale = void_line(basket(item(500)), 1)
    with pytest.raises(SaleFault) as refused:
        relabel_line(sale, 1, TOLD, priced=False)
    assert refused.value.name == "line-voided"
    with pytest.raises(NotFoundFault):
        relabel_line(sale, 7, TOLD, priced=False)


def test_a_sale_never_costs_less_than_its_discount():
    """A cheap label would turn a sale into a payment to the customer."""
    sale = discount_sale(basket(item(1000)), 900, "regular")
    with pytest.raises(SaleFault) as refused:
        relabel_line(sale, 1, replace(TOLD, extension=100, unit_price=100), priced=True)
    assert refused.value.name == "discount-too-large"
