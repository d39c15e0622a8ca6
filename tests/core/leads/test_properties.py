"""What holds of credit whatever happens between channels: hundreds of made-up worlds."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from agent.core.leads import (
    REASONS,
    TAKEN_BACK,
    by_booked,
    by_credited,
    credit,
    crossing,
    groups,
    net_sales,
)
from tests.core.leads.worlds import CREDITS, a_world

SEEDS = range(80)
MANY = range(1_000, 20_000)


def _per_line(bookings):
    return {
        (booking.event, line.line): line.net
        for booking in bookings
        for line in booking.lines
        if line.net
    }


def _per_day(sums):
    days = Counter()
    for (date, currency, _), net in sums.items():
        days[date, currency] += net
    return {day: net for day, net in days.items() if net}


def _adds_up(seed):
    world = a_world(seed)
    found = credit(*world)
    lines = Counter()
    for each in found.credits:
        lines[each.event, each.line] += each.net
    assert _per_line(world.bookings) == {line: net for line, net in lines.items() if net}
    cells = crossing(found.credits)
    assert net_sales(world.bookings) == by_booked(cells)
    assert _per_day(by_booked(cells)) == _per_day(by_credited(cells))
    assert {each.why for each in found.credits} <= set(REASONS)
    assert all(each.net for each in found.credits)


@pytest.mark.parametrize("part", range(3))
def test_credits_of_every_line_and_day_add_up_to_its_net(part):
    """A channel would be paid for sales that never were, or a sale would be credited to nobody."""
    for seed in range(part, 300, 3):
        _adds_up(seed)


@pytest.mark.long
def test_credits_add_up_in_very_many_worlds():
    """A rare meeting of rule, window and returns would break the sum."""
    for seed in MANY:
        _adds_up(seed)


def test_arrival_order_and_repetition_change_nothing():
    """Two HQs, or one after a restore, would report different credit for the same facts."""
    for seed in SEEDS:
        world, rng = a_world(seed), random.Random(seed)
        leads = [*rng.sample(world.leads, len(world.leads)), *world.leads[:3]]
        bookings = [*world.bookings[:3], *rng.sample(world.bookings, len(world.bookings))]
        assert credit(*world) == credit(leads, bookings, world.rules, world.canonical)


def test_two_different_facts_under_one_id_are_settled_alike_everywhere():
    """A channel that reuses an id would make the credit depend on which fact arrived first."""
    for seed in SEEDS[:50]:
        world = a_world(seed)
        forged = [msgspec.structs.replace(lead, channel="forged") for lead in world.leads]
        moved = [msgspec.structs.replace(each, channel="moved") for each in world.bookings]
        rest = (world.rules, world.canonical)
        one = credit([*world.leads, *forged], [*world.bookings, *moved], *rest)
        other = credit([*forged, *world.leads], [*moved, *world.bookings], *rest)
        assert one == other


def test_each_group_alone_gives_what_the_whole_gives():
    """Deriving only the group a late fact falls into would leave another group's credit wrong."""
    for seed in SEEDS:
        world = a_world(seed)
        parts = groups(world.leads, world.bookings, world.canonical)
        alone = [credit(*part, world.rules, world.canonical) for part in parts]
        whole = credit(*world)
        assert sorted(whole.credits, key=repr) == sorted(
            (each for part in alone for each in part.credits), key=repr
        )
        assert sorted(whole.conversions, key=repr) == sorted(
            (each for part in alone for each in part.conversions), key=repr
        )


def test_no_lead_is_bought_more_often_than_it_was_asked_for():
    """One cart with one coffee would bring the web the coffee of every day of its window."""
    for seed in SEEDS:
        world = a_world(seed)
        asked = Counter()
        for lead in world.leads:
            for each in lead.items or ():
                asked[lead.lead_id] += each.quantity
        anything = {lead.lead_id for lead in world.leads if lead.items is None}
        bought = Counter()
        for each in credit(*world).conversions:
            bought[each.lead_id] += each.quantity
        assert all(
            bought[lead_id] <= asked[lead_id] for lead_id in bought if lead_id not in anything
        )


def test_returns_take_back_from_those_who_were_credited_and_from_nobody_else():
    """A channel would lose for goods it never had a part in."""
    for seed in SEEDS:
        world = a_world(seed)
        found = credit(*world).credits
        back = {line.returns for each in world.bookings for line in each.lines if line.returns}
        parties = {
            (each.channel, each.owner, each.lead_id)
            for each in found
            if any((each.event, each.line) == (ref.event, ref.line) for ref in back)
        }
        debited = {
            (each.channel, each.owner, each.lead_id) for each in found if each.why == TAKEN_BACK
        }
        assert debited <= parties


@pytest.mark.parametrize("rule", CREDITS)
def test_merged_customers_are_credited_as_one_and_unmerged_ones_as_before(rule):
    """A merge would lose a lead of one of the two, or its undo leave credit behind."""
    for seed in SEEDS[::4]:
        world = a_world(seed)
        rules = [msgspec.structs.replace(each, credit=rule) for each in world.rules]
        apart = credit(world.leads, world.bookings, rules)
        merged = credit(world.leads, world.bookings, rules, world.canonical)
        as_one = [_renamed(each, world.canonical) for each in world.leads]
        sold_as_one = [_renamed(each, world.canonical) for each in world.bookings]
        assert merged[:2] == credit(as_one, sold_as_one, rules)[:2]
        assert apart == credit(world.leads, world.bookings, rules, {})


def _renamed(each, canonical):
    return msgspec.structs.replace(each, party_id=canonical.get(each.party_id, each.party_id))
