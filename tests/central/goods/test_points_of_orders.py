"""Points of orders at HQ: earned once, and taken back once, on whichever channel."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from agent.core.loyalty import EarnedLine, Earning, EarnRule, Programme, ValueEarned
from agent.core.orders import OrderLine, Part, Placed, Stage, Step, paid_in_sale
from agent.core.sale.model import OrderedAs
from central.identity.attributes import observe
from central.identity.cards import card_of
from central.identity.interactions import interactions_of
from central.identity.parties import Origin
from central.ledger.customer_tables import ITEMS
from central.ledger.engine import reading, writing
from central.ledger.tables import QUARANTINE
from central.value import programme
from central.value.balances import view_of
from tests.central.goods.conftest import (
    AT,
    NOW,
    OTHER_J,
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


@pytest.mark.parametrize("seed", range(12))
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
