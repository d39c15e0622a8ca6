"""What the kinds of fact mean for a history that are a happening by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.core.consent.checking import check
from agent.core.consent.record import Asked, ConsentRecord, State
from agent.core.entries.bodies import ConsentGiven, PartyEnrolled
from agent.core.history import Card, Happening, Interaction, enter, happenings_of
from agent.core.history.interactions import Occasion
from agent.core.history.parts import part_of
from agent.core.history.readings import of_consent, of_contact, of_postings, of_value, of_words
from agent.core.history.survivorship import Strength
from agent.core.history.unified import card_of, unified_of
from agent.core.loyalty import Draw, EarnedLine, Earning, ValueEarned, ValueSpent
from agent.core.loyalty.bookings import earned, taken_back
from agent.core.loyalty.earning import GoodsBack
from agent.core.sale.model import ReturnOf, Stamp

ADA, ADA2 = "party-ada", "party-ada-2"
WHEN = "2026-11-02T10:00:00.000Z"
STAMP = Stamp(WHEN, 1, "boot")
NO = ConsentGiven("marketing", "email", False)


def record(record_id, state=State.GIVEN, *, party=ADA, replaces=(), **fields):
    return ConsentRecord(
        record_id, party, "marketing", state, WHEN, "email", replaces=replaces, **fields
    )


def test_enrolment_says_everything_it_was_told():
    """HQ would have to ask again for what the customer told the cashier."""
    body = PartyEnrolled(ADA, "store-1", "till-1", STAMP, "Ada", phone="+491701", consents=(NO,))
    [happening] = happenings_of([("j", 7, body)])
    assert [(word.field, word.value, word.event, word.source) for word in happening.words] == [
        ("name", "Ada", "j/7", "store-1/till-1"),
        ("phone", "+491701", "j/7", "store-1/till-1"),
    ]
    assert (happening.consents, happening.interaction) == ((NO,), None)


def test_what_a_customer_confirms_stands_above_what_a_cashier_hears():
    """A correction made offline would be lost to a mishearing."""
    confirmed = of_words(
        ("j", 1),
        ADA,
        {"name": "Ada Byron", "phone": None},
        source="store-1/till-1",
        at=WHEN,
        strength=Strength.CONFIRMED,
    )
    heard = of_words(("j", 2), ADA, {"name": "Ida"}, source="store-1/till-1", at=WHEN)
    card = enter(Card(ADA, "A."), [heard, confirmed])
    assert (card.name, card.name_strength) == ("Ada Byron", Strength.CONFIRMED)
    assert [word.event for word in confirmed.words] == ["j/1"]


def test_contact_is_on_the_card():
    """A customer would have to tell the store what they told the service desk."""
    occasion = Occasion("hq/1", "phone", "service-desk", WHEN, "employee/kim")
    told = of_contact(("hq", 1), ADA, occasion, title="Asked where it is", ref="T-9", about="web/1")
    [line] = enter(Card(ADA, ""), [told]).last
    assert (line.type, line.channel, line.title, line.about) == (
        "service.contact",
        "phone",
        "Asked where it is",
        "web/1",
    )


def test_answer_decides_and_is_a_line():
    """A no said at one till would not be known at the next."""
    told = record(
        "r-1", State.OBJECTED, channel="phone", touch_point="service-desk", operator="kim"
    )
    happening = of_consent(("k", 3), told)
    assert happening.interaction == Interaction(
        event_id="r-1",
        type="consent.recorded",
        channel="phone",
        touch_point="service-desk",
        occurred_at=WHEN,
        title="Objected to marketing by email",
        ref="r-1",
        actor="employee/kim",
    )
    card = enter(Card(ADA, "Ada"), [happening])
    assert (card.last, card.through) == ((), {"k": 3})
    verdict = check(card.marks, Asked("marketing", "email"), today="2026-11-22")
    assert (verdict.allowed, verdict.state) == (False, "objected")


def test_answer_of_the_customer_alone_says_so():
    """Staff would seem to have answered for the customer."""
    line = of_consent(("k", 3), record("r-1")).interaction
    assert (line.actor, line.channel, line.touch_point) == ("self", "store", "store")
    assert line.title == "Said yes to marketing by email"


def test_every_state_has_words():
    """A timeline could not be read because of one kind of answer."""
    titles = {of_consent(("k", 3), record("r-1", state)).interaction.title for state in State}
    assert len(State) == len(titles)


def test_points_of_a_sale_are_added_and_taken():
    """A customer would be told at the till that their new points do not count."""
    lines = (EarnedLine(1, 12, 1000), EarnedLine(2, 3, 1000))
    stars = Earning("stars", (EarnedLine(1, 99, 1000),), ())
    promised = ValueEarned(
        "sale-1", "store-1", "till-1", STAMP, ADA, (Earning("points", lines, ()), stars)
    )
    draws = (Draw("lease-1", 20), Draw("lease-2", 5))
    spent = ValueSpent("sale-2", "store-1", "till-1", STAMP, ADA, "points", 1, 250, draws)
    happenings = [of_value(("k", 1), promised), of_value(("k", 2), spent)]
    assert [(each.event, each.points) for each in happenings] == [("k/1", 15), ("k/2", -25)]
    assert [(each.interaction.title, each.interaction.about) for each in happenings] == [
        ("15 points earned", "sale-1"),
        ("25 points spent", "sale-2"),
    ]
    card = enter(Card(ADA, "Ada", points=100), happenings)
    assert (card.points, card.last) == (90, ())


def test_bookings_are_told_as_what_they_change_for_their_owner():
    """Points taken back for a return would be missing in the history, or show as spent."""
    earning = Earning("points", (EarnedLine(1, 12, 2000),), ())
    booked = earned("sale-1", (earning,), owner=ADA)
    back = taken_back("sale-2", GoodsBack(1, ReturnOf("sale-1", 1), 1000), booked).postings
    places, occasion = (("j", 1),), Occasion("j/1", "store", "store-1/till-1", WHEN)
    [given] = of_postings(places, occasion, booked, about="sale-1")
    [taken] = of_postings(places, occasion, back, about="sale-1")
    assert (given.points, given.interaction.title) == (12, "12 points earned")
    assert (taken.points, taken.interaction.type, taken.interaction.title) == (
        -6,
        "loyalty.reversed",
        "6 points taken back",
    )
    assert (taken.event, taken.party_id, taken.places) == (f"j/1/{ADA}", ADA, places)
    stars = earned("sale-1", (Earning("stars", earning.lines, ()),), owner=ADA)
    assert of_postings(places, occasion, stars) == []


def test_gift_card_is_nobodys():
    """A gift card that was given away would show in its buyer's history each time it is used."""
    draws = (Draw("lease-1", 20),)
    spent = ValueSpent("sale-2", "store-1", "till-1", STAMP, "gift-1", "EUR", 1, 20, draws)
    assert of_value(("k", 2), spent) is None


def test_objection_outlives_a_merge_and_its_undo():
    """Somebody who said no would be written to because two records were taken apart again."""
    no = [of_consent(("k", 1), record("r-1", State.OBJECTED))]
    yes = [of_consent(("k", 2), record("r-2", party=ADA2))]
    parts = [part_of(ADA, no), part_of(ADA2, yes)]
    merged = unified_of(ADA, parts)
    inherited = [replace(mark, inherited=True) for mark in parts[0].marks]
    apart = unified_of(ADA2, parts[1:], former=inherited)
    for view in (merged, apart):
        assert not check(view.marks, Asked("marketing", "email"), today="2026-11-22").allowed
    assert card_of(merged).marks == merged.marks
    alone = unified_of(ADA2, parts[1:])
    assert check(alone.marks, Asked("marketing", "email"), today="2026-11-22").allowed


@st.composite
def answers(draw) -> list[Happening]:
    """A few answers, some of which were given in knowledge of others."""
    count = draw(st.integers(1, 5))
    return [
        of_consent(
            ("k", n),
            record(
                f"r-{n}",
                draw(st.sampled_from(State)),
                replaces=tuple(f"r-{m}" for m in draw(st.sets(st.integers(1, n), max_size=2))),
            ),
        )
        for n in range(1, count + 1)
    ]


@settings(max_examples=40, deadline=None)
@given(answers(), st.integers(0, 5), st.randoms(use_true_random=False))
def test_answers_are_the_same_however_they_came(told: list[Happening], cut: int, chance):
    """Two tills would read the same answers in two ways."""
    whole = decided(enter(Card(ADA, ""), told))
    first = enter(Card(ADA, ""), told[:cut])
    chance.shuffle(told)
    assert decided(enter(first, told)) == whole
    assert verdict(card_of(unified_of(ADA, [part_of(ADA, told)])).marks) == whole[1]


def test_answer_that_was_over_stays_over():
    """An answer that two others had ended would count again where the last of them came first."""
    first, second = record("r-1", State.GIVEN), record("r-2", State.GIVEN, replaces=("r-1",))
    third = record("r-3", State.REFUSED, replaces=("r-2",))
    told = [of_consent(("k", n), each) for n, each in enumerate((first, second, third), 1)]
    card = enter(Card(ADA, ""), told[:2])
    again = enter(enter(card, told[2:]), told)
    assert verdict(again.marks).records == ("r-3",)


def verdict(marks):
    """Ask what the answers of these tests were given to."""
    return check(marks, Asked("marketing", "email"), today="2026-11-22")


def decided(card: Card):
    """Tell a card apart by what its marks decide: one may be kept that decides nothing any more."""
    return replace(card, marks=()), verdict(card.marks)


@pytest.mark.parametrize("party", [ADA, ADA2])
def test_answer_under_another_id_of_the_person_counts(party):
    """A no would count only at the till that knows the same number of the customer."""
    card = Card(ADA, "", members=(ADA, ADA2))
    no = of_consent(("k", 1), record("r-1", State.REFUSED, party=party))
    assert [mark.record_id for mark in enter(card, [no]).marks] == ["r-1"]
