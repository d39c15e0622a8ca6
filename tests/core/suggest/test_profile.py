"""A profile is small, true, the same on every machine, and there only after a yes."""

from __future__ import annotations

import random

import msgspec
import pytest

from agent.core.faults import InputFault
from agent.core.suggest import Day, Profile, ProfileRule, TopItem, may, profile_of
from tests.core.suggest.shoppers import NOES, TODAY, YES, a_booking, a_world, day

SEEDS = range(40)


def made(*bookings, **fields):
    return profile_of(YES, bookings, today=TODAY, **fields)


def test_profile_has_these_fields_and_no_others():
    """Something about a person would reach the tills that nobody had decided to keep."""
    assert (
        "as_of",
        "first",
        "last",
        "days",
        "visits",
        "spent",
        "top",
        "lately",
        "lately_days",
        "owned",
    ) == Profile.__struct_fields__
    assert ("item", "visits", "quantity", "last", "every_days") == TopItem.__struct_fields__


def test_no_profile_without_a_yes_to_just_that():
    """A customer who said no, or yes to letters only, would be profiled."""
    bookings = a_world(1).bookings
    assert [None] * len(NOES) == [profile_of(no, bookings, today=TODAY) for no in NOES]
    assert [True] + [False] * len(NOES) == [may(verdict) for verdict in (YES, *NOES)]


def test_profile_is_made_of_the_same_bytes_from_the_same_bookings():
    """A profile rebuilt from the journals would differ from the one the tills hold."""
    for seed in SEEDS:
        bookings = list(a_world(seed).bookings)
        held = msgspec.json.encode(made(*bookings))
        random.Random(seed).shuffle(bookings)
        assert held == msgspec.json.encode(made(*bookings))


def test_profile_counts_what_was_bought_on_every_channel():
    """The web's purchases would be missing at the till: the one thing this is all about."""
    tea = [a_booking(ago, "tea", event=f"t{ago}") for ago in (40, 30, 19)]
    web = a_booking(9, "tea", "hat", channel="web")
    back = a_booking(3, "hat", pieces=-1, net=-100)
    expected = Profile(
        as_of=TODAY,
        first=day(40),
        last=day(9),
        days=4,
        visits={"store": 3, "web": 1},
        spent={"EUR": 400},
        top=(TopItem("tea", 4, 4000, day(9), 10),),
        lately=(Day(day(3), ("hat",)), Day(day(9), ("tea",))),
        lately_days=14,
        owned=("tea",),
    )
    assert expected == made(*tea, web, back, once={"tea", "hat"})


def test_customer_without_purchases_has_an_empty_profile():
    """Somebody who has only brought something back would stop the nightly run."""
    assert Profile(as_of=TODAY, lately_days=14) == made()
    back = made(a_booking(3, "hat", pieces=-1, net=-100))
    assert (0, "", (), {"EUR": -100}) == (back.days, back.first, back.top, back.spent)
    assert (Day(day(3), ("hat",)),) == back.lately


def test_old_purchases_are_forgotten():
    """A profile would know for ever what somebody once bought."""
    old, new = a_booking(731, "tea"), a_booking(730, "hat")
    assert (day(730), {"store": 1}) == (made(old, new).first, made(old, new).visits)


@pytest.mark.parametrize("when", ["", "soon", "2199-01-01"])
def test_day_nobody_can_place_counts_as_today(when):
    """A channel's bad date would bring up what was just bought, or stop the nightly run."""
    odd = msgspec.structs.replace(a_booking(3, "hat"), business_date=when)
    assert (Day(TODAY, ("hat",)),) == made(odd).lately


def test_profile_is_asked_for_on_a_day():
    """A mistake of the caller would make everything a customer bought count as lately."""
    with pytest.raises(InputFault, match="soon"):
        profile_of(YES, [], today="soon")


def test_withheld_items_leave_no_trace():
    """A medicine would show at the till, or be the reason for something that does."""
    bookings = [a_booking(ago, "pills", "tea", event=f"b{ago}") for ago in (2, 9, 16)]
    found = made(*bookings, withheld={"pills"}, once={"pills"})
    assert b"pills" not in msgspec.json.encode(found)
    assert ("tea",) == tuple(top.item for top in found.top)


def test_top_is_short_and_what_is_bought_most_comes_first():
    """A list of everything somebody buys would travel to the tills."""
    bookings = [
        a_booking(ago, *(f"item-{n}" for n in range(9) if ago > n), event=f"b{ago}")
        for ago in range(1, 12)
    ]
    found = made(*bookings)
    assert [f"item-{n}" for n in range(5)] == [top.item for top in found.top]
    assert 2 == len(made(*bookings, rule=ProfileRule(top=2)).top)


def test_what_came_back_altogether_is_not_liked():
    """Shoes that never fitted would be suggested again for ever."""
    bought = [a_booking(ago, "shoes", event=f"b{ago}") for ago in (40, 30)]
    back = [a_booking(ago, "shoes", event=f"r{ago}", pieces=-1) for ago in (39, 29)]
    assert () == made(*bought, *back).top
    early = a_booking(50, "shoes", event="early", pieces=-1)
    assert (TopItem("shoes", 2, 1000, day(30)),) == made(*bought, early).top


def test_thing_named_twice_on_a_receipt_was_bought_once():
    """Two lines of one receipt would look like a habit."""
    assert () == made(a_booking(20, "tea", "tea")).top
    assert 1 == made(a_booking(20, "tea", "tea"), rule=ProfileRule(often=1)).top[0].visits
