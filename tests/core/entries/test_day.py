"""The figures of a day: everything the journal says, counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.core.entries import facts
from agent.core.entries.bodies import (
    CashierSigned,
    CashMoved,
    SaleCancelled,
    TenderTotal,
    TillOpened,
)
from agent.core.entries.day import day_totals, opening_of
from agent.core.sale import (
    NewLine,
    Stamp,
    TaxAmount,
    TaxRate,
    add_line,
    add_tender,
    complete,
    discount_line,
    discount_sale,
    open_sale,
    return_line,
    returnable,
    round_cash,
    totals,
    void_line,
)

AT = Stamp("2026-07-28T12:00:00.000Z", 1, "boot")
STANDARD, REDUCED = TaxRate("standard", 1900), TaxRate("reduced", 700)


def opened(number, currency="EUR"):
    return open_sale(
        sale_id=f"sale-{number}",
        till="till-1",
        currency=currency,
        prices_include_tax=True,
        opened=AT,
        business_date="2026-07-28",
        actor="anna",
    )


def fact(sale, number, *tenders, unit=1):
    for kind, amount in tenders:
        sale = add_tender(sale, kind, amount, cash_rounding=unit)
    done = complete(sale, f"r-{number}", cash_rounding=unit)
    return facts.completed(done, totals(done, unit), store="s", stamp=AT)


def sold(number, *prices, tender="cash", paid=None, currency="EUR", unit=1, rate=STANDARD):
    sale = opened(number, currency)
    for price in prices:
        sale = add_line(sale, NewLine("Tea", 1000, price, (rate,)))
    amount = sum(prices) if paid is None else paid
    return fact(sale, number, (tender, amount), unit=unit)


def moved(amount, currency="EUR"):
    return CashMoved("c", "s", "till-1", "2026-07-28", AT, amount, currency, "bank")


def floated(amount, currency="EUR"):
    return TillOpened("s", "till-1", "2026-07-28", AT, amount, currency)


CANCELLED = SaleCancelled("x", "s", "till-1", "2026-07-28", AT, AT, (), 0)


def test_a_day_without_anything_is_all_zero():
    """Closing a till on which nothing was sold would fail."""
    found = day_totals([], "EUR")
    assert (0, 0, 0, (), (), None, None) == (
        found.sales,
        found.gross,
        found.expected_cash,
        found.taxes,
        found.tenders,
        found.first_receipt,
        found.last_receipt,
    )
    assert opening_of([]) is None


def test_a_day_counts_everything_once():
    """The Z report would not be what the journal says."""
    mixed = add_line(opened(3), NewLine("Cup", 2000, 1000, (REDUCED,)))
    mixed = void_line(add_line(mixed, NewLine("Slip", 1000, 999, (STANDARD,))), 2)
    mixed = add_line(mixed, NewLine("Jug", -1000, 500, (STANDARD,), reason="broken"))
    mixed = discount_sale(discount_line(mixed, 1, 200, "old"), 100, "regular")
    bodies = [
        floated(10_000),
        sold(1, 1190, paid=2000),
        sold(2, 1070, tender="card", rate=REDUCED),
        CANCELLED,
        fact(mixed, 3, ("voucher", 200), ("cash", 1000)),
        moved(5000),
        moved(-20_000),
        CashierSigned("anna", "s", "till-1", AT),
    ]
    found = day_totals(bodies, "EUR")
    assert (3, 1, 3) == (found.sales, found.cancelled, found.items)
    assert (1190 + 1070 + 1200, -500, 300) == (found.gross, found.returns, found.discounts)
    assert (
        TenderTotal("cash", 2190, 2),
        TenderTotal("card", 1070, 1),
        TenderTotal("voucher", 200, 1),
    ) == found.tenders
    assert ("standard", "reduced") == tuple(tax.name for tax in found.taxes)
    assert TaxAmount("standard", 1900, 580, 110, 690) == found.taxes[0]
    assert (10_000, 5000, 20_000) == (found.float_amount, found.paid_in, found.paid_out)
    assert 10_000 + 2190 + 5000 - 20_000 == found.expected_cash
    assert ("r-1", "r-3") == (found.first_receipt, found.last_receipt)
    assert AT == opening_of(bodies)


def test_cash_rounding_is_counted_by_itself():
    """The drawer would be off by every rounded receipt."""
    found = day_totals([sold(1, 998, paid=2000, currency="CHF", unit=5)], "CHF")
    assert (998, 2, 1000) == (found.gross, found.cash_rounding, found.expected_cash)


def test_another_currency_is_left_out():
    """Francs would be added to euros."""
    bodies = [floated(1, "CHF"), sold(1, 100, currency="CHF"), moved(7, "CHF"), sold(2, 300)]
    found = day_totals(bodies, "EUR")
    assert (1, 300, 300, "r-2") == (
        found.sales,
        found.gross,
        found.expected_cash,
        found.first_receipt,
    )


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 5000), min_size=1, max_size=4),
            st.sampled_from(["cash", "card"]),
            st.sampled_from([STANDARD, REDUCED]),
        ),
        max_size=6,
    ),
    st.sampled_from([1, 5]),
)
def test_the_whole_day_adds_up(baskets, unit):
    """Tenders, tax and total of a day would tell three stories."""
    bodies = [
        sold(
            number,
            *prices,
            tender=kind,
            rate=rate,
            unit=unit,
            paid=round_cash(sum(prices), unit) if kind == "cash" else None,
        )
        for number, (prices, kind, rate) in enumerate(baskets)
        if kind == "card" or round_cash(sum(prices), unit)
    ]
    found = day_totals(bodies, "EUR")
    assert found.gross + found.cash_rounding == sum(total.amount for total in found.tenders)
    assert found.gross == found.net + sum(tax.tax for tax in found.taxes)
    assert found.gross == sum(tax.gross for tax in found.taxes)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=5), st.data())
def test_a_day_of_sales_and_their_returns_comes_to_nothing(prices, data):
    """A sale that came back would leave a trace in turnover, tax, discount or cash."""
    sale = opened(1)
    for price in prices:
        sale = add_line(sale, NewLine("Tea", 1000, price, (STANDARD,)))
    sale = discount_line(sale, 1, data.draw(st.integers(0, prices[0])), "old")
    most = totals(sale).total
    sale = discount_sale(sale, data.draw(st.integers(0, most)), "regular")
    total = totals(sale).total
    first = fact(sale, 1, *([("cash", total)] if total else []))
    back = opened(2)
    for line in returnable(first.lines):
        back = return_line(back, facts.original(first), line)
    second = fact(back, 2, *([("cash", -total)] if total else []))
    found = day_totals([first, second], "EUR")
    assert (0, 0, 0, 0) == (found.gross, found.net, found.discounts, found.expected_cash)
    assert [0] * len(found.taxes) == [tax.tax for tax in found.taxes]
