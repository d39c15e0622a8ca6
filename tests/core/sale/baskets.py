"""Baskets for the tests of this room: a few items, and whatever hypothesis can think of."""

from __future__ import annotations

from hypothesis import strategies as st

from agent.core.sale import (
    NewLine,
    Stamp,
    TaxRate,
    add_line,
    discount_line,
    discount_sale,
    open_sale,
    void_line,
)

STANDARD = TaxRate("standard", 1900)
REDUCED = TaxRate("reduced", 700)
CITY = TaxRate("city", 250)
ZERO = TaxRate("zero", 0)
AT = Stamp("2026-07-28T12:03:05.123Z", 1, "boot")


def empty(**fields):
    values = {
        "sale_id": "sale-1",
        "till": "till-1",
        "currency": "EUR",
        "prices_include_tax": True,
        "opened": AT,
        "business_date": "2026-07-28",
        "actor": "anna",
    }
    return open_sale(**{**values, **fields})


def item(price=1000, quantity=1000, *, name="Tea", taxes=(STANDARD,), **fields):
    return NewLine(name, quantity, price, taxes, **fields)


def basket(*lines, **fields):
    sale = empty(**fields)
    for line in lines:
        sale = add_line(sale, line)
    return sale


_RATES = st.lists(st.sampled_from([STANDARD, REDUCED, CITY, ZERO]), max_size=2, unique=True)

new_lines = st.builds(
    lambda price, quantity, rates, unit: item(price, quantity, taxes=tuple(rates), unit=unit),
    st.integers(0, 20_000),
    st.one_of(st.integers(1, 20).map(lambda pieces: pieces * 1000), st.integers(1, 9_999)),
    _RATES,
    st.sampled_from(["each", "kg"]),
)
goods_back = st.builds(
    lambda price, pieces, rates: item(
        price, -1000 * pieces, taxes=tuple(rates), reason="no receipt"
    ),
    st.integers(0, 20_000),
    st.integers(1, 5),
    _RATES,
)


@st.composite
def baskets(draw, *, lines=new_lines, least=0):
    """Sales with lines, some voided, some reduced, and perhaps a receipt discount."""
    sale = basket(
        *draw(st.lists(lines, min_size=least, max_size=8)),
        prices_include_tax=draw(st.booleans()),
    )
    for line in sale.lines:
        most = abs(line.extension)
        what = draw(st.sampled_from(["keep", "keep", "reduce", "void"]))
        if what == "reduce":
            sale = discount_line(sale, line.line, draw(st.integers(0, most)), "old stock")
        if what == "void":
            sale = void_line(sale, line.line)
    most = sum(max(0, line.extension) for line in sale.lines if not line.voided)
    return discount_sale(sale, draw(st.integers(0, most)), "regular customer")
