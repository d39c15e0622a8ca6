"""What goes together, counted so that nobody's own basket shows."""

from __future__ import annotations

import random

import pytest

from agent.core.suggest import Basket, Pairing, PairingRule, pair_up
from tests.core.suggest.shoppers import some_baskets

RULE = PairingRule(buyers_min=2, lift_min=10_000)


def test_counts_are_those_of_the_baskets():
    """A reason would name figures that are not true."""
    baskets = [
        Basket("a", ("tea", "mug")),
        Basket("b", ("tea", "mug", "tea")),
        Basket("c", ("tea",)),
        Basket("d", ("jam",)),
        Basket("e", ("jam",)),
    ]
    found = pair_up(baskets, RULE)
    assert {
        "mug": (Pairing("mug", "tea", 2, 2, 3, 5),),
        "tea": (Pairing("tea", "mug", 2, 3, 2, 5),),
    } == found
    assert (6666, 16_666) == (found["tea"][0].confidence, found["tea"][0].lift)


def test_pair_of_one_person_stays_their_own():
    """What one customer buys every week would be shown to everyone as what goes together."""
    baskets = [Basket("a", ("tea", "rope")) for _ in range(50)] + [Basket("b", ("tea", "mug"))]
    assert {} == pair_up(baskets, RULE)
    assert {} == pair_up(baskets)


def test_what_meets_by_chance_is_no_pair():
    """Milk would go with everything, as everyone buys milk."""
    baskets = [Basket(f"b{n}", ("milk", "tea") if n % 2 else ("milk",)) for n in range(100)]
    assert {} == pair_up(baskets, PairingRule(buyers_min=2, lift_min=10_001))


def test_what_meets_rarely_is_no_pair():
    """A guess would be read out as a reason."""
    baskets = [Basket(f"b{n}", ("tea", "mug") if n < 9 else ("tea",)) for n in range(100)]
    baskets += [Basket(f"c{n}", ("jam",)) for n in range(100)]
    assert {"mug"} == set(pair_up(baskets, RULE))


def test_withheld_items_are_in_no_pair():
    """A medicine would be the reason for a suggestion on a screen anyone can see."""
    baskets = [Basket(f"b{n}", ("pills", "tea", "mug")[: 2 + n % 2]) for n in range(40)]
    baskets += [Basket(f"c{n}", ("jam",)) for n in range(40)]
    assert "pills" in pair_up(baskets, RULE)
    assert {"tea", "mug"} == set(pair_up(baskets, RULE, withheld={"pills"}))


def test_traders_basket_says_nothing():
    """One trader's stock-up would pair everything with everything, and take the night."""
    trader = [Basket(f"t{n}", tuple(f"item-{i}" for i in range(201))) for n in range(3)]
    assert {} == pair_up(trader, RULE)


@pytest.mark.parametrize("seed", range(20))
def test_order_of_baskets_does_not_matter_and_lists_are_short(seed):
    """Two runs over the same night would send the tills different tables."""
    rng = random.Random(seed)
    baskets = some_baskets(rng)
    rule = PairingRule(buyers_min=2, lift_min=10_000, kept=3)
    found = pair_up(baskets, rule)
    rng.shuffle(baskets)
    assert found == pair_up(baskets, rule)
    assert list(found) == sorted(found)
    assert all(1 <= len(best) <= 3 for best in found.values())
    assert all(each.lift >= rule.lift_min for best in found.values() for each in best)
