"""The fold of a journal into a card: order, repetition and halves that are not there yet."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agent.core.consent import Asked, ConsentRecord, Mark, State, to_replace
from agent.core.entries.bodies import (
    CashMoved,
    ConsentGiven,
    PartyEnrolled,
    SaleAttributed,
    SaleCompleted,
)
from agent.core.history import LAST_SHOWN, Card, Interaction, Pass, fold, shown_answers
from agent.core.loyalty.earning import EarnedLine, Earning
from agent.core.loyalty.facts import ValueEarned
from agent.core.sale.model import Line, Stamp

ADA, BOB = "party-ada", "party-bob"
SALES, SIDE = "a" * 32, "b" * 32


def at(n):
    return Stamp(f"2026-11-02T10:{n:02d}:00.000Z", n, "boot")


def a_sale(n, *, ref=None, lines=None, till="till-1"):
    row = Line(1, f"Thing {n}", 1000, 100 * n, 100 * n, ())
    return SaleCompleted(
        sale_id=f"sale-{n}",
        receipt_no=f"s-t-aaaa-{n}",
        store="store-1",
        till=till,
        business_date="2026-11-02",
        currency="EUR",
        prices_include_tax=True,
        opened=at(n),
        completed=at(n),
        lines=(row,) if lines is None else lines,
        tenders=(),
        taxes=(),
        total=100 * n,
        net=100 * n,
        change=0,
        customer_ref=f"ref-{n}" if ref is None else ref,
    )


def a_tie(n, party=ADA):
    return SaleAttributed(f"sale-{n}", f"ref-{n}", party, at(n))


def an_enrolment(n, name="Ada", consents=(), party=ADA):
    return PartyEnrolled(party, "store-1", "till-1", at(n), name, consents=consents)


def card(**fields):
    return Card(ADA, fields.pop("name", ""), **fields)


def test_sale_of_the_party_is_in_front():
    """A till would not show what the customer bought here a minute ago."""
    entries = [(SALES, 1, a_sale(1)), (SIDE, 1, a_tie(1))]
    folded = fold(card(), entries)
    assert folded.last == (
        Interaction(
            event_id="sale-1",
            type="sale.completed",
            channel="store",
            touch_point="store-1/till-1",
            occurred_at="2026-11-02T10:01:00.000Z",
            title="1 item: Thing 1",
            ref="s-t-aaaa-1",
            total=100,
            currency="EUR",
        ),
    )
    assert folded.through == {SALES: 1, SIDE: 1}


def test_sale_of_another_party_or_of_nobody_stays_out():
    """One customer would see another's purchases: the worst a history can do."""
    entries = [
        (SALES, 1, a_sale(1)),
        (SIDE, 1, a_tie(1, BOB)),
        (SALES, 2, a_sale(2)),
        (SIDE, 2, an_enrolment(2, "Bob", party=BOB)),
        (SALES, 3, CashMoved("c", "store-1", "till-1", "2026-11-02", at(3), 1, "EUR", "stamps")),
    ]
    assert fold(card(name="Ada"), entries) == card(name="Ada")


def test_sale_waits_for_the_entry_that_ties_it():
    """A sale whose attribution was still on the way would be lost for ever, or taken twice."""
    before = fold(card(), [(SALES, 1, a_sale(1))])
    assert before.through == {}
    both = [(SALES, 1, a_sale(1)), (SIDE, 1, a_tie(1))]
    assert fold(before, both) == fold(card(), both)


def test_half_of_a_pair_within_reach_is_still_new():
    """A card that went through the sale but not its attribution would never show the sale."""
    entries = [(SALES, 4, a_sale(1)), (SIDE, 9, a_tie(1))]
    assert fold(card(through={SALES: 4}), entries).last[0].event_id == "sale-1"
    assert fold(card(through={SIDE: 9}), entries).last[0].event_id == "sale-1"
    assert fold(card(through={SALES: 4, SIDE: 9}), entries).last == ()


def test_enrolment_fills_name_and_consents_once():
    """A person who said their name and their no at the till would be asked again."""
    yes, no = ConsentGiven("marketing", "email", True), ConsentGiven("marketing", "email", False)
    post = ConsentGiven("marketing", "post", True)
    folded = fold(card(consents=(yes, post)), [(SIDE, 3, an_enrolment(3, "Ada L.", (no,)))])
    assert [("marketing", "email", "refused")] == [
        (mark.purpose, mark.contact, mark.state.value) for mark in folded.marks
    ]
    plain = msgspec.structs.replace(folded, marks=())
    assert plain == card(name="Ada L.", consents=(no, post), through={SIDE: 3})
    assert fold(folded, [(SIDE, 2, an_enrolment(2, "older"))]) == folded


def test_enrolment_without_a_name_keeps_the_known_one():
    """An empty field would wipe out what the customer had already told."""
    assert fold(card(name="Ada"), [(SIDE, 1, an_enrolment(1, ""))]).name == "Ada"


def test_enrolment_does_not_hide_an_earlier_attribution_of_the_same_call():
    """Advancing over the enrolment first would swallow the attribution below it."""
    entries = [(SIDE, 1, a_tie(1)), (SIDE, 2, an_enrolment(2)), (SALES, 1, a_sale(1))]
    assert fold(card(through={SALES: 1}), entries).last[0].event_id == "sale-1"


def test_card_keeps_only_the_newest():
    """The till would hold more of a person than it shows."""
    entries = [(SALES, n, a_sale(n)) for n in range(1, 9)]
    entries += [(SIDE, n, a_tie(n)) for n in range(1, 9)]
    shown = [each.event_id for each in fold(card(), entries).last]
    assert shown == [f"sale-{n}" for n in range(8, 8 - LAST_SHOWN, -1)]


def test_web_interactions_stay_beside_the_stores():
    """Web and store would be two histories again."""
    web = Interaction("web/1", "order.placed", "web", "webshop", at(5).wall, "x", "WEB-1")
    folded = fold(card(last=(web,)), [(SALES, 9, a_sale(9)), (SIDE, 1, a_tie(9))])
    assert [each.event_id for each in folded.last] == ["sale-9", "web/1"]


@st.composite
def journals(draw):
    """Two journals of one till with sales of two parties, attributions in any order."""
    count = draw(st.integers(1, 9))
    parties = draw(st.lists(st.sampled_from([ADA, BOB]), min_size=count, max_size=count))
    order = draw(st.permutations(range(count)))
    sales = [(SALES, n + 1, a_sale(n + 1)) for n in range(count)]
    side = [a_tie(n + 1, parties[n]) for n in order]
    side.insert(draw(st.integers(0, count)), an_enrolment(1))
    return sales, [(SIDE, seq + 1, body) for seq, body in enumerate(side)]


@given(journals(), st.integers(0, 10), st.integers(0, 11), st.randoms(use_true_random=False))
def test_any_cut_and_any_order_give_the_same_card(
    world: tuple[list, list], sales_cut: int, side_cut: int, chance: random.Random
):
    """Till and HQ, or two tills, would show different histories of one customer."""
    sales, side = world
    first, whole = sales[:sales_cut] + side[:side_cut], sales + side
    chance.shuffle(first)
    expected = fold(card(), whole)
    chance.shuffle(whole)
    assert fold(fold(card(), first), whole) == expected
    assert fold(expected, whole) == expected


def test_a_pass_made_at_a_till_is_on_the_card_once():
    """A customer's phone would not be recognised until HQ had heard of the pass."""
    made = msgspec.structs.replace(
        an_enrolment(3, "Ada"), pass_id="P" * 16, pass_secret=bytes(20).hex()
    )
    folded = fold(card(), [(SIDE, 3, made)])
    assert (Pass("P" * 16, bytes(20).hex()),) == folded.passes
    assert folded == fold(folded, [(SIDE, 3, made)])
    assert ("email",) == fold(card(), [(SIDE, 3, with_email(made))]).known


def with_email(enrolment):
    """Say an e-mail address, too."""
    return msgspec.structs.replace(enrolment, email="ada@example.com")


def test_an_answer_recorded_at_a_till_decides_at_once():
    """A no said a minute ago would be forgotten until HQ had heard of it."""
    yes, no = ConsentGiven("marketing", "email", True), ConsentGiven("marketing", "email", False)
    enrolled = (SIDE, 3, an_enrolment(3, "Ada", (yes,)))
    before = fold(card(), [enrolled])
    about = Asked("marketing", "email")
    said = ConsentRecord(
        "r-1",
        before.party_id,
        "marketing",
        State.WITHDRAWN,
        "2026-11-22T10:00:00.000Z",
        contact="email",
        replaces=to_replace(before.marks, about),
    )
    after = fold(before, [enrolled, (SIDE, 4, said)])
    assert (no,) == shown_answers(after.consents, after.marks, today="2026-11-22")
    assert (yes,) == shown_answers(before.consents, before.marks, today="2026-11-22")
    assert () == after.last


def test_answers_that_no_mark_speaks_of_are_shown_as_they_were_given():
    """An imported yes would vanish with the first answer to something else."""
    post = ConsentGiven("marketing", "post", True)
    marks = [
        Mark("r-1", "any", State.REFUSED, "sms"),
        Mark("r-2", "marketing", State.REFUSED, "email", "id-7"),
        Mark("r-3", "service", State.OBJECTED),
    ]
    shown = shown_answers((post,), marks, today="2026-11-22")
    assert (ConsentGiven("any", "sms", False), post) == shown


def test_points_of_a_sale_are_on_the_card_at_once():
    """What a receipt promises would be missing until HQ had booked it."""
    earning = Earning("points", (EarnedLine(1, 12, 1000),), ())
    earned = ValueEarned("sale-1", "store-1", "till-1", at(1), ADA, (earning,))
    folded = fold(card(points=5), [(SIDE, 4, earned)])
    assert 17 == folded.points
    assert folded == fold(folded, [(SIDE, 4, earned)])
