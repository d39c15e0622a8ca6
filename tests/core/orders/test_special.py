"""Special orders: made where nobody can be asked, sent by anybody, and one order all the same."""

from __future__ import annotations

import random

import msgspec
import pytest

from agent.core.orders import (
    CustomerOrder,
    DepositRule,
    OrderId,
    OrderInput,
    Stage,
    Step,
    as_draft,
    by_order,
    checked,
    deposit_back_line,
    deposit_line,
    deposit_of,
    flows,
    gathered,
    joined,
    moved,
    noted,
    number_of,
    paid_in_sale,
    taken_up,
    turned_down,
    view,
)
from agent.core.recognition import means
from agent.core.recognition.order import keys
from agent.core.recognition.rules import RecognitionRules
from agent.core.sale import add_line, totals
from agent.core.stock import levels, reserved
from tests.core.orders.told import KETTLE, STANDARD, TEA, basket, placed, step

DRAFT_ID = OrderId("0198c2f4-0000-7000-8000-000000000001")
WANTED = placed(KETTLE, TEA, order_id=DRAFT_ID, channel="store", deposit=2000, collect_at="s1")
DRAFT = as_draft(WANTED)
DEPOSIT = paid_in_sale(DRAFT_ID, "sale-1", 2000, kind="cash")


def test_a_draft_is_whole_where_it_is_made():
    """A till without a line could not give the customer a number to come back with."""
    number = number_of(DRAFT_ID)
    rules = RecognitionRules(order_prefixes=("S-",))
    assert means.OrderKey(number) in keys(number.lower(), rules)
    assert ("draft", f"{DRAFT_ID}/placed") == (view(gathered(DRAFT_ID, [DRAFT])).state, DRAFT.event)
    assert DRAFT == as_draft(DRAFT)
    assert 1000 == len({number_of(OrderId(f"{n}")) for n in range(1000)})


def test_a_draft_that_cannot_be_meant_is_refused():
    """HQ would get an order it has to refuse, after the customer has left."""
    with pytest.raises(OrderInput):
        as_draft(msgspec.structs.replace(WANTED, deposit=-1))
    with pytest.raises(OrderInput):
        paid_in_sale(DRAFT_ID, "sale-1", 0)


@pytest.mark.parametrize("seed", range(20))
def test_however_often_it_is_sent_it_is_one_order(seed):
    """A line that drops answers would order, reserve and charge twice."""
    rng = random.Random(seed)
    sent = [_as_sent_by(rng, each) for _ in range(rng.randint(1, 6)) for each in (DRAFT, DEPOSIT)]
    rng.shuffle(sent)
    desks = [CustomerOrder(DRAFT_ID) for _ in range(3)]
    booked = []
    for n, told in enumerate([*sent, DRAFT, DEPOSIT]):
        desk = rng.randrange(3)
        held = desks[desk]
        known = noted(held, told)
        known = noted(known, *taken_up(known, "dc"))
        known = noted(known, *taken_up(known, "dc"))
        booked += [each for each in moved(held, known, f"{desk}/{n}") if desk == 0]
        desks[desk] = known
    whole = joined(joined(desks[0], desks[1]), desks[2])
    whole = noted(whole, *taken_up(whole, "dc"))
    booked += moved(desks[0], whole, "last")
    assert [DRAFT_ID] == list(by_order(whole.told))
    stands = view(whole)
    assert ("reserved", 2000, ()) == (stands.state, stands.money.settled, stands.troubles)
    assert 2 == len({each.event for each in whole.told if isinstance(each, Step)})
    assert {2000: "kettle", 3000: "tea"} == {
        quantity: item
        for (item, _, place), quantity in flows(whole).items()
        if place == reserved("dc")
    }
    assert [2000, 3000] == [level.reserved for level in levels(booked).values()]


def _as_sent_by(rng, told):
    """Let another till, or a repeated call, send the same thing at another time."""
    where, when = rng.choice(["s1/till-1", "s1/till-2"]), rng.choice(["10:00", "11:00"])
    return msgspec.structs.replace(told, touch_point=where, at=when)


def test_two_desks_that_choose_different_suppliers_reserve_once():
    """The customer would get two kettles, or nobody would see the mistake."""
    known = gathered(DRAFT_ID, [DRAFT, DEPOSIT])
    whole = noted(known, *taken_up(known, "dc"), *taken_up(known, "s9"))
    assert {2000, 3000} == set(flows(whole).values())
    assert ["told-twice"] == [trouble.name for trouble in view(whole).troubles]


def test_a_draft_waits_for_its_deposit():
    """HQ would order goods that nobody has paid a cent for."""
    assert () == taken_up(gathered(DRAFT_ID, [DRAFT]), "dc")
    assert () == taken_up(gathered(DRAFT_ID, [DEPOSIT]), "dc")
    assert 2 == len(taken_up(gathered(DRAFT_ID, [DRAFT, DEPOSIT]), "dc"))
    for told in taken_up(gathered(DRAFT_ID, [DRAFT, DEPOSIT]), "dc"):
        assert told == checked(told)


def test_a_draft_that_is_over_is_not_taken_up():
    """A cancelled order would be ordered after all, or an accepted one twice."""
    known = gathered(DRAFT_ID, [DRAFT, DEPOSIT])
    assert () == taken_up(noted(known, *taken_up(known, "dc")), "dc")
    down = noted(known, turned_down(DRAFT_ID, "no longer made"))
    assert () == taken_up(down, "dc")
    assert ("cancelled", 2000) == (view(down).state, view(down).money.owed)


def test_the_whole_way_of_a_special_order():
    """The deposit would be paid twice, or the goods vanish between warehouse and store."""
    held = gathered(DRAFT_ID, [DRAFT, DEPOSIT])
    ways = {"sent": {"location": "dc", "to": "s1"}, "arrived": {"location": "s1"}}
    held = noted(held, *taken_up(held, "dc"))
    for stage in ("sent", "arrived", "ready"):
        held = noted(held, step(stage, order_id=DRAFT_ID, **ways.get(stage, {"location": "s1"})))
    assert (8998, 0) == (view(held).money.due, view(held).money.owed)
    held = noted(held, paid_in_sale(DRAFT_ID, "sale-2", 8998))
    held = noted(held, step("collected", order_id=DRAFT_ID, location="s1", sale_id="sale-2"))
    stands = view(held)
    assert ("collected", 0, ()) == (stands.state, stands.money.due, stands.troubles)


@pytest.mark.parametrize(
    ("total", "rule", "expected"),
    [
        (10_000, DepositRule(), 2000),
        (10_001, DepositRule(), 2000),
        (9_990, DepositRule(rate=1000, step=100), 1000),
        (10_000, DepositRule(least=5000), 5000),
        (3000, DepositRule(least=5000), 3000),
        (10_000, DepositRule(rate=0), 0),
        (1020, DepositRule(rate=10_000, step=500), 1000),
    ],
)
def test_a_deposit_is_a_share(total, rule, expected):
    """A customer would leave more than the goods cost."""
    assert expected == deposit_of(total, rule)


def test_a_deposit_on_two_receipts():
    """The two receipts together would take more, or tax more, than the goods cost."""
    first = add_line(basket("sale-1"), deposit_line(DRAFT, (STANDARD,)))
    second = add_line(basket("sale-2"), deposit_back_line(DRAFT, (STANDARD,)))
    assert (2000, -2000) == (totals(first).total, totals(second).total)
    assert [None, None] == [sale.lines[0].item_id for sale in (first, second)]


def test_a_draft_under_one_id_told_in_two_ways_is_named():
    """Two orders that were given one id would become one without a word."""
    other = msgspec.structs.replace(DRAFT, lines=(TEA,))
    assert "told-twice" == view(gathered(DRAFT_ID, [DRAFT, other])).troubles[0].name
    down = turned_down(DRAFT_ID, "x", at="t")
    assert (Stage.CANCELLED, "x", "t") == (down.stage, down.reason, down.at)
