"""Points of orders at HQ: earned once, and taken back once, on whichever channel."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, insert
from sqlalchemy.event import listen

from agent.core.loyalty import EarnedLine, Earning, EarnRule, Programme, ValueEarned
from agent.core.orders import OrderLine, Part, Placed, Refund, Stage, Step, paid_in_sale
from agent.core.sale.model import OrderedAs
from central.identity.attributes import observe
from central.identity.cards import card_of
from central.identity.interactions import interactions_of
from central.identity.parties import Origin
from central.ledger.customer_tables import INTERACTIONS, ITEMS
from central.ledger.engine import reading, writing
from central.ledger.privacy_tables import ERASED_PARTIES
from central.ledger.tables import QUARANTINE
from central.ledger.value_tables import VALUE_POSTINGS
from central.value import programme
from central.value.balances import view_of
from tests.central.goods.conftest import (
    AT,
    ID,
    LINES,
    NOW,
    OTHER_J,
    PAID,
    SALES_J,
    collected,
    return_line,
    returned,
)
from tests.central.value.test_value import assert_sound

ADA = "01999999-0000-7000-8000-00000000ada0"
BOB = "01999999-0000-7000-8000-00000000b0b0"
SPECIAL = "01999999-0000-7000-8000-0000000000d1"
BEFORE = "2026-10-01T00:00:00.000Z"
KETTLE = {"item_id": "kettle", "name": "Kettle", "department": "kitchen", "body": b"{}"}
RULE = EarnRule("base", 1, points=1, per=100)


@pytest.fixture
def earning(ledger):
    """Put a programme in force before anything was ordered."""

    def _earning(*rules, at=BEFORE, **fields):
        with writing(ledger) as conn:
            programme.put(conn, Programme(rules=rules or (RULE,), **fields), at)

    return _earning


@pytest.fixture
def points(ledger):
    def _points(party_id=ADA):
        with reading(ledger) as conn:
            units = {each.unit: each.value for each in view_of(conn, (party_id,)).units}
        return units.get("points", 0)

    return _points


def bought(send, web, tell, **fields):
    """Have the order placed, paid and handed over."""
    send(web.placed(party={"party_id": ADA}, **fields), web.paid(), web.ready())
    tell(collected())


@pytest.mark.both_databases
def test_a_web_order_earns_once_and_gives_back_once(
    earning, send, web, tell, receive, told, *, points, ledger, feed
):
    """Web customers would have no points, or keep them for goods they brought back to a store."""
    earning()
    send(web.placed(party={"party_id": ADA}), web.paid(), web.ready())
    assert 0 == points()
    tell(collected())
    assert 109 == points()
    assert 109 == feed()["global", f"party:{ADA}"][1]["card"]["points"]
    back = return_line(told, 1, 1000, 4999, "kettle")
    receive(SALES_J, told.sale(7, lines=(back,), sale_id="sale-7"))
    tell(*returned("sale-7", 1, 1000, 4999))
    assert 59 == points()
    echo = {"refund": "sale-7", "amount": 4999, "lines": [{"line": 1, "amount": 4999}]}
    send(web.event("refund", "refund.settled", refund=echo, echo=True))
    tell(collected())
    assert 59 == points()
    with reading(ledger) as conn:
        lines = {(each.type, each.title, each.channel) for each in interactions_of(conn, ADA)}
        assert 59 == card_of(conn, ADA).points
    assert ("loyalty.earned", "109 points earned", "web") in lines
    assert ("loyalty.reversed", "50 points taken back", "web") in lines
    assert_sound(ledger)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_first_the_points_are_the_same(
    earning, send, web, tell, receive, told, *, points, ledger, rows, seed
):
    """A till that was cut off would leave other points than one that was not."""
    earning()
    back = replace(return_line(told, 2, 1500, 500, "tea"), line=1)
    money = {"refund": "r-1", "amount": 4999, "lines": [{"line": 1, "amount": 4999}]}
    everything = [
        *((send, each) for each in (web.placed(party={"party_id": ADA}), web.paid(), web.ready())),
        (send, web.event("refund", "refund.settled", refund=money)),
        (tell, collected("x", (1, 1000))),
        (tell, collected("y", (1, 1000), (2, 3000))),
        (tell, *returned("sale-7", 2, 1500, 500)),
        (lambda sale: receive(SALES_J, sale), told.sale(7, lines=(back,), sale_id="sale-7")),
    ]
    random.Random(seed).shuffle(everything)
    for act, *each in everything:
        act(*each)
    assert 50 + 5 == points()
    assert [] == rows(QUARANTINE)
    assert_sound(ledger)


def test_money_back_that_falls_through_leaves_the_points(earning, send, web, tell, points):
    """A customer would lose points for a refund their bank sent back."""
    earning()
    bought(send, web, tell)
    money = {"refund": "r-1", "amount": 10_998, "lines": []}
    send(web.event("r1", "refund.settled", refund={**money, "state": "promised"}))
    assert 0 == points()
    send(web.event("r2", "refund.settled", refund={**money, "state": "declined"}))
    assert 109 == points()


def test_an_order_that_was_somebody_else_s_takes_its_points_along(
    earning, send, web, tell, points, feed
):
    """The points would stay with whom the web store named first."""
    earning()
    bought(send, web, tell)
    send(web.event("else", "order.changed", party={"party_id": BOB}))
    assert (0, 109) == (points(), points(BOB))
    cards = [feed()["global", f"party:{each}"][1]["card"] for each in (ADA, BOB)]
    assert [0, 109] == [each.get("points", 0) for each in cards]


def test_it_earns_by_the_programme_it_was_placed_under(earning, send, web, tell, points):
    """All orders of years would earn on the day a chain begins a programme, or connects a store."""
    earning(at="2026-11-01T12:00:00.000Z")
    bought(send, web, tell)
    assert 0 == points()


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"channels": ("store",)}, 0),
        ({"channels": ("web",)}, 109),
        ({"stores": ("store-0001",)}, 109),
        ({"stores": ("store-0002",)}, 0),
        ({"tiers": ("gold",)}, 109),
        ({"tiers": ("silver",)}, 0),
        ({"groups": ("kitchen",)}, 99),
        ({"items": ("tea",)}, 10),
        ({"not_paid_by": ("card",)}, 0),
        ({"first_day": "2026-11-02"}, 0),
    ],
)
def test_its_rules_are_asked_as_of_a_sale(
    earning, send, web, tell, points, ledger, *, rule, wanted
):
    """A rule for stores alone would be paid out on the web, or one for gold to everybody."""
    with writing(ledger) as conn:
        conn.execute(insert(ITEMS), KETTLE)
    send(web.placed(party={"party_id": ADA}))
    with writing(ledger) as conn:
        observe(conn, ADA, {"tier": "gold"}, Origin("import", NOW))
    earning(replace(RULE, **rule))
    bought(send, web, tell)
    assert wanted == points()


def test_a_gift_card_bought_on_the_web_earns_nothing(earning, send, web, tell, points):
    """Its value would earn when it is bought, and again when it pays."""
    earning(gift_items=("kettle",))
    bought(send, web, tell)
    assert 10 == points()


def test_nobody_s_order_earns_when_it_is_known_whose_it_is(earning, send, web, tell, points):
    """Who gives their name at the counter would have no points."""
    earning()
    send(web.placed(), web.paid(), web.ready())
    tell(collected())
    send(web.event("who", "order.delivered", party={"party_id": ADA}))
    assert 109 == points()


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("first", "last"), [([(1, 1000), (2, 3000)], (1, 1000)), ([(1, 2000)], (2, 3000))]
)
def test_what_was_handed_over_before_it_was_cancelled_earns(
    earning, send, web, tell, points, ledger, *, first, last, is_late
):
    """Goods a till handed out while it was cut off would have no points: the web ended them."""
    earning()
    send(web.placed(party={"party_id": ADA}), web.paid())
    tell(collected("x", *first))
    line, quantity = last
    parts = [{"line": line, "quantity": quantity // 1000}]
    acts = [
        lambda: tell(collected("y", last)),
        lambda: send(web.event("stop", "order.cancelled", parts=parts)),
    ]
    for act in reversed(acts) if is_late else acts:
        act()
    assert 109 == points()
    with reading(ledger) as conn:
        types = {each.type for each in interactions_of(conn, ADA)}
    assert "loyalty.earned" in types
    assert "loyalty.reversed" not in types


def test_goods_taken_out_of_the_order_give_their_points_back(earning, send, web, tell, points):
    """A web store that corrects what it had sent would leave points for what it did not."""
    earning()
    bought(send, web, tell)
    send(web.event("less", "order.changed", revision=1, lines=LINES[:1]))
    assert 99 == points()


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("at", ["2026-11-02T11:00:00Z", "2026-11-02T11:59:00Z"])
def test_points_are_as_old_as_what_was_bought(earning, send, web, tell, rows, at, *, is_late):
    """Points would end later, the longer a till was cut off or the goods were out."""
    earning()
    send(web.placed(party={"party_id": ADA}), web.paid())
    back = web.event("r", "return.received", parts=[{"line": 2, "quantity": 3}])
    acts = [lambda: tell(collected()), lambda: send(back | {"occurred_at": at})]
    for act in reversed(acts) if is_late else acts:
        act()
    earned = {each["at"] for each in rows(VALUE_POSTINGS) if each["event"] == f"order/{ID}"}
    assert {AT.wall} == earned


@pytest.mark.parametrize("gifts", [(), ("kettle",)])
def test_what_earned_nothing_is_not_reckoned_anew(
    earning, send, web, tell, points, *, ledger, gifts
):
    """An order of last year would earn by today's tier as soon as its web store says a word."""
    earning(replace(RULE, tiers=("gold",)), gift_items=gifts)
    bought(send, web, tell)
    with writing(ledger) as conn:
        observe(conn, ADA, {"tier": "gold"}, Origin("import", NOW))
    send(web.event("word", "order.delivered"))
    assert 0 == points()


@pytest.mark.parametrize("is_late", [False, True])
def test_what_a_store_and_a_till_tell_of_one_handing_over_earns_once(
    earning, send, web, tell, receive, told, *, points, is_late
):
    """A point more or less would stay for the web store's word of it coming first."""
    earning()
    send(web.placed(party={"party_id": ADA}), web.paid())
    own = {"name": "Kettle", "item_id": "kettle", "ordered": OrderedAs(ID, 1)}
    receive(SALES_J, told.sale(9, lines=(told.line(1, 1000, 4999, **own),)))
    gave = [Earning("points", (EarnedLine(1, 49, 1000),), ())]
    receive("b" * 32, ValueEarned("sale-9", "store-0001", "till-1", AT, ADA, gave))
    out = Step("sale-9/c", ID, Stage.COLLECTED, (Part(1, 1000),), sale_id="sale-9")
    acts = [
        lambda: tell(out, paid_in_sale(ID, "sale-9", 4999)),
        lambda: send(web.event("all", "order.delivered")),
        lambda: send(web.event("less", "order.cancelled", parts=[{"line": 2, "quantity": 3}])),
    ]
    for act in reversed(acts) if is_late else acts:
        act()
    assert 49 + 49 == points()


def test_an_order_with_a_slash_in_its_number_earns(earning, send, web, tell, points, rows):
    """A shop that numbers parts of orders `W-1/1` would have what tills tell of them set aside."""
    earning()
    bought(send, web, tell)
    money = {"refund": "r-1", "amount": 4999, "lines": [{"line": 1, "amount": 4999}]}
    send(web.event("r1", "refund.settled", refund=money))
    part = [web.placed(party={"party_id": ADA}), web.paid()]
    for each in part:
        each["event_id"] += "/1"
        each["order"]["order_no"] = "W-1/1"
    send(*part)
    tell(replace(collected("c/1"), order_id="web/W-1/1"))
    assert [] == rows(QUARANTINE)
    assert 59 + 109 == points()


def test_goods_of_a_line_taken_out_again_stop_nothing(earning, send, web, tell, points, rows):
    """What a till handed over beside them would be set aside: no stock moved, no points."""
    earning()
    lines = [{**LINES[0], "quantity": 0, "amount": 0}, LINES[1]]
    paid = web.event("paid", "order.paid", payment=PAID | {"amount": 1000})
    send(web.placed(party={"party_id": ADA}, lines=lines), paid)
    tell(collected())
    assert [] == rows(QUARANTINE)
    assert 10 == points()


def test_a_voucher_over_the_order_makes_its_goods_cheaper(earning, send, web, tell, points):
    """What it took off would count as money that went back, and take points of all goods."""
    earning(RULE, EarnRule("visit", 1, points=50, per=1, by="visit"))
    paid = web.event("paid", "order.paid", payment=PAID | {"amount": 8998})
    send(web.placed(party={"party_id": ADA}, total=8998), paid)
    tell(collected())
    assert 89 + 50 == points()


def test_who_was_erased_gets_no_line_of_an_order_that_is_somebody_else_s(
    earning, send, web, tell, ledger
):
    """Their history would begin anew with the next event of an order that was not theirs."""
    earning()
    bought(send, web, tell)
    with writing(ledger) as conn:
        conn.execute(delete(INTERACTIONS))
        gone = {"party_id": ADA, "request_id": "r", "erased_at": NOW}
        conn.execute(insert(ERASED_PARTIES), gone)
    send(web.event("else", "order.changed", party={"party_id": BOB}))
    with reading(ledger) as conn:
        assert [] == interactions_of(conn, ADA)


def test_a_long_order_is_read_at_once(earning, send, web, tell, points, ledger):
    """Each event of a hundred lines would ask the books hundreds of times."""
    earning()
    numbers = range(1, 101)
    lines = [{"line": n, "name": f"i{n}", "quantity": 1, "amount": 100} for n in numbers]
    paid = web.event("paid", "order.paid", payment=PAID | {"amount": 10_000})
    send(web.placed(party={"party_id": ADA}, lines=lines), paid)
    tell(collected("c", *[(n, 1000) for n in numbers]))
    asked = []
    listen(ledger, "before_cursor_execute", lambda *said: asked.append(said[2]))
    send(web.event("more", "order.delivered"))
    assert 100 == points()
    assert 5 > sum("FROM value_posting" in each for each in asked)


@pytest.fixture
def special(earning, tell, receive, told, applier):
    """Have a sofa ordered in a store, and sold there in lines that earned 100 points apiece."""

    def _special(*lines, pieces=1, paid=10_000):
        earning()
        sofas = OrderLine(1, "Sofa", 1000 * pieces, 10_000 * pieces, item="sofa")
        receive("b" * 32, told.tie(9, ADA))
        applier.apply_pending()
        tell(
            Placed("p", SPECIAL, "S-1", "store", "EUR", (sofas,), customer_ref="ref-9", at=AT.wall)
        )
        receive(SALES_J, told.sale(9, lines=lines, ref="ref-9"))
        gave = tuple(EarnedLine(each.line, each.quantity // 10, each.quantity) for each in lines)
        gave = [Earning("points", gave, ())]
        receive("b" * 32, ValueEarned("sale-9", "store-0001", "till-1", AT, ADA, gave))
        parts = (Part(1, 1000 * pieces),)
        out = Step("sale-9/c", SPECIAL, Stage.COLLECTED, parts, sale_id="sale-9")
        tell(out, paid_in_sale(SPECIAL, "sale-9", paid))

    return _special


def sofa(told, line=1, quantity=1000, price=10_000, **fields):
    return told.line(line, quantity, price, name="Sofa", item_id="sofa", **fields)


def back(number, quantity=1000):
    event = f"sale-{number}/r"
    return Step(event, SPECIAL, Stage.RETURNED, (Part(1, quantity),), sale_id=f"sale-{number}")


@pytest.mark.parametrize("price", [10_000, 9000])
def test_what_was_sold_beside_goods_of_an_order_keeps_its_points(
    special, tell, told, points, price
):
    """Who bought five more of what they had ordered would lose the points of four."""
    own = sofa(told, 2, ordered=OrderedAs(SPECIAL, 1))
    special(sofa(told, 1, 5000, price), own)
    assert 600 == points()
    tell(back(10))
    assert 500 == points()


def test_goods_of_an_order_in_two_lines_of_a_sale_give_back_what_both_earned(
    special, tell, told, points
):
    """The second to come back would keep its points."""
    own = {"ordered": OrderedAs(SPECIAL, 1)}
    special(sofa(told, 1, **own), sofa(told, 2, **own), pieces=2, paid=20_000)
    tell(back(10))
    assert 100 == points()
    tell(back(11))
    assert 0 == points()


def test_two_lines_alike_of_an_order_give_back_each_its_own(tell, told, points, special):
    """One that is kept would give the points again that the other's return had taken."""
    own = [sofa(told, each, ordered=OrderedAs(SPECIAL, each)) for each in (1, 2)]
    special(*own)
    sofas = [OrderLine(each, "Sofa", 1000, 10_000, item="sofa") for each in (1, 2)]
    fields = {"customer_ref": "ref-9", "revision": 1}
    tell(
        Placed("p2", SPECIAL, "S-1", "store", "EUR", tuple(sofas), **fields),
        Step("sale-9/c2", SPECIAL, Stage.COLLECTED, (Part(2, 1000),), sale_id="sale-9"),
        replace(paid_in_sale(SPECIAL, "sale-7", 10_000), event="more"),
    )
    assert 200 == points()
    tell(Step("r2", SPECIAL, Stage.RETURNED, (Part(2, 1000),)))
    assert 100 == points()
    tell(Step("d", SPECIAL, Stage.DELIVERED))
    assert 100 == points()
    tell(back(10))
    assert 0 == points()


@pytest.mark.both_databases
def test_two_orders_of_the_same_goods_in_one_sale_give_back_each_its_own(
    special, tell, told, points
):
    """The first would have given back for both, and the second nothing."""
    other = "01999999-0000-7000-8000-0000000000d2"
    mine, others = OrderedAs(SPECIAL, 1), OrderedAs(other, 1)
    special(sofa(told, 1, ordered=mine), sofa(told, 2, ordered=others))
    sofas = (OrderLine(1, "Sofa", 1000, 10_000, item="sofa"),)
    tell(
        Placed("p2", other, "S-2", "store", "EUR", sofas, at=AT.wall),
        Step("sale-9/c2", other, Stage.COLLECTED, (Part(1, 1000),), sale_id="sale-9"),
        paid_in_sale(other, "sale-9", 10_000),
    )
    assert 200 == points()
    tell(back(10))
    assert 100 == points()
    tell(replace(back(11), order_id=other))
    assert 0 == points()


@pytest.mark.parametrize("is_late", [False, True])
def test_a_deposit_heard_of_late_is_no_money_that_went_back(special, tell, told, points, is_late):
    """A till that was cut off would cost its customers points of goods they keep."""
    deposit = paid_in_sale(SPECIAL, "sale-8", 4000)
    if not is_late:
        tell(deposit, journal=OTHER_J)
    special(sofa(told, ordered=OrderedAs(SPECIAL, 1)), paid=6000)
    if is_late:
        tell(deposit, journal=OTHER_J)
    assert 100 == points()


def test_a_refund_of_goods_sold_that_falls_through_leaves_their_points(special, tell, told, points):
    """They would be gone for money the customer never had."""
    special(sofa(told, ordered=OrderedAs(SPECIAL, 1)))
    money = Refund("r1", SPECIAL, "r", 10_000, state="promised")
    tell(money)
    assert 0 == points()
    tell(replace(money, event="r2", state="declined"))
    assert 100 == points()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_goods_paid_for_in_a_sale_give_back_what_they_earned_there(
    earning, tell, receive, told, points, ledger, *, applier, rows, order
):
    """A sofa ordered in a shop and brought back would leave its points."""
    earning()
    sofa = OrderLine(1, "Sofa", 1000, 10_000, item="sofa")
    line = told.line(1, 1000, 10_000, name="Sofa", item_id="sofa", ordered=OrderedAs(SPECIAL, 1))
    out = Step("sale-9/c", SPECIAL, Stage.COLLECTED, (Part(1, 1000),), sale_id="sale-9")
    back = Step("sale-10/r", SPECIAL, Stage.RETURNED, (Part(1, 1000),), sale_id="sale-10")
    gave = [Earning(each, (EarnedLine(1, 100, 1000),), ()) for each in ("points", "stars")]
    facts = [
        lambda: receive(SALES_J, told.sale(9, lines=(line,), ref="ref-9")),
        lambda: [
            receive("b" * 32, ValueEarned("sale-9", "store-0001", "till-1", AT, ADA, gave)),
            tell(out, paid_in_sale(SPECIAL, "sale-9", 10_000)),
        ],
        lambda: tell(back, journal=OTHER_J),
    ]
    receive("b" * 32, told.tie(9, ADA))
    applier.apply_pending()
    tell(Placed("p", SPECIAL, "S-1", "store", "EUR", (sofa,), customer_ref="ref-9", at=AT.wall))
    for number in order:
        facts[number]()
        applier.apply_pending()
    assert 0 == points()
    assert [] == rows(QUARANTINE)
    assert_sound(ledger)
