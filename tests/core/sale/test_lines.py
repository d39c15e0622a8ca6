"""Putting lines into a basket: prices, weights, labels, and what is refused."""

from __future__ import annotations

import pytest

from agent.core.sale import (
    LINES_MAX,
    ReturnOf,
    SaleFault,
    add_line,
    change_quantity,
    override_price,
    park,
    record_line,
)
from tests.core.sale.baskets import REDUCED, basket, empty, item


def refusal(sale, new, add=add_line):
    with pytest.raises(SaleFault) as fault:
        add(sale, new)
    assert fault.value.remedy
    return fault.value.name


def test_lines_are_numbered_and_never_merged():
    """The same item scanned twice would be one line, and the scan lost."""
    sale = basket(item(), item())
    assert [1, 2] == [line.line for line in sale.lines]


def test_a_weighed_line_costs_its_weight():
    """0.345 kg at 2.99 would not be 1.03."""
    (line,) = basket(item(299, 345, unit="kg")).lines
    assert (103, 345) == (line.extension, line.quantity)


def test_a_label_price_is_kept_and_the_weight_follows_from_it():
    """A price-embedded code would be charged at another price than is on its label."""
    (line,) = basket(item(1990, unit="kg", extension=412)).lines
    assert (412, 207, 1990) == (line.extension, line.quantity, line.unit_price)


def test_a_label_price_below_a_gram_still_weighs_something():
    """A line of a cent would have a quantity of nothing."""
    (line,) = basket(item(99_999, unit="kg", extension=1)).lines
    assert (1, 1) == (line.extension, line.quantity)


@pytest.mark.parametrize("unit_price", [0, 350])
def test_a_label_price_of_a_piece_is_its_unit_price(unit_price):
    """A labelled piece would show another unit price than it costs."""
    (line,) = basket(item(unit_price, extension=412)).lines
    assert (412, 1000, 412) == (line.extension, line.quantity, line.unit_price)


def test_a_label_price_without_a_price_per_kilogram_sells_one_piece():
    """An item that HQ sent without a price could not be sold by its label."""
    (line,) = basket(item(0, unit="kg", extension=412)).lines
    assert (412, 1000) == (line.extension, line.quantity)


def test_a_label_taken_back_is_negative():
    """A labelled piece brought back would be charged again."""
    (line,) = basket(item(1990, -1000, unit="kg", extension=412, reason="bad")).lines
    assert (-412, -207) == (line.extension, line.quantity)


def test_an_extension_of_several_pieces_is_taken_over_as_it_is():
    """A sale of POS software would come out a cent off."""
    (line,) = basket(item(333, 3000, extension=1000)).lines
    assert (1000, 3000, 333) == (line.extension, line.quantity, line.unit_price)


def test_a_discount_that_is_taken_over_has_the_sign_of_its_line():
    """A reduced return of POS software would give back too much."""
    sold, back = basket(item(1000, discount=100), item(1000, -1000, discount=100, reason="x")).lines
    assert [(900, 100), (-900, -100)] == [(line.extension, line.discount) for line in (sold, back)]


def test_a_known_line_id_adds_nothing():
    """A repeated request would sell the item twice (P1: the answer was lost, not the line)."""
    sale = basket(item(line_id="a"))
    assert sale is add_line(sale, item(500, line_id="a"))
    assert sale is record_line(sale, item(500, line_id="a"))


def test_the_actor_is_kept_only_where_it_is_another():
    """An entry would not say who took over in the middle of a sale, or say it on each line."""
    sale = basket(item(actor="anna"), item(actor="ben"))
    assert [None, "ben"] == [line.actor for line in sale.lines]


def test_a_price_other_than_the_list_price_is_kept_beside_it():
    """Nobody could see later that a price was overridden when it was sold."""
    sale = basket(item(900, list_price=1000, reason="scratched"), item(900, list_price=900))
    assert [1000, None] == [line.list_price for line in sale.lines]


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("name-missing", item(name="  ")),
        ("zero-quantity", item(quantity=0)),
        ("quantity-too-large", item(quantity=4_006_381_333_931)),
        ("negative-price", item(-1)),
        ("amount-too-large", item(4_006_381_333_931)),
        ("negative-price", item(extension=-1)),
        ("negative-discount", item(discount=-1)),
        ("discount-too-large", item(discount=1001)),
        ("return-sign", item(returns=ReturnOf("sale-0", 1))),
        ("reason-missing", item(900, list_price=1000)),
        ("reason-missing", item(900, list_price=1000, reason=" ")),
        ("reason-missing", item(quantity=-1000)),
    ],
)
def test_what_cannot_be_sold_is_refused_by_name(name, new):
    """A slip of the hand would become a fact, or be refused without a way out."""
    assert name == refusal(empty(), new)


def test_goods_without_a_receipt_need_somebody_who_takes_them_back():
    """Money could leave the drawer with nobody's name on it."""
    nobody = empty(actor=None)
    back = item(quantity=-1000, reason="broken")
    assert "actor-missing" == refusal(nobody, back)
    signed = item(quantity=-1000, reason="broken", actor="ben")
    assert "ben" == add_line(nobody, signed).lines[0].actor


def test_goods_with_a_receipt_need_no_reason():
    """The customer would be asked why although the receipt says all there is to say."""
    assert 1 == len(basket(item(quantity=-1000, returns=ReturnOf("sale-0", 1))).lines)


def test_what_other_software_sold_is_not_asked_for_reasons():
    """A finished sale of POS software would be lost because it says less than ours."""
    sale = record_line(empty(actor=None), item(quantity=-1000, list_price=900))
    assert 1 == len(sale.lines)
    assert "zero-quantity" == refusal(sale, item(quantity=0), record_line)


def test_a_parked_sale_takes_no_line():
    """A scan would land in a basket nobody looks at."""
    assert "sale-parked" == refusal(park(empty()), item())
    assert "sale-parked" == refusal(park(empty()), item(), record_line)


def test_a_sale_has_a_largest_size():
    """A scanner gone wild would fill the journal with one sale."""
    sale = basket(*[item(taxes=(REDUCED,))] * LINES_MAX)
    assert "sale-full" == refusal(sale, item())


@pytest.mark.parametrize(("unit", "extension"), [("each", 250), ("kg", 250), ("each", 412)])
def test_what_other_software_sold_is_kept_as_it_said(unit, extension):
    """A record of POS software would show another price or weight than its own receipt."""
    (line,) = record_line(empty(), item(300, unit=unit, extension=extension)).lines
    assert (1000, 300, extension) == (line.quantity, line.unit_price, line.extension)


@pytest.mark.parametrize(
    "change",
    [
        lambda sale: add_line(sale, item(1_000_000, 1_000_000_000)),
        lambda sale: add_line(sale, item(1, extension=100_000_000_001)),
        lambda sale: change_quantity(sale, 1, 1_000_000_000),
        lambda sale: override_price(sale, 1, 100_000_000_000, "typed a bar code"),
    ],
    ids=["line", "label", "quantity", "price"],
)
def test_price_times_quantity_has_a_bound_too(change):
    """One slip of a scanner would put a line into the books that no 64-bit sum of a year holds."""
    with pytest.raises(SaleFault) as refused:
        change(basket(item(1_000_000, 2000)))
    assert "amount-too-large" == refused.value.name
