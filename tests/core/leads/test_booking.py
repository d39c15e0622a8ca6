"""The lines of a sale are booked net of tax and add up to the sale, whatever the taxes."""

from __future__ import annotations

import random

from agent.core.leads import BookedLine, LineRef, booked_lines, corrected
from agent.core.sale.model import Line, OrderedAs, ReturnOf, Sale, Stamp, TaxRate
from agent.core.sale.totals import totals

STAMP = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")
RATES = (TaxRate("standard", 1900), TaxRate("reduced", 700), TaxRate("city", 250))


def a_line(rng, number):
    pieces = rng.choice((1000, 2000, 345, -1000))
    return Line(
        line=number,
        name="x",
        quantity=pieces,
        unit_price=1,
        extension=rng.randrange(1, 10**5) * (1 if pieces > 0 else -1),
        taxes=tuple(rng.sample(RATES, rng.choice((0, 1, 1, 2)))),
        item_id=rng.choice((None, "coffee")),
        voided=rng.random() < 0.1,
    )


def a_sale(seed):
    rng = random.Random(seed)
    lines = tuple(a_line(rng, number) for number in range(1, rng.randrange(2, 7)))
    sold = sum(line.extension for line in lines if line.quantity > 0 and not line.voided)
    return Sale(
        sale_id=f"sale-{seed}",
        till="till-1",
        currency="EUR",
        prices_include_tax=rng.random() < 0.5,
        opened=STAMP,
        business_date="2026-11-02",
        state="completed",
        lines=lines,
        discount=rng.randrange(sold) if sold and rng.random() < 0.5 else 0,
    )


def booked(sale, net):
    return booked_lines(
        sale.lines,
        discount=sale.discount,
        net=net,
        prices_include_tax=sale.prices_include_tax,
        item_of=lambda line: line.item_id,
    )


def test_lines_add_up_to_the_net_of_the_sale():
    """Credit would add up to something else than net sales, by a cent a receipt."""
    for seed in range(300):
        sale = a_sale(seed)
        net = totals(sale).net
        lines = booked(sale, net)
        assert net == sum(line.net for line in lines)
        assert [line.line for line in sale.lines if not line.voided] == [
            line.line for line in lines
        ]


def test_line_says_what_and_what_it_gives_back():
    """A lead would not find what was bought, nor a return the sale it undoes."""
    lines = (
        Line(1, "Coffee", 1000, 119, 119, RATES[:1], item_id="coffee"),
        Line(2, "Milk", -1000, 107, -107, RATES[1:2], returns=ReturnOf("sale-0", 4)),
    )
    expected = (
        BookedLine(1, 1000, 100, "coffee"),
        BookedLine(2, -1000, -100, None, LineRef("sale-0", 4)),
    )
    assert expected == booked_lines(
        lines, discount=0, net=0, prices_include_tax=True, item_of=lambda line: line.item_id
    )


def test_net_that_the_lines_do_not_come_to_is_not_lost():
    """A foreign till's sale would put the day's credit off from the day's net."""
    sale = a_sale(1)
    assert BookedLine(0, 0, 5) == booked(sale, totals(sale).net + 5)[-1]


def test_time_is_told_by_hqs_clock_where_the_till_knew_it():
    """A till whose clock runs a day ahead would push every cart out of its window."""
    ahead = Stamp("2026-11-02T10:00:00.000Z", 1, "boot", -86_400_000)
    assert "2026-11-01T10:00:00.000Z" == corrected(ahead)
    assert STAMP.wall == corrected(STAMP)
    assert "soon" == corrected(Stamp("soon", 1, "boot", 5))
    assert "0001-01-01T00:00:00Z" == corrected(Stamp("0001-01-01T00:00:00Z", 1, "boot", -5))


def test_goods_of_an_order_come_back_to_whoever_sold_it():
    """A web order brought back to a store would be the store's loss."""
    back = Line(1, "Milk", -1000, 107, -107, RATES[1:2], ordered=OrderedAs("web/W-1", 2))
    paid = Line(2, "Tea", 1000, 107, 107, RATES[1:2], ordered=OrderedAs("web/W-2", 1))
    lines = booked_lines(
        (back, paid), discount=0, net=0, prices_include_tax=True, item_of=lambda _: None
    )
    assert [LineRef("web/W-1", 2), None] == [line.returns for line in lines]
