"""The card beside the basket: which lines, in which order, and what stays closed."""

from __future__ import annotations

import time
from functools import partial
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.entries.bodies import ConsentGiven, SaleAttributed, SaleCompleted
from agent.core.history import Card, Interaction, Order
from agent.core.history.till_card import (
    LINE_CHARACTERS_MAX,
    CardLine,
    Cue,
    LineKind,
    opened,
    till_card,
)
from agent.core.loyalty import Expiring
from agent.core.recognition import Strength
from agent.core.sale.model import Line, Stamp

HERE, THERE = "store-0001", "store-0002"
SALES, SIDE = "a" * 32, "b" * 32
ASK = "ask for their phone number or e-mail address to see more"


def order(order_no, state="ready", at=HERE, **fields):
    return Order(
        order_no, "web", state, "2026-11-20T09:00:00.000Z", 1250, "EUR", collect_at=at, **fields
    )


def web_order(n=1):
    at = f"2026-11-2{n}T09:00:00.000Z"
    return Interaction(f"web/{n}", "order.placed", "web", "webshop", at, f"{n} items: Tea", "WEB-1")


CARD = Card(
    "p-ada",
    "Ada B.",
    tier="Gold",
    points=120,
    consents=(
        ConsentGiven("marketing", "email", True),
        ConsentGiven("marketing", "sms", False),
        ConsentGiven("profiling", "any", True),
    ),
    orders=(order("WEB-7"), order("WEB-8", paid=False), order("WEB-9", "shipped")),
    last=(web_order(),),
    through={SALES: 4},
    ver=3,
)


def show(card=CARD, strength=Strength.STRONG, entries=(), **fields):
    return till_card(card, entries, strength=strength, store=HERE, **fields)


def texts(shown):
    return {line.kind.value: line.text for line in shown.lines}


def test_six_lines_in_one_order():
    """A cashier would have to read instead of look."""
    shown = show(
        prompt=Cue("May we send you the receipt?", "q-1"), hints=(Cue("late order", "h-1"),)
    )
    assert (
        CardLine(LineKind.NAME, "Ada B."),
        CardLine(LineKind.TIER, "Gold, 120 points"),
        CardLine(LineKind.ORDERS, "2 ready here: WEB-8 (to pay: 12.50 EUR), WEB-7"),
        CardLine(LineKind.CONSENTS, "no to marketing by sms; yes to marketing by email, profiling"),
        CardLine(LineKind.PROMPT, "May we send you the receipt?", "q-1"),
        CardLine(LineKind.HINT, "late order", "h-1"),
    ) == shown.lines
    assert (CARD.orders, CARD.last, CARD.through) == (shown.orders, shown.last, shown.through)
    assert "p-ada" == shown.party_id


def test_a_weak_means_shows_name_and_tier_and_asks():
    """A neighbour's card number would show what somebody bought (P9)."""
    shown = show(strength=Strength.WEAK, ask=ASK, prompt=Cue("?", "q"), hints=(Cue("!", "h"),))
    assert {"name": "Ada B.", "tier": "Gold", "hint": ASK} == texts(shown)
    assert ((), (), "p-ada") == (shown.orders, shown.last, shown.party_id)
    assert {"name": "Ada B.", "tier": "Gold"} == texts(show(strength=Strength.WEAK))


@pytest.mark.parametrize("strength", [Strength.ASKS, Strength.BEARER])
def test_what_names_nobody_shows_nobody(strength):
    """A name over a postcode would be told to whoever asks."""
    shown = show(strength=strength, ask=ASK, prompt=Cue("?", "q"))
    assert (CardLine(LineKind.HINT, ASK),) == shown.lines
    assert (None, (), (), {}) == (shown.party_id, shown.orders, shown.last, shown.through)
    assert show(strength=strength).lines == ()


def test_a_closed_card_holds_nothing_of_what_is_closed():
    """An answer of the API would carry what the page does not show."""
    weak = opened(CARD, Strength.WEAK)
    assert Card("p-ada", "Ada B.", tier="Gold", through={SALES: 4}, ver=3) == weak
    assert Card("p-ada", "", through={SALES: 4}, ver=3) == opened(CARD, Strength.ASKS)
    for strength in (Strength.STRONG, Strength.PROVEN):
        assert CARD == opened(CARD, strength)


def test_the_tills_own_entries_count():
    """A purchase of ten minutes ago would be missing until HQ had heard of it."""
    now = Stamp("2026-11-22T10:00:00.000Z", 1, "boot")
    row = Line(1, "Milk", 1000, 100, 100, ())
    sale = SaleCompleted(
        sale_id="sale-1",
        receipt_no="s-t-aaaa-1",
        store=HERE,
        till="till-1",
        business_date="2026-11-22",
        currency="EUR",
        prices_include_tax=True,
        opened=now,
        completed=now,
        lines=(row,),
        tenders=(),
        taxes=(),
        total=100,
        net=100,
        change=0,
        customer_ref="ref",
    )
    entries = [(SALES, 5, sale), (SIDE, 1, SaleAttributed("sale-1", "ref", "p-ada", now))]
    shown = show(entries=entries)
    assert ["sale-1", "web/1"] == [each.event_id for each in shown.last]
    assert {SALES: 5, SIDE: 1} == shown.through
    assert show(strength=Strength.WEAK, entries=entries).last == ()


@pytest.mark.parametrize(
    ("orders", "last", "hint"),
    [
        ((order("WEB-9", "shipped"),), (web_order(),), "order WEB-9 of web is shipped"),
        ((order("WEB-7"), order("WEB-8", at=THERE)), (), "order WEB-8 is ready at store-0002"),
        ((order("WEB-8", at=None),), (), "order WEB-8 is ready at another place"),
        ((order("WEB-7"),), (web_order(2), web_order(1)), "last on web: 2 items: Tea"),
        ((), (Interaction("s", "sale.completed", "store", "a/b", "", "Milk", "r"),), None),
        ((), (), None),
    ],
)
def test_the_card_makes_its_own_hint(orders, last, hint):
    """The customer would have to tell of the order of this morning."""
    shown = show(Card("p-ada", "Ada", orders=orders, last=last))
    assert hint == texts(shown).get("hint")


def test_lines_with_nothing_to_say_are_left_out():
    """Empty lines would push the useful ones down."""
    assert {"name": "no name given"} == texts(show(Card("p-ada", "")))
    assert {"name": "A", "tier": "7 points"} == texts(show(Card("p-ada", "A", points=7)))


def test_what_ends_soon_stands_beside_the_points():
    """A customer would hear that points have ended only when they want to pay with them."""
    ends = Expiring(40, "2026-12-31")
    card = Card("p-ada", "A", tier="Gold", points=120, expiring=ends)
    assert "Gold, 120 points, 40 of them until 2026-12-31" == texts(show(card))["tier"]
    assert {"name": "A", "tier": "Gold"} == texts(show(card, Strength.WEAK))
    assert None is opened(card, Strength.WEAK).expiring
    assert ends == opened(card, Strength.STRONG).expiring
    assert "tier" not in texts(show(Card("p-ada", "A", expiring=ends)))
    refused = Card("p-ada", "A", consents=(ConsentGiven("marketing", "any", False),))
    assert "no to marketing" == texts(show(refused))["consents"]


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(Strength))
def test_whatever_a_name_holds_it_is_one_short_line(name, tier, strength):
    """A name with a line break, or one that turns the text round, would garble the card."""
    shown = show(Card("p", name, tier=tier), strength, ask=name, prompt=Cue(tier, "q"))
    assert len(shown.lines) <= 6
    for line in shown.lines:
        assert 0 < len(line.text) <= LINE_CHARACTERS_MAX
        assert line.text.isprintable() or not set(line.text) & set("\n\r\t\x00\u2028\u202e\u2066")
    kinds = [line.kind for line in shown.lines]
    assert kinds == sorted(set(kinds), key=list(LineKind).index)


def test_a_long_name_is_cut_with_a_mark():
    """The cashier would take half a name for the whole."""
    text = texts(show(Card("p", "x" * 100)))["name"]
    assert ("x" * 79 + "…") == text


def test_the_card_is_made_long_before_it_is_painted():
    """The card would come after the first item: 100 ms are for the whole way to the screen."""
    many = tuple(order(f"WEB-{number}") for number in range(20))
    card = Card("p", "Ada", orders=many, last=tuple(web_order(n) for n in range(5)))
    showing = partial(show, card)
    assert min(repeat(showing, timer=time.process_time, repeat=20, number=1)) < 0.02
