"""Taking money, giving it back, and never a card's number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import NotFoundFault
from agent.core.sale import (
    SaleFault,
    add_line,
    add_tender,
    from_account,
    masked,
    park,
    record_tender,
    remove_tender,
    round_cash,
    totals,
    void_line,
)
from agent.core.sale.tenders import TENDERS_MAX
from tests.core.sale.baskets import basket, baskets, goods_back, item, new_lines


def refusal(sale, kind, amount, **options):
    with pytest.raises(SaleFault) as fault:
        add_tender(sale, kind, amount, **options)
    assert fault.value.remedy
    return fault.value.name


def refund(amount=1000):
    return basket(item(amount, -1000, reason="broken"))


def test_only_cash_gives_change():
    """A card would be charged more than the goods cost."""
    sale = basket(item(1000))
    assert 500 == totals(add_tender(sale, "cash", 1500)).change
    assert "more-than-due" == refusal(sale, "card", 1001)
    assert "more-than-due" == refusal(sale, "voucher", 1001)
    assert 0 == totals(add_tender(sale, "card", 1000)).due


def test_a_second_card_pays_only_the_rest():
    """Two cards together would pay more than the goods cost."""
    sale = add_tender(basket(item(1000)), "card", 600)
    assert "more-than-due" == refusal(sale, "card", 401)
    assert 0 == totals(add_tender(sale, "card", 400)).due


def test_nothing_is_taken_where_nothing_is_due():
    """A paid sale would be paid again."""
    paid = add_tender(basket(item(1000)), "card", 1000)
    assert "nothing-due" == refusal(paid, "cash", 1)
    assert "nothing-due" == refusal(refund(), "cash", 1000)
    with pytest.raises(SaleFault, match=r"give 10\.00 EUR back"):
        add_tender(refund(), "cash", 1000)


@pytest.mark.parametrize("card", [498, 500])
def test_a_card_may_settle_the_exact_or_the_rounded_rest(card):
    """The amount the page shows as due would be refused by card."""
    sale = add_tender(basket(item(998)), "cash", 500, cash_rounding=5)
    assert 0 == totals(add_tender(sale, "card", card, cash_rounding=5), 5).due


def test_what_no_coin_can_pay_is_settled_with_nothing_in_cash():
    """Two centimes could never be paid, nor the sale completed."""
    for sale in (basket(item(2)), refund(2)):
        assert 0 == totals(add_tender(sale, "cash", 0, cash_rounding=5), 5).due
        assert "zero-amount" == refusal(sale, "cash", 0)
        assert "zero-amount" == refusal(sale, "card", 0, cash_rounding=5)
    free = basket(item(0))
    assert "zero-amount" == refusal(free, "cash", 0, cash_rounding=5)


def test_a_refund_is_a_negative_tender_and_no_more_than_is_owed():
    """Money would leave the drawer that nobody is owed."""
    assert 0 == totals(add_tender(refund(), "cash", -1000)).due
    assert -400 == totals(add_tender(refund(), "card", -600)).due
    assert "more-than-owed" == refusal(refund(), "cash", -1001)
    assert "nothing-to-refund" == refusal(basket(item(1000)), "cash", -1)


def test_a_refund_in_cash_is_rounded_too():
    """9.98 could not be given back where the smallest coin is five."""
    assert 0 == totals(add_tender(refund(998), "cash", -1000, cash_rounding=5), 5).due
    assert "more-than-owed" == refusal(refund(998), "card", -1000, cash_rounding=5)


@pytest.mark.parametrize(("price", "given"), [(998, 1000), (997, 995), (1000, 1000), (2, 0)])
def test_what_is_due_is_paid_in_the_coins_there_are(price, given):
    """A till that tenders what it shows as due could neither pay nor refund it in cash."""
    for sale, sign in ((basket(item(price)), 1), (refund(price), -1)):
        paid = add_tender(sale, "cash", sign * price, cash_rounding=5)
        seen = totals(paid, 5)
        assert (sign * given, 0, 0) == (paid.tenders[0].amount, seen.due, seen.change)
    assert "more-than-owed" == refusal(refund(price), "cash", -price - 5, cash_rounding=5)


def test_the_rest_in_cash_beside_a_card_is_paid_in_coins_too():
    """A refund split between card and cash would stay a centime short for ever."""
    sale = add_tender(refund(3271), "card", -100, cash_rounding=5)
    sale = add_tender(sale, "cash", -3171, cash_rounding=5)
    assert (-3170, 0) == (sale.tenders[1].amount, totals(sale, 5).due)


def test_a_card_that_was_charged_too_much_can_be_refunded():
    """A line voided after payment would leave the customer without their money."""
    sale = add_tender(basket(item(1000), item(300)), "card", 1300)
    smaller = void_line(sale, 2)
    assert -300 == totals(smaller).due
    assert 0 == totals(add_tender(smaller, "card", -300)).due


@pytest.mark.parametrize("kind", ["", "Cash", "cash!", "9", "a" * 33])
def test_a_kind_is_a_plain_word(kind):
    """Two spellings of cash would be two kinds in the report, and one without change."""
    assert "tender-kind" == refusal(basket(item()), kind, 100)


def test_a_barcode_is_no_amount():
    """A scan into the amount field would make change of forty thousand million."""
    assert "amount-too-large" == refusal(basket(item()), "cash", 4_006_381_333_931)


def test_a_known_tender_id_changes_nothing():
    """A repeated request would take the money twice."""
    sale = add_tender(basket(item(1000)), "cash", 400, tender_id="a")
    assert sale is add_tender(sale, "cash", 400, tender_id="a")
    assert sale is record_tender(sale, "cash", 400, tender_id="a")


def test_tenders_are_counted():
    """A loop would fill the journal with one sale."""
    sale = basket(item(100_000))
    for _ in range(TENDERS_MAX):
        sale = add_tender(sale, "cash", 1)
    assert "too-many-tenders" == refusal(sale, "cash", 1)


def test_a_tender_can_be_taken_back():
    """A wrong key could not be corrected before the sale is completed."""
    sale = add_tender(add_tender(basket(item(1000)), "cash", 300), "card", 200)
    assert [("card", 2)] == [
        (tender.kind, tender.tender) for tender in remove_tender(sale, 1).tenders
    ]
    again = add_tender(remove_tender(sale, 1), "cash", 100)
    assert [2, 3] == [tender.tender for tender in again.tenders]
    with pytest.raises(NotFoundFault, match="tender 7") as fault:
        remove_tender(sale, 7)
    assert "its tenders are 1, 2" == fault.value.remedy


def test_a_parked_sale_takes_no_money():
    """Money would be taken for a basket nobody looks at."""
    parked = park(basket(item()))
    assert "sale-parked" == refusal(parked, "cash", 1000)
    for change in (lambda: record_tender(parked, "cash", 1), lambda: remove_tender(parked, 1)):
        with pytest.raises(SaleFault, match="parked"):
            change()


def test_other_software_may_have_taken_more():
    """A sale with cash back on a card would be refused after it happened."""
    sale = record_tender(record_tender(basket(item(1000)), "card", 3000), "cash", -2000)
    assert (0, 0) == (totals(sale).due, totals(sale).change)


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        (None, None),
        ("  ", None),
        ("TA 4711", "TA 4711"),
        ("4111111111111111", "****1111"),
        ("4111 1111 1111 1111", "****1111"),
        ("5500-0000-0000-0004 ok", "****0004 ok"),
        ("378282246310005", "****0005"),
        ("4111111111111112", "4111111111111112"),
        ("1111111111111117", "1111111111111117"),
        ("412345678901", "412345678901"),
        ("94111111111111111", "94111111111111111"),
    ],
)
def test_a_card_number_is_never_kept(reference, kept):
    """A payment card's number would stand in the journal for ever (P9)."""
    assert kept == masked(reference)
    tender = add_tender(basket(item()), "card", 100, reference).tenders[0]
    assert kept == tender.reference


@given(
    baskets(lines=st.one_of(new_lines, goods_back), least=1),
    st.sampled_from([1, 5]),
    st.sampled_from(["cash", "card"]),
)
def test_paying_what_is_due_settles_every_sale(sale, unit, kind):
    """There would be a basket that can be neither paid nor refunded."""
    total = totals(sale).total
    due = round_cash(total, unit) if kind == "cash" else total
    if total:
        sale = add_tender(sale, kind, due, cash_rounding=unit)
    assert 0 == totals(sale, unit).due


@given(baskets(least=1), new_lines, st.integers(1, 500_000))
def test_money_first_or_goods_first_is_the_same(sale, new, amount):
    """A line added after the tender would be charged differently."""
    goods_first = record_tender(add_line(sale, new), "cash", amount)
    money_first = add_line(record_tender(sale, "cash", amount), new)
    assert totals(goods_first) == totals(money_first)


def test_an_account_goes_with_its_tender():
    """Somebody would be known by a card that paid nothing, or by none of those that did."""
    sale = from_account(add_tender(basket(item(1000)), "card", 400), b"first")
    sale = add_tender(sale, "card", 300)
    sale = from_account(add_tender(sale, "card", 300), b"third")
    assert [(1, b"first"), (3, b"third")] == [(each.tender, each.sealed) for each in sale.paid_from]
    left = remove_tender(remove_tender(sale, 1), 2)
    assert [(3, b"third")] == [(each.tender, each.sealed) for each in left.paid_from]
