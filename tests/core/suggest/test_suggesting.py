"""What is pointed out to a customer, and above all what never is."""

from __future__ import annotations

import string

import msgspec
import pytest

from agent.core.suggest import (
    REASONS,
    WORDS,
    Day,
    Pairing,
    Profile,
    Reason,
    Shop,
    Suggestion,
    TopItem,
    Visit,
    bought_before,
    sentence,
    suggest,
)
from tests.core.suggest.shoppers import NOES, TODAY, YES, a_world, day, wished

SEEDS = range(100)
NEW = Profile(as_of=TODAY, lately_days=14)


def a_shop(*pairings, sellable=lambda _: True):
    by_item = {}
    for pairing in pairings:
        by_item.setdefault(pairing.item, []).append(pairing)
    return Shop({item: tuple(found) for item, found in by_item.items()}, sellable)


def pairing(item, other, together=40):
    return Pairing(item, other, together, 100, 50, 1000)


def a_visit(**fields):
    return msgspec.structs.replace(Visit(TODAY, TODAY), **fields)


def items(suggestions):
    return [each.item for each in suggestions]


def test_nothing_bought_lately_on_any_channel_is_ever_suggested():
    """A customer would be told to buy what they bought on the web this morning."""
    shown = 0
    for seed in SEEDS:
        world = a_world(seed)
        lately = {
            line.item
            for booking in world.bookings
            for line in booking.lines
            if booking.business_date >= day(world.profile.lately_days)
        }
        here = {line.item for booking in world.visit.since for line in booking.lines}
        barred = lately | here | {*world.visit.basket} | world.visit.declined
        found = suggest(YES, world.profile, world.visit, world.shop)
        assert not barred & {*items(found)}
        assert not {*world.profile.owned} & {*items(found)}
        shown += len(found)
    assert shown > len(SEEDS)


def test_at_most_three_are_suggested_each_once_and_to_be_had():
    """A cashier would read out a list, or send the customer for what the shop has not got."""
    for seed in SEEDS:
        world = a_world(seed)
        found = items(suggest(YES, world.profile, world.visit, world.shop))
        assert len(found) <= 3
        assert len(found) == len({*found})
        assert all(map(world.shop.sellable, found))


@pytest.mark.parametrize(
    "verdict", NOES, ids=["no", "yes-to-letters", "letters-asked", "not-asked"]
)
def test_nothing_is_suggested_without_a_yes_to_just_that(verdict):
    """Somebody who said no would see that they are watched all the same."""
    for seed in SEEDS:
        world = a_world(seed)
        assert () == suggest(verdict, world.profile, world.visit, world.shop)


def test_every_reason_can_be_said_in_words():
    """The cashier would point something out and not know why."""
    seen = set()
    for seed in SEEDS:
        world = a_world(seed)
        for each in suggest(YES, world.profile, world.visit, world.shop):
            seen.add(each.reason.key)
            assert set(REASONS[each.reason.key]) == set(each.reason.values)
            assert each.item == each.reason.values["item"]
            assert "{" not in sentence(each.reason, str.upper)
    assert set(REASONS) == seen


def test_words_use_only_what_a_reason_carries():
    """A sentence would break on a value that no suggestion has."""
    assert list(REASONS) == list(WORDS)
    for key, text in WORDS.items():
        used = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert used <= set(REASONS[key])


def test_order_of_what_is_known_does_not_matter():
    """Two tills would point out different things to one customer."""
    for seed in SEEDS[:50]:
        world = a_world(seed)
        turned = msgspec.structs.replace(
            world.visit, wished=world.visit.wished[::-1], since=world.visit.since[::-1]
        )
        assert suggest(YES, world.profile, world.visit, world.shop) == suggest(
            YES, world.profile, turned, world.shop
        )


def test_customers_own_wish_comes_first_then_basket_then_rhythm_then_habit():
    """What a customer put aside would be hidden behind what others buy."""
    profile = msgspec.structs.replace(NEW, top=(TopItem("tea", 6, 6000, day(30), 21),))
    shop = a_shop(pairing("bread", "butter"), pairing("tea", "mug", 90))
    visit = a_visit(basket=("bread",), wished=wished("scarf"))
    expected = [("scarf", "wished"), ("butter", "goes-with-basket"), ("tea", "due-again")]
    found = suggest(YES, profile, visit, shop)
    assert expected == [(each.item, each.reason.key) for each in found]
    (usual,) = suggest(YES, profile, a_visit(declined=frozenset({"tea"})), shop)
    values = {"item": "mug", "with": "tea", "together": 90, "baskets": 100, "visits": 6}
    assert Suggestion("mug", Reason("goes-with-usual", values), 9000) == usual


def test_freshest_wish_comes_first_and_what_was_bought_of_it_is_gone():
    """A wish of last year would stand before that of last night."""
    old, fresh = wished("scarf", ago=9), wished("hat", ago=1, channel="app")
    (left,) = fresh
    bought = msgspec.structs.replace(left, left={"hat": 1000, "cap": 0})
    found = suggest(YES, NEW, a_visit(wished=(*old, bought)), a_shop())
    assert ["hat", "scarf"] == items(found)
    values = {"item": "hat", "channel": "app", "kind": "wishlist", "day": day(1)}
    assert Reason("wished", values) == found[0].reason
    anything = msgspec.structs.replace(left, left=None)
    assert () == suggest(YES, NEW, a_visit(wished=(anything,)), a_shop())


def test_best_reason_of_an_item_is_the_one_that_is_said():
    """A weak reason would be given where there is a strong one."""
    shop = a_shop(pairing("bread", "butter", 20), pairing("jam", "butter", 60))
    (only,) = suggest(YES, NEW, a_visit(basket=("bread", "jam")), shop)
    assert ("jam", 6000) == (only.reason.values["with"], only.strength)


@pytest.mark.parametrize(("ago", "due"), [(20, False), (21, True), (63, True), (64, False)])
def test_rhythm_is_due_once_it_has_gone_round_and_not_for_ever(ago, due):
    """Coffee would be suggested the day after, or years after the customer stopped drinking it."""
    profile = msgspec.structs.replace(NEW, top=(TopItem("tea", 6, 6000, day(ago), 21),))
    found = suggest(YES, profile, a_visit(), a_shop())
    assert due == bool(found)
    if due:
        values = {"item": "tea", "visits": 6, "every_days": 21, "last": day(ago)}
        assert Reason("due-again", values) == found[0].reason


def test_no_rhythm_is_never_due():
    """Something bought twice on one day would be suggested on every visit."""
    profile = msgspec.structs.replace(NEW, top=(TopItem("tea", 2, 2000, day(30)),))
    assert () == suggest(YES, profile, a_visit(), a_shop())


@pytest.mark.parametrize(("ago", "shown"), [(13, False), (14, False), (15, True)])
def test_lately_is_counted_from_the_visit_not_from_the_profile(ago, shown):
    """A profile made a week ago would bar a thing for a week too long, or too short."""
    profile = msgspec.structs.replace(NEW, lately=(Day(day(ago), ("butter",)),))
    visit = a_visit(basket=("bread",))
    assert shown == bool(suggest(YES, profile, visit, a_shop(pairing("bread", "butter"))))


@pytest.mark.parametrize("when", [day(-400), "", "soon"])
def test_day_nobody_can_place_is_lately(when):
    """A wrong date would bring up what the customer has just bought."""
    profile = msgspec.structs.replace(NEW, lately=(Day(when, ("butter",)),))
    visit = a_visit(basket=("bread",))
    assert () == suggest(YES, profile, visit, a_shop(pairing("bread", "butter")))


def test_till_that_may_not_have_heard_of_other_channels_says_nothing():
    """A till offline for a week would suggest what was bought on the web yesterday."""
    shop = a_shop(pairing("bread", "butter"))
    for ago, shown in ((0, True), (1, True), (2, False), (400, False)):
        visit = a_visit(basket=("bread",), in_step=day(ago))
        assert shown == bool(suggest(YES, NEW, visit, shop))
    assert () == suggest(YES, NEW, a_visit(basket=("bread",), in_step=""), shop)


def test_nothing_is_said_of_somebody_without_a_profile():
    """A party just enrolled would be treated as one who never bought anything."""
    assert () == suggest(YES, None, a_visit(wished=wished("hat")), a_shop())


def test_what_one_has_already_is_not_suggested():
    """The owner of a coffee machine would be offered another at every visit."""
    profile = msgspec.structs.replace(NEW, owned=("machine",))
    visit = a_visit(basket=("beans",))
    assert () == suggest(YES, profile, visit, a_shop(pairing("beans", "machine")))


def test_fourth_best_takes_the_place_of_what_is_not_to_be_had():
    """A shelf that is empty would cost the customer a good suggestion."""
    shop = a_shop(
        *(pairing("bread", f"item-{n}", 90 - n) for n in range(5)),
        sellable=lambda item: item != "item-1",
    )
    found = suggest(YES, NEW, a_visit(basket=("bread",)), shop)
    assert ["item-0", "item-2", "item-3"] == items(found)


def test_what_was_bought_before_is_marked_with_its_day():
    """A cashier could not say "you had this one last time"."""
    profile = msgspec.structs.replace(
        NEW,
        top=(TopItem("tea", 6, 6000, day(30)),),
        lately=(Day(day(1), ("milk",)), Day(day(3), ("tea",))),
    )
    assert (day(3), day(1), "") == tuple(
        bought_before(profile, item) for item in ("tea", "milk", "hat")
    )
    assert "" == bought_before(None, "tea")


def test_sentence_names_items_and_may_be_in_any_language():
    """A customer would be told the key of an item."""
    reason = Reason(
        "goes-with-basket", {"item": "i1", "with": "i2", "together": 40, "baskets": 100}
    )
    names = {"i1": "Butter", "i2": "Brot"}.__getitem__
    assert "Butter: in 40 of 100 baskets with Brot" == sentence(reason, names)
    german = {"goes-with-basket": "{item} passt zu {with}"}
    assert "Butter passt zu Brot" == sentence(reason, names, german)
