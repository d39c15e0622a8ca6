"""One person, whoever they turn out to be: nothing lost by a merge, nothing left by its undo."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import LAST_SHOWN, Card, Happening, Interaction, Order, OrderLine, enter
from agent.core.history.canonical import canonical_map
from agent.core.history.households import Affiliation, memberships
from agent.core.history.parts import Balance, Named, Part, part_of, parts_of
from agent.core.history.survivorship import Decided, Observation, Strength
from agent.core.history.unified import (
    Home,
    card_of,
    conflicts,
    digest,
    unified_of,
    unify,
)
from agent.core.recognition.means import Identifier, IdentifierType

ADA, ADA2, BOB, HOME = "party-ada", "party-ada-2", "party-bob", "party-home"
YES, NO = ConsentGiven("marketing", "email", True), ConsentGiven("marketing", "email", False)
PHONE = Identifier(IdentifierType.PHONE, "+491701234567")
CARD = Identifier(IdentifierType.LOYALTY_CARD, "LC1")


def at(minute):
    return f"2026-11-02T10:{minute:02d}:00.000Z"


def word(value, minute=1, *, party=ADA, field="name", strength=Strength.SAID):
    return Observation(party, field, value, "web", f"{party}/{minute}", at(minute), strength)


def line(event, minute=1):
    return Interaction(event, "sale.completed", "store", "s/t", at(minute), "1 item", event)


def test_view_brings_everything_of_all_ids_together():
    """A customer with two records would be two customers."""
    named = Named(PHONE, ADA, "web", "e-1", at(1))
    proved = Named(PHONE, ADA2, "store", "e-2", at(2), is_verified=True)
    loyal = Named(CARD, ADA2, "store", "e-2", at(2))
    order = Order("WEB-1", "web", "placed", at(1), 100, "EUR", (OrderLine("Milk", 1, 100),))
    one = Part(
        ADA,
        words=(word("Ada"),),
        identifiers=(named,),
        consents=(YES,),
        balances=(Balance(ADA, 30), Balance("gift-1", 500, "EUR")),
        interactions=(line("e-1"),),
        orders=(order,),
        through={"j": 5, "web": 3},
    )
    other = Part(
        ADA2,
        words=(word("Ada Byron", 2, party=ADA2),),
        identifiers=(proved, loyal),
        consents=(NO,),
        balances=(Balance(ADA2, 12), Balance("gift-1", 500, "EUR")),
        interactions=(line("e-2", 2),),
        orders=(replace(order, state="ready", lines=()),),
        through={"j": 9},
    )
    view = unified_of(ADA, [other, one], members=[ADA, ADA2, "party-never-seen"])
    assert view == unified_of(ADA, [one, other], members=["party-never-seen"])
    assert view.merged_from == (ADA2, "party-never-seen")
    assert (view.fields["name"].value, view.fields["name"].why) == ("Ada Byron", Decided.NEWEST)
    assert view.identifiers == (loyal, proved, named)
    assert (view.consents, view.answers) == ((NO,), {ADA: (YES,), ADA2: (NO,)})
    assert view.balances == (Balance("gift-1", 500, "EUR"), Balance(ADA, 30), Balance(ADA2, 12))
    assert view.points == 42
    assert [each.event_id for each in view.timeline] == ["e-2", "e-1"]
    assert view.orders == (replace(order, state="ready"),)
    assert view.through == {"j": 9, "web": 3}


def test_card_of_a_merged_person_knows_all_ids():
    """A till would take its own sale to one of the ids for somebody else's."""
    words = (word("Ada", strength=Strength.CONFIRMED), word("gold", field="tier"))
    one = Part(ADA, words=words, balances=(Balance(ADA, 7),), through={"j": 2})
    assert card_of(unified_of(ADA, [one]), ver=3) == Card(
        ADA,
        "Ada",
        tier="gold",
        points=7,
        through={"j": 2},
        ver=3,
        name_strength=Strength.CONFIRMED,
    )
    assert card_of(unified_of(ADA, [], members=[ADA2, ADA])) == Card(ADA, "", members=(ADA, ADA2))


def test_card_shows_open_orders_and_the_newest_lines_alone():
    """A till would hold more of a person than it needs."""
    orders = tuple(
        Order(f"WEB-{state}", "web", state, at(1), 100, "EUR") for state in ("collected", "ready")
    )
    lines = tuple(line(f"e-{n}", n) for n in range(9))
    card = card_of(unified_of(ADA, [Part(ADA, orders=orders, interactions=lines)]))
    assert card.orders == orders[1:]
    assert len(card.last) == LAST_SHOWN


def test_household_is_shown_beside_the_person():
    """A family's shared points would be lost, or counted as somebody's own."""
    parts = [Part(ADA, balances=(Balance(ADA, 5),)), Part(HOME, balances=(Balance(HOME, 100),))]
    living = memberships([Affiliation("e", ADA2, HOME, at(1), "head")], (), {ADA2: ADA})
    views = unify(parts, {ADA: ADA, ADA2: ADA}, memberships=living)
    assert views[ADA].homes == (Home(HOME, "head", at(1), 100),)
    assert views[ADA].points == 5
    assert views[HOME].homes == ()


def test_steward_sees_what_contradicts_itself():
    """Two persons would be merged because nobody saw that their birth dates differ."""
    words = (
        word("Ada Byron", 1),
        word("Ada  Byron", 2),
        word("Ida Byron", 3, party=ADA2),
        word("1985-01-02", 1, field="birth_date"),
    )
    assert conflicts(unified_of(ADA, [Part(ADA, words=words)])) == {
        "name": ("Ida Byron", "Ada  Byron")
    }


def test_one_id_alone_is_rebuilt_like_all():
    """HQ's nightly check would find differences that are none."""
    told = [
        Happening("j/1", ADA, at(1), (("j", 1),), points=5),
        Happening("j/2", BOB, at(2), (("j", 2),), points=7),
    ]
    assert part_of(ADA, told) == parts_of(told)[ADA]
    assert part_of(ADA2, told) == Part(ADA2)


def test_source_priority_reaches_the_view():
    """The settings' order of sources would mean nothing in the view."""
    words = (
        replace(word("Ada"), source="import"),
        replace(word("Ida"), source="web", event="a"),
    )
    part = [Part(ADA, words=words)]
    assert unified_of(ADA, part).fields["name"].value == "Ada"
    assert unify(part, {}, priority=["web"])[ADA].fields["name"].value == "Ida"


PARTIES = [f"party-{n}" for n in range(8)]
STREAMS = ("j", "k", "web")


def a_world(chance):
    """Happenings of eight parties on three streams, and who lives with whom."""
    told = []
    for stream in STREAMS:
        for seq in range(1, chance.randint(1, 14)):
            event, minute, party = f"{stream}/{seq}", chance.randint(1, 30), chance.choice(PARTIES)
            said = Observation(
                party,
                chance.choice(["name", "tier", "postcode"]),
                chance.choice(["A", "B", "C"]),
                chance.choice(["web", "import"]),
                event,
                at(minute),
                chance.choice(list(Strength)),
                stream,
                seq,
            )
            told.append(
                Happening(
                    event,
                    party,
                    at(minute),
                    ((stream, seq),),
                    interaction=line(event, minute) if chance.random() < 0.8 else None,
                    words=(said,) if chance.random() < 0.5 else (),
                    consents=(chance.choice([YES, NO]),) if chance.random() < 0.2 else (),
                    order=an_order(chance) if chance.random() < 0.2 else None,
                    points=chance.randint(-20, 40),
                )
            )
    homes = [Affiliation(f"home-{n}", chance.choice(PARTIES), HOME, at(n)) for n in range(4)]
    return told, homes


def an_order(chance):
    lines = chance.choice([(OrderLine("Milk", 1, 100),), ()])
    return Order(
        f"WEB-{chance.randint(1, 3)}",
        "web",
        chance.choice(["placed", "shipped", "ready", "collected"]) if lines else "collected",
        "",
        100,
        "EUR",
        lines,
    )


def views_of(told, homes, groups):
    canonical = canonical_map(groups)
    parts = {party: Part(party) for party in PARTIES} | parts_of(told)
    return unify(parts.values(), canonical, memberships=memberships(homes, (), canonical))


def merge_tree(chance, merges):
    """Give the groups before any merge and after each of some."""
    groups = [[party] for party in PARTIES]
    steps = [[list(group) for group in groups]]
    for _ in range(merges):
        if len(groups) > 1:
            one, other = chance.sample(groups, 2)
            groups = [group for group in groups if group not in (one, other)] + [one + other]
            steps.append([list(group) for group in groups])
    return steps


def everything(views):
    """What is known of anybody, whoever they are."""
    return (
        {
            word
            for view in views.values()
            for field in view.fields.values()
            for word in (field.shown, *field.rest)
        },
        sorted(each.event_id for view in views.values() for each in view.timeline),
        sorted(each.owner for view in views.values() for each in view.balances),
        sum(view.points for view in views.values()),
        sorted(id_ for view in views.values() for id_ in (view.canonical_id, *view.merged_from)),
    )


def prove_a_tree(seed):
    """Merge at random, take it all back step by step, and compare with what was before."""
    chance = random.Random(seed)
    told, homes = a_world(chance)
    steps = merge_tree(chance, 6)
    seen = [views_of(told, homes, groups) for groups in steps]
    for groups, view in zip(reversed(steps), reversed(seen), strict=True):
        chance.shuffle(told)
        chance.shuffle(groups)
        assert digest(views_of(told, homes, groups).values()) == digest(view.values())
        assert everything(view) == everything(seen[0])
    for group in steps[-1]:
        one = seen[-1][canonical_map([group])[group[0]]]
        assert (NO in one.consents) == any(NO in answers for answers in one.answers.values())


def prove_a_fold(seed):
    """HQ shows what it has; the till folds all there is into that, and shows what HQ will."""
    chance = random.Random(seed)
    told, homes = a_world(chance)
    told = [replace(each, consents=()) for each in told]
    groups = merge_tree(chance, 6)[-1]
    cut = {stream: chance.randint(0, 14) for stream in STREAMS}
    heard = [each for each in told if each.places[0][1] <= cut[each.places[0][0]]]
    before, after = views_of(heard, homes, groups), views_of(told, homes, groups)
    chance.shuffle(told)
    for canonical_id, view in before.items():
        at_hq = card_of(after[canonical_id])
        assert _shown(enter(card_of(view), told)) == _shown(at_hq)
        assert _shown(enter(Card(canonical_id, "", members=at_hq.members), told)) == _shown(at_hq)


def _shown(card):
    """Leave out what only HQ knows: the tier, and the weight of no name."""
    return replace(card, tier=None, name_strength=card.name_strength if card.name else 0)


@pytest.mark.parametrize("seed", range(12))
def test_merges_lose_nothing_and_their_undo_leaves_nothing(seed):
    """A merge could not be taken back (P10), or points and words would be lost on the way."""
    prove_a_tree(seed)


@pytest.mark.parametrize("seed", [*range(12), 3088, 3377, 4383])
def test_till_shows_what_hq_will_show(seed):
    """Till and HQ would tell the same customer two different stories."""
    prove_a_fold(seed)


@pytest.mark.long
@pytest.mark.untraced
def test_ten_thousand_merge_trees_are_undone():
    """A rare tree of merges would leave something behind when it is undone."""
    for seed in range(10_000):
        prove_a_tree(seed)
        prove_a_fold(seed)
