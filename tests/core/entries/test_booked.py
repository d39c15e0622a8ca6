"""The fact of a sale becomes a booking: who, where, when and under which codes."""

from __future__ import annotations

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.booked import booked
from agent.core.leads import BookedLine, Booking
from agent.core.sale.model import Line, Stamp, TaxRate

AT = Stamp("2026-11-02T10:00:00.000Z", 1, "boot", 60_000)
SALE = SaleCompleted(
    sale_id="sale-1",
    receipt_no="s-t-aaaa-1",
    store="store-1",
    till="till-1",
    business_date="2026-11-01",
    currency="EUR",
    prices_include_tax=True,
    opened=AT,
    completed=AT,
    lines=(Line(1, "Coffee", 1000, 129, 129, (TaxRate("standard", 1900),), item_id="coffee"),),
    tenders=(),
    taxes=(),
    total=119,
    net=100,
    change=0,
    discount=10,
)


def test_sale_is_booked_as_it_was_made():
    """A report would find a sale under another day, channel or customer than it was made with."""
    expected = Booking(
        event="sale-1",
        channel="store",
        at="2026-11-02T10:01:00.000Z",
        business_date="2026-11-01",
        currency="EUR",
        lines=(BookedLine(1, 1000, 100, "coffee"),),
        touch_point="store-1/till-1",
        party_id="ada",
        redeemed=("web/cart-1",),
    )
    assert expected == booked(
        SALE,
        channel="store",
        item_of=lambda line: line.item_id,
        party_id="ada",
        redeemed=("web/cart-1",),
    )
    assert (None, ()) == (
        booked(SALE, channel="store", item_of=lambda _: None).party_id,
        booked(SALE, channel="store", item_of=lambda _: None).redeemed,
    )
