"""What is bought together, counted over all baskets: no customer in it, and none to be found.

A pairing is kept only where enough different people made it, so that nobody's basket shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from agent.core.quantities import WHOLE, BasisPoints


class Basket(NamedTuple):
    """The different items of one booking."""

    buyer: str
    """Whoever may be the same person has the same one: the customer, else the booking itself."""
    items: tuple[str, ...]


class Pairing(msgspec.Struct, frozen=True):
    """How often an item is bought together with another, in counts that anyone can check."""

    item: str
    other: str
    together: int
    """Baskets with both."""
    baskets: int
    """Baskets with `item`."""
    others: int
    """Baskets with `other`."""
    of: int
    """All baskets."""

    @property
    def confidence(self) -> BasisPoints:
        """Of the baskets with `item`, the share that has `other`, too."""
        return BasisPoints(self.together * WHOLE // self.baskets)

    @property
    def lift(self) -> BasisPoints:
        """How much more often than by chance the two meet; `WHOLE` is chance."""
        return BasisPoints(self.together * self.of * WHOLE // (self.baskets * self.others))


class PairingRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which pairings say something, and which are kept."""

    buyers_min: int = 10
    """Different people who bought both."""
    lift_min: BasisPoints = BasisPoints(12_000)
    confidence_min: BasisPoints = BasisPoints(1000)
    """Rarer than in every tenth basket it is a guess: such pairs hardly ever came true in real
    baskets."""
    kept: int = 8
    """Of one item, the best."""
    basket_max: int = 200
    """A basket of more items is a trader's, and says nothing about taste."""


Pairings = Mapping[str, tuple[Pairing, ...]]
"""Item to what goes with it, the best first."""


def pair_up(
    baskets: Sequence[Basket],
    rule: PairingRule | None = None,
    withheld: Container[str] = (),
) -> dict[str, tuple[Pairing, ...]]:
    """Count what is bought together.

    Args:
        baskets: of all customers and none, in any order; gone through three times.
        rule: see there.
        withheld: items that are never paired, see `profile_of`.
    """
    chosen = rule or PairingRule()
    fitting = [basket for basket in baskets if len(basket.items) <= chosen.basket_max]
    counts = Counter(item for basket in fitting for item in set(basket.items))
    often = {
        item
        for item, count in counts.items()
        if count >= chosen.buyers_min and item not in withheld
    }
    together = _together(fitting, often, chosen)
    found: dict[str, list[Pairing]] = {}
    for (one, other), both in together.items():
        for item, goes in ((one, other), (other, one)):
            pairing = Pairing(item, goes, both, counts[item], counts[goes], len(fitting))
            if _says_something(pairing, chosen):
                found.setdefault(item, []).append(pairing)
    return {item: _best(found[item], chosen.kept) for item in sorted(found)}


def _says_something(pairing: Pairing, rule: PairingRule) -> bool:
    return pairing.lift >= rule.lift_min and pairing.confidence >= rule.confidence_min


def _together(
    baskets: Iterable[Basket], often: Container[str], rule: PairingRule
) -> dict[tuple[str, str], int]:
    """Count the pairs that enough different people made."""
    held = list(baskets)
    counts = Counter(pair for basket in held for pair in _pairs(basket, often))
    enough = {pair for pair, count in counts.items() if count >= rule.buyers_min}
    buyers: dict[tuple[str, str], set[str]] = {}
    for basket in held:
        for pair in _pairs(basket, often):
            if pair in enough:
                buyers.setdefault(pair, set()).add(basket.buyer)
    return {pair: counts[pair] for pair in enough if len(buyers[pair]) >= rule.buyers_min}


def _pairs(basket: Basket, often: Container[str]) -> Iterable[tuple[str, str]]:
    return combinations(sorted({item for item in basket.items if item in often}), 2)


def _best(pairings: list[Pairing], kept: int) -> tuple[Pairing, ...]:
    pairings.sort(key=lambda pairing: (-pairing.confidence, -pairing.lift, pairing.other))
    return tuple(pairings[:kept])
