"""Whole chains at random: every balance to the unit, and no lease ever overspent."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.loyalty import (
    GIFT_CAPS,
    LedgerFault,
    LoyaltyFault,
    balances,
    overspent,
    shortfalls,
    standing,
)
from agent.core.loyalty.applying import apply
from agent.core.loyalty.purse import Wish, receive, spend
from tests.core.loyalty.worlds import GIFT, OWNERS, POINTS, ToyBooks, World, digest

DEEDS = (
    *("sale",) * 4,
    *("pay",) * 4,
    *("order",) * 4,
    *("lease",) * 3,
    "spree",
    *("news",) * 8,
    "load",
    "bring_back",
    "bring_back",
    "refund",
    "close_till",
    "recall",
    "merge",
    "undo",
)
"""What may happen, as often as it stands here."""
NOTHING_COMES_BACK = tuple(deed for deed in DEEDS if deed not in {"bring_back", "undo"})
IN_SUITE, PROOF = 10, 2000
STEPS = 240


def worlds(many, *deeds, steps=STEPS):
    for seed in range(many):
        world = World(seed)
        world.run(steps, deeds)
        yield world


def assert_exact(many):
    for world in worlds(many, *DEEDS):
        world.hq.assert_sound()
        world.settle()
        world.hq.assert_sound()
        assert [] == world.hq.waiting
        assert world.expected() == world.shown(), world.seed
        assert {} == world.leased()


def assert_never_overspent(many):
    for world in worlds(many, *NOTHING_COMES_BACK):
        caps = {lease_id: lease.cap for lease_id, lease in world.orders}
        assert all(spent <= caps[key] for key, spent in world.spent_under().items())
        assert all(held >= 0 for held in _by_part(world)), world.seed
        world.settle()
        assert () == overspent(world.hq.sums())
        assert all(held >= 0 for held in _by_part(world)), world.seed


def _by_part(world):
    sums = world.hq.sums()
    return [standing(sums, part, POINTS).free for part in world.parts]


def test_every_balance_is_exact_whatever_happens_in_any_order():
    """A point would be lost or doubled by some order of earning, paying, returning, closing."""
    assert_exact(IN_SUITE)


@pytest.mark.long
@pytest.mark.untraced
@pytest.mark.timeout(900)
def test_every_balance_is_exact_in_thousands_of_worlds():
    """A rare order of events would lose a point."""
    assert_exact(PROOF)


def test_no_number_of_tills_that_are_cut_off_overspends():
    """Twenty tills without HQ would each let the same points be spent."""
    assert_never_overspent(IN_SUITE)


@pytest.mark.long
@pytest.mark.untraced
@pytest.mark.timeout(900)
def test_thousands_of_worlds_overspend_nothing():
    """A rare order of leases and sales would let points be spent twice."""
    assert_never_overspent(PROOF)


def test_twenty_tills_without_hq_spend_no_more_than_their_leases():
    """A stolen card would be emptied at every till of a chain whose line is down."""
    world = World(1, tills=20)
    for _ in range(30):
        world.sale()
    world.settle()
    for till in world.shop:
        world.lease_to(till, "ada", 200)
    for lease_id, lease in world.orders:
        for till in world.shop:
            till.purse = receive(till.purse, lease_id, lease)
    tries = [(till, number) for till in world.shop for number in range(40)]
    taken = sum(world.pay_at(till, "ada", 17, world.number("sale")) for till, _ in tries)
    leased = sum(lease.cap for _, lease in world.orders)
    spent = world.spent_under()
    assert 0 < taken < len(tries)
    assert sum(spent.values()) <= leased <= 3000
    assert all(spent.get(key, 0) <= lease.cap for key, lease in world.orders)
    world.settle()
    assert world.expected() == world.shown()


def test_a_till_that_begins_another_journal_spends_nothing_it_may_have_forgotten():
    """A disk that was put back from a backup would spend its leases a second time."""
    world = World(2)
    world.sale()
    world.settle()
    till, owner = world.shop[0], world.sold[0][1]
    world.lease_to(till, owner, 50)
    again = msgspec.structs.replace(till.purse, journal="another")
    for lease_id, lease in world.orders:
        again = receive(again, lease_id, lease)
    with pytest.raises(LoyaltyFault):
        spend(again, Wish((owner,), POINTS, 1, "EUR", "sale-9"), {})


@pytest.mark.parametrize("unit", [GIFT])
def test_a_gift_card_pays_only_where_hq_is_asked(unit):
    """One card would pay at two tills that do not know of each other."""
    world = World(3)
    world.load()
    world.settle()
    till, card = world.shop[0], next(iter(world.issued))
    value = world.issued[card]
    assert None is world.lease_to(till, card, 1, unit, caps=GIFT_CAPS)
    assert None is world.lease_to(till, card, value + 1, unit, sale="sale-a", caps=GIFT_CAPS)
    assert world.lease_to(till, card, value, unit, sale="sale-a", caps=GIFT_CAPS)
    assert None is world.lease_to(world.shop[1], card, 1, unit, sale="sale-b", caps=GIFT_CAPS)
    till.purse = receive(till.purse, *world.orders[0])
    assert not world.pay_at(till, card, value, "sale-b", unit)
    assert world.pay_at(till, card, value, "sale-a", unit)
    world.settle()
    assert {} == world.expected() == world.shown()


def test_a_lost_till_that_comes_back_is_booked_exactly():
    """What it spent before it was given up would be made good twice."""
    for world in worlds(IN_SUITE, *DEEDS, "write_off", "write_off"):
        world.settle()
        assert world.expected() == world.shown(), world.seed
        assert {} == world.leased()


def test_a_rewound_hq_is_told_everything_again():
    """An HQ put back from a backup would lack points, or refuse what stores tell of them."""
    for world in worlds(IN_SUITE, *DEEDS):
        world.settle()
        rewound = World(world.seed)
        rewound.hq, rewound.shop = ToyBooks(), world.shop
        for fact in [fact for till in world.shop for fact in till.facts]:
            rewound.hq.take(fact)
        for lease_id, lease in world.orders:
            rewound.hq.know(lease_id, lease)
        rewound.hq.assert_sound()
        assert world.shown() == rewound.shown()


def test_undoing_a_merge_leaves_no_trace():
    """An undone merge would leave points where they were not."""
    for world in worlds(IN_SUITE, "sale", "news", "merge"):
        before = digest(world.hq.rows.values())
        alone = {owner: standing(world.hq.sums(), {owner}, POINTS) for owner in OWNERS}
        whole = [standing(world.hq.sums(), part, POINTS).value for part in world.parts]
        assert sum(whole) == sum(each.value for each in alone.values())
        world.undo()
        assert before == digest(world.hq.rows.values())
        assert alone == {
            owner: standing(world.hq.sums(), part, POINTS)
            for owner, part in zip(OWNERS, world.parts, strict=True)
        }


def test_what_was_spent_of_each_other_is_listed_to_the_point():
    """After an undo somebody would be short of points, and nobody know of it."""
    listed = 0
    for world in worlds(IN_SUITE, *("sale", "news") * 3, "merge", "spree"):
        world.settle()
        world.spree()
        world.settle()
        world.undo()
        rows = [*world.hq.rows.values()]
        events = {row.event for row in rows}
        found = shortfalls(rows, world.parts, POINTS, since=events)
        short = {each.owners[0]: -each.by for each in found}
        assert short == {owner: value for (owner, _), value in world.shown().items() if value < 0}
        assert all(each.by <= sum(row.amount for row in each.spent) for each in found)
        listed += len(found)
    assert listed


def test_a_returned_sale_waits_for_itself_and_a_fact_for_its_lease():
    """News that overtakes other news would be lost, or stop what comes behind it."""
    world = World(4)
    world.sale()
    world.bring_back()
    earned, back = [fact for till in world.shop for fact in till.facts]
    if not hasattr(earned, "earnings"):
        earned, back = back, earned
    assert apply(world.hq, back).waits_for.event == world.sold[0][0]
    world.hq.take(earned)
    till, owner = world.shop[0], world.sold[0][1]
    world.lease_to(till, owner, 9)
    lease_id, lease = world.orders[0]
    till.purse = receive(till.purse, lease_id, lease)
    assert world.pay_at(till, owner, 1, "sale-x")
    world.settle(shuffled=False)
    for fact in till.facts[-2:]:
        assert lease_id == apply(ToyBooks(), fact).waits_for


def test_more_than_was_sold_is_told():
    """Nobody would look into goods that come back twice."""
    world = World(5)
    world.sale()
    world.settle()
    sale, _, line = world.sold[0]
    while world.back.get((sale, line.line), 0) <= line.quantity:
        world.bring_back()
    world.settle()
    assert 0 < world.hq.over
    assert world.expected() == world.shown()


def test_a_fact_that_contradicts_the_books_posts_nothing():
    """A forged second version of a sale would change a balance."""
    world = World(6)
    world.sale()
    world.settle()
    (fact,) = [fact for till in world.shop for fact in till.facts]
    more = msgspec.convert(msgspec.to_builtins(fact), type(fact))
    assert () == apply(world.hq, more).postings
    with pytest.raises(LedgerFault) as fault:
        apply(world.hq, msgspec.structs.replace(fact, earnings=(_doubled(fact.earnings[0]),)))
    assert "ledger-fork" == fault.value.name


def _doubled(earning):
    lines = [msgspec.structs.replace(line, value=2 * line.value) for line in earning.lines]
    return msgspec.structs.replace(earning, lines=tuple(lines))


@pytest.mark.long
@pytest.mark.untraced
@pytest.mark.timeout(900)
def test_a_million_repeated_deliveries_lose_and_double_nothing():
    """A bad line that repeats everything would be worth points."""
    world = World(7, tills=20)
    world.run(20_000, ("sale", "load", "bring_back", "lease", "order", "pay", "refund"))
    world.settle()
    expected, rows = world.expected(), len(world.hq.rows)
    facts = [fact for till in world.shop for fact in till.facts]
    for _ in range(1_000_000):
        assert () == world.hq.take(world.random.choice(facts)).postings
    assert (expected, rows) == (world.shown(), len(world.hq.rows))
    assert {0} == set(_sums_by_event(world).values())


def _sums_by_event(world):
    sums = {}
    for row in world.hq.rows.values():
        sums[row.event, row.account.unit] = sums.get((row.event, row.account.unit), 0) + row.amount
    assert balances(world.hq.rows.values())
    return sums
