"""Joining persons by links, unless who would come out contradicts themselves.

Nothing is decided by who came first or has the smaller id. Of a contradiction the links between
those who contradict each other go, then all links of whoever is linked with both, and where that
does not help, all links that made that person: the same ones for every order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from agent.core.history.canonical import components
from agent.core.history.graph_links import Doubt, Link
from agent.core.history.graph_persons import Pair, Person, combined

Against = Callable[[Sequence[Person]], dict[Pair, Doubt]]
"""Says which of some persons contradict each other, by their places, and how."""


def judged(
    persons: Sequence[Person],
    links: Iterable[Link],
    against: Against,
    most: int | None = None,
) -> dict[Link, Doubt]:
    """Give the links that must not join, and why.

    Args:
        persons: everybody the links name.
        links: all that would join at once.
        against: what contradicts.
        most: so many may become one; what people have asserted to be one counts once.
    """
    between = _pairs(persons, links)
    pairs = {pair for pair in between.values() if pair[0] != pair[1]}
    doubts = _doubts(persons, pairs, against, most)
    return {link: doubts[pair] for link, pair in between.items() if pair in doubts}


def joined(persons: Sequence[Person], links: Iterable[Link]) -> list[Person]:
    """Give the persons there are when these links have joined them."""
    pairs = [pair for pair in _pairs(persons, links).values() if pair[0] != pair[1]]
    moved = {place for pair in pairs for place in pair}
    alone = [person for place, person in enumerate(persons) if place not in moved]
    groups = components(moved, pairs)
    return alone + [combined([persons[place] for place in group]) for group in groups]


def asserted(singles: Sequence[Person], merged: Iterable[Person]) -> list[Person]:
    """Note on each party with whom people have asserted it to be one."""
    first = {member: min(each.members) for each in merged for member in each.members}
    return [
        msgspec.structs.replace(each, asserted=frozenset(first[member] for member in each.members))
        for each in singles
    ]


def _pairs(persons: Sequence[Person], links: Iterable[Link]) -> dict[Link, Pair]:
    place = {member: n for n, person in enumerate(persons) for member in person.members}
    ends = {link: (place[link.one], place[link.other]) for link in links}
    return {link: (min(pair), max(pair)) for link, pair in ends.items()}


def _doubts(
    persons: Sequence[Person], pairs: Collection[Pair], against: Against, most: int | None
) -> dict[Pair, Doubt]:
    """Give which pairs must not be joined, and why."""
    doubts: dict[Pair, Doubt] = {}
    for pair in pairs:
        if found := against([persons[place] for place in pair]):
            doubts[pair] = found[0, 1]
    waiting = _grouped([pair for pair in pairs if pair not in doubts])
    while waiting:
        group = waiting.pop()
        refused = _refused(persons, group, against, most)
        doubts |= refused
        if refused:
            waiting += _grouped([pair for pair in group if pair not in refused])
    return doubts


def _refused(
    persons: Sequence[Person], pairs: Collection[Pair], against: Against, most: int | None
) -> dict[Pair, Doubt]:
    """Give which pairs of one group must go; of a group that can be one person, none."""
    places = sorted({place for pair in pairs for place in pair})
    group = [persons[place] for place in places]
    if most is not None and len({each for person in group for each in person.asserted}) > most:
        return dict.fromkeys(pairs, Doubt.TOO_MANY)
    # Two alone have been asked about already.
    found = against(group) if len(places) > 2 else {}
    if not found:
        return {}
    unclear = _go_betweens(pairs, [(places[one], places[other]) for one, other in found])
    return {
        pair: Doubt.BETWEEN
        for pair in pairs
        if not unclear or pair[0] in unclear or pair[1] in unclear
    }


def _go_betweens(pairs: Iterable[Pair], against: Iterable[Pair]) -> set[int]:
    """Give who is linked with both of two that contradict each other: it can be either's."""
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        linked[one].add(other)
        linked[other].add(one)
    return {place for one, other in against for place in linked[one] & linked[other]}


def _grouped(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Part pairs by what hangs together."""
    of = list(pairs)
    group: dict[int, int] = {}
    for n, places in enumerate(components({place for pair in of for place in pair}, of)):
        group |= dict.fromkeys(places, n)
    parts: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in of:
        parts[group[pair[0]]].append(pair)
    return list(parts.values())
