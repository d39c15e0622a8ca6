"""What happened on any channel, entered into a card: once, in any order, for whoever it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.entries.bodies import ConsentGiven, SaleAttributed, SaleCompleted
from agent.core.faults import InputFault
from agent.core.history import LAST_SHOWN, Card, Happening, Interaction, Order, OrderLine, enter
from agent.core.history.answers import last_answers
from agent.core.history.fold import covers
from agent.core.history.happenings import happenings_of
from agent.core.history.survivorship import Observation, Strength
from agent.core.loyalty import Expiring
from agent.core.sale.model import Stamp

ADA, ADA2, BOB = "party-ada", "party-ada-2", "party-bob"
YES, NO = ConsentGiven("marketing", "email", True), ConsentGiven("marketing", "email", False)
LINES = (OrderLine("Milk", 1, 100),)


def at(minute):
    return f"2026-11-02T10:{minute:02d}:00.000Z"


def happens(seq, *, stream="j", party=ADA, when=None, **effect):
    return Happening(f"{stream}/{seq}", party, when or at(seq), ((stream, seq),), **effect)


def line(event, minute=1, kind="service.contact"):
    return Interaction(event, kind, "phone", "desk", at(minute), "Called", event)


def name(value, seq, *, stream="j", when=None, strength=Strength.SAID):
    word = Observation(
        party_id=ADA,
        field="name",
        value=value,
        source="web",
        event=f"{stream}/{seq}",
        at=when or at(seq),
        strength=strength,
        stream=stream,
        seq=seq,
    )
    return happens(seq, stream=stream, when=when, words=(word,))


def order(state="placed", lines=LINES):
    return Order("WEB-1", "web", state, at(1), 100, "EUR", lines)


def card(**fields):
    return Card(ADA, fields.pop("name", ""), **fields)


def test_every_effect_is_entered_once():
    """A second delivery would double points, the mistake shops know best."""
    told = [
        name("Ada", 1),
        happens(2, points=30, interaction=line("j/2", 2)),
        happens(3, points=-10, consents=(NO,)),
        happens(4, stream="web", order=order()),
    ]
    entered = enter(card(points=100), told)
    assert entered == card(
        name="Ada",
        points=120,
        consents=(NO,),
        orders=(order(),),
        last=(line("j/2", 2),),
        through={"j": 3, "web": 4},
    )
    assert enter(entered, told) == entered
    assert enter(card(points=100), [*told, *told]) == entered


def test_what_happened_to_others_stays_out():
    """One customer would see what another did."""
    assert enter(card(), [happens(1, party=BOB, points=5, interaction=line("j/1"))]) == card()


def test_what_was_observed_under_another_id_of_the_person_comes_in():
    """A till that enrolled somebody twice would not show the purchase it made a minute ago."""
    merged = card(members=(ADA, ADA2))
    happening = happens(1, party=ADA2, points=5, interaction=line("j/1"))
    assert enter(merged, [happening]) == card(
        members=(ADA, ADA2), points=5, last=(line("j/1"),), through={"j": 1}
    )
    assert enter(card(), [happening]) == card()


def test_bookkeeping_is_passed_through_but_not_shown():
    """Lines of points would push the purchases off the card."""
    quiet = happens(1, points=5, interaction=line("j/1", kind="loyalty.earned"))
    assert enter(card(), [quiet]) == card(points=5, through={"j": 1})


def test_what_is_spent_here_is_what_would_have_ended_first():
    """A customer would be told that points end with which they have just paid."""
    ends = card(points=90, expiring=Expiring(40, "2026-12-31"))
    told = [happens(1, points=-15), happens(2, points=30)]
    assert Expiring(25, "2026-12-31") == enter(ends, told).expiring
    assert None is enter(ends, [happens(1, points=-40)]).expiring


def test_card_shows_the_newest_of_all_channels():
    """A till would hold more of a person than it shows, or show the oldest."""
    told = [happens(n, stream=f"s{n}", interaction=line(f"e-{n}", n)) for n in range(1, 9)]
    shown = [each.event_id for each in enter(card(), told).last]
    assert shown == [f"e-{n}" for n in range(8, 8 - LAST_SHOWN, -1)]


def test_weaker_name_does_not_replace_a_stronger_one():
    """What a cashier misheard would replace what the customer had confirmed."""
    confirmed = card(name="Ada", name_strength=Strength.CONFIRMED)
    assert enter(confirmed, [name("Ida", 1)]).name == "Ada"
    better = enter(confirmed, [name("Ada B.", 1, strength=Strength.CONFIRMED)])
    assert (better.name, better.name_strength) == ("Ada B.", Strength.CONFIRMED)
    assert enter(card(name_strength=Strength.CONFIRMED), [name("Ida", 1)]).name == "Ida"


def test_name_the_card_has_already_weighed_does_not_come_back():
    """An old name would be shown again, because the till heard something else of the person."""
    told = [name("Ida", 1), name("Ada", 1, stream="k", when=at(9))]
    known = card(name="Ada", through={"k": 1})
    assert enter(known, told) == card(name="Ada", through={"j": 1, "k": 1})
    better = card(name="Ada of the web", through={"k": 1})
    assert enter(better, told).name == "Ada of the web"


def test_word_taken_back_uncovers_the_one_before():
    """A till would go on showing a name that its own journal has taken back."""
    told = [
        name("Ida", 1, when=at(9)),
        name("Eda", 2, when=at(1)),
        name("Ada", 1, stream="k", when=at(5)),
    ]
    heard = enter(card(), [told[0], told[2]])
    assert heard.name == "Ida"
    assert enter(heard, told).name == enter(card(), told).name == "Ada"
    of_hq = card(name="Ada of the web", through={"j": 1, "k": 1})
    assert enter(of_hq, told).name == "Ada of the web"
    answers = [
        happens(1, consents=(YES,), when=at(9)),
        happens(2, consents=(YES,), when=at(1)),
        happens(1, stream="k", consents=(NO,), when=at(5)),
    ]
    allowed = enter(card(), [answers[0], answers[2]])
    assert allowed.consents == (YES,)
    assert enter(allowed, answers).consents == enter(card(), answers).consents == (NO,)


def test_later_answer_of_one_journal_holds_whatever_its_clock():
    """Somebody who took a yes back would be written to, because a clock was set back."""
    told = [happens(1, consents=(YES,), when=at(9)), happens(2, consents=(NO,), when=at(1))]
    assert enter(card(), told).consents == (NO,)
    assert enter(card(), told[::-1]).consents == (NO,)
    assert last_answers(told) == {(ADA, "marketing", "email"): (NO, "j/2")}


def test_answer_the_card_has_already_weighed_does_not_come_back():
    """A yes would be shown again that HQ knows to be taken back."""
    told = [
        happens(1, consents=(NO,), when=at(1)),
        happens(1, stream="k", consents=(YES,), when=at(9)),
    ]
    assert enter(card(consents=(NO,), through={"k": 1}), told).consents == (NO,)


def test_of_two_answers_in_one_fact_the_no_holds():
    """A contradiction would be read as a yes."""
    assert enter(card(), [happens(1, consents=(NO, YES))]).consents == (NO,)


def test_yes_under_one_id_does_not_end_the_no_of_another():
    """A duplicate record would undo what the customer asked for."""
    merged = card(members=(ADA, ADA2), consents=(NO,))
    assert enter(merged, [happens(1, party=ADA2, consents=(YES,))]).consents == (NO,)
    both = [happens(1, party=ADA2, consents=(YES,)), happens(2, consents=(NO,))]
    assert enter(card(members=(ADA, ADA2)), both).consents == (NO,)
    assert enter(card(consents=(NO,)), [happens(1, consents=(YES,))]).consents == (YES,)


def test_order_goes_through_its_states_at_the_till():
    """An order handed out offline would be handed out again."""
    waiting = card(orders=(order("ready"),))
    assert enter(waiting, [happens(1, order=order("collected", ()))]).orders == ()
    assert enter(card(), [happens(1, order=order("placed"))]).orders == (order(),)


def test_state_alone_puts_no_order_on_a_card():
    """An order collected long ago would be offered again, without anything in it."""
    late = [happens(1, order=order("ready", ()))]
    assert enter(card(), late).orders == ()
    known = [happens(1, order=order("placed")), happens(2, order=order("collected", ()))]
    assert enter(card(through={"j": 1}), known).orders == ()
    told = [happens(1, order=order()), happens(1, stream="k", order=order("collected", ()))]
    assert enter(card(through={"k": 1}), told).orders == ()


def test_happening_says_where_it_stands():
    """Points of a fact nobody can place would be counted at every reading."""
    with pytest.raises(InputFault) as refused:
        Happening("e", ADA, at(1), ())
    assert refused.value.name == "happening-without-place"


def test_pseudonym_tied_twice_belongs_to_whom_it_was_tied_first():
    """Till and HQ would give one sale to two customers."""
    stamp = Stamp(at(1), 1, "boot")
    ties = [("k", n, SaleAttributed("s", "ref", who, stamp)) for n, who in ((1, ADA), (2, BOB))]
    sale = ("j", 1, _sale(stamp))
    for told in ([*ties, sale], [sale, *ties[::-1]]):
        [happening] = happenings_of([*told, *told])
        assert (happening.party_id, happening.places) == (ADA, (("j", 1), ("k", 1)))


def _sale(stamp):
    return SaleCompleted(
        sale_id="s",
        receipt_no="r",
        store="store-1",
        till="till-1",
        business_date="2026-11-02",
        currency="EUR",
        prices_include_tax=True,
        opened=stamp,
        completed=stamp,
        lines=(),
        tenders=(),
        taxes=(),
        total=0,
        net=0,
        change=0,
        customer_ref="ref",
    )


STREAMS = ("j", "k", "web")


@st.composite
def worlds(draw):
    """What three streams tell of two records of one person and of somebody else."""
    told = []
    for stream in STREAMS:
        for seq in range(1, draw(st.integers(0, 6)) + 1):
            event, minute = f"{stream}/{seq}", draw(st.integers(1, 20))
            party = draw(st.sampled_from([ADA, ADA2, BOB]))
            word = Observation(
                party_id=party,
                field="name",
                value=draw(st.sampled_from(["Ada", "Ida"])),
                source=stream,
                event=event,
                at=at(minute),
                strength=draw(st.sampled_from(Strength)),
                stream=stream,
                seq=seq,
            )
            told.append(
                happens(
                    seq,
                    stream=stream,
                    party=party,
                    when=at(minute),
                    interaction=draw(st.sampled_from([None, line(event, minute)])),
                    words=draw(st.sampled_from([(), (word,)])),
                    points=draw(st.integers(-9, 9)),
                    order=draw(st.sampled_from([None, order(), order("collected", ())])),
                )
            )
    return told


@settings(max_examples=40, deadline=None)
@given(worlds(), st.tuples(*[st.integers(0, 7)] * 3), st.randoms(use_true_random=False))
def test_any_cut_and_any_order_give_the_same_card(
    told: list[Happening], cuts: tuple[int, ...], chance: random.Random
):
    """Till and HQ would tell the same customer two different stories."""
    reach = dict(zip(STREAMS, cuts, strict=True))
    first = [each for each in told if covers(card(through=reach), each)]
    chance.shuffle(first)
    for start in (card(), card(members=(ADA, ADA2))):
        whole = enter(start, told)
        again = [*told, *chance.sample(told, len(told))]
        chance.shuffle(again)
        assert enter(start, again) == whole
        assert enter(enter(start, first), again) == whole
