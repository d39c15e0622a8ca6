"""A person as the rules see it while they join parties, and what contradicts its being another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations, product

import msgspec

from agent.core.history.canonical import components
from agent.core.history.graph import PartyEdge, Tie, Trait, TraitKind, parties_of
from agent.core.history.graph_links import Doubt, names_of
from agent.core.history.graph_names import agree, fit
from agent.core.history.graph_near import Near
from agent.core.identifiers import PartyId
from agent.core.recognition.strength import Evidence

_Values = frozenset[tuple[str, str]]
Pair = tuple[int, int]
"""Two persons by their places in a sequence, the smaller place first."""


class Person(msgspec.Struct, frozen=True, gc=False):
    """Parties that are one person so far, and what would contradict their being others, too."""

    members: frozenset[PartyId]
    contacts: frozenset[tuple[str, str]] = frozenset()
    """Type and value of what they have proved, of the contradicting types."""
    birth_dates: frozenset[str] = frozenset()
    names: frozenset[tuple[str, ...]] = frozenset()
    """Of each of them, all names heard."""
    objected: bool = False
    different: frozenset[PartyId] = frozenset()
    """Who was asserted to be somebody else."""
    asserted: frozenset[PartyId] = frozenset()
    """Of each of them, one id for all that people have asserted to be one with it."""


def person_of(near: Near, party_id: PartyId) -> Person:
    """Give a party as a person of its own."""
    facts = near.of_party(party_id)
    traits = [fact for fact in facts if isinstance(fact, Trait)]
    ties = [fact for fact in facts if isinstance(fact, PartyEdge) and fact.kind is Tie.DIFFERENT]
    return Person(
        members=frozenset({party_id}),
        contacts=frozenset(_proved(near, party_id)),
        birth_dates=frozenset(t.value for t in traits if t.kind is TraitKind.BIRTH_DATE),
        names=frozenset(filter(None, [names_of(near, party_id)])),
        objected=any(trait.kind is TraitKind.OBJECTED for trait in traits),
        different=frozenset(end for tie in ties for end in parties_of(tie)) - {party_id},
    )


def combined(persons: Sequence[Person]) -> Person:
    """Give the one person that several are."""
    return Person(
        members=frozenset[PartyId]().union(*(each.members for each in persons)),
        contacts=frozenset[tuple[str, str]]().union(*(each.contacts for each in persons)),
        birth_dates=frozenset[str]().union(*(each.birth_dates for each in persons)),
        names=frozenset[tuple[str, ...]]().union(*(each.names for each in persons)),
        objected=any(each.objected for each in persons),
        different=frozenset[PartyId]().union(*(each.different for each in persons)),
        asserted=frozenset[PartyId]().union(*(each.asserted for each in persons)),
    )


def contradictions(persons: Sequence[Person]) -> dict[Pair, Doubt]:
    """Give which of some persons cannot be one by rule, by their places, smaller first.

    What two have not in common is bridged by a third who has both: whoever has proved two e-mails
    contradicts neither somebody with the first nor somebody with the second. And people bridge
    what they have asserted to be one person.
    """
    said = [frozenset(("", each) for each in person.asserted) for person in persons]
    flags = [frozenset({("", str(person.objected))}) for person in persons]
    dates = [frozenset(("", date) for date in person.birth_dates) for person in persons]
    either = [one | other for one, other in zip(dates, said, strict=True)]
    found = dict.fromkeys(_against_by_name(persons, either), Doubt.NAMES)
    found |= dict.fromkeys(_apart(flags, said), Doubt.OBJECTED)
    found |= dict.fromkeys(_apart(dates, said), Doubt.BIRTH_DATES)
    for kind in sorted({kind for person in persons for kind, _ in person.contacts}):
        proved = [frozenset(c for c in person.contacts if c[0] == kind) for person in persons]
        found |= dict.fromkeys(_apart(proved, said), Doubt.CONTACTS)
    return found | different(persons)


def different(persons: Sequence[Person]) -> dict[Pair, Doubt]:
    """Give which of some persons somebody has asserted to be different, by their places."""
    return {
        (min(one, other), max(one, other)): Doubt.DIFFERENT
        for one, person in enumerate(persons)
        if person.different
        for other, others in enumerate(persons)
        if person.different & others.members
    }


def _proved(near: Near, party_id: PartyId) -> Iterator[tuple[str, str]]:
    for identifier, hold in near.holds(party_id).items():
        contradicting = identifier.type in near.book.contradicting
        if contradicting and hold is Evidence.VERIFIED and near.holders(identifier, hold):
            yield identifier.type.value, identifier.value


def _against_by_name(persons: Sequence[Person], said: Sequence[_Values]) -> list[Pair]:
    """Give the pairs of which some names do not fit, and nothing else says that they are one.

    One date of birth does ("Bob" and "Robert" with one card), or one among them who has both names.
    A family name alone fits everybody of the family, and is a bridge between none of them.
    """
    having = [place for place, person in enumerate(persons) if person.names]
    pairs = list(combinations(having, 2))
    against = {pair for pair in pairs if not all(map(_nearly_fit, *_named(persons, pair)))}
    if not against:
        return []
    alike = [
        pair for pair in pairs if _share(said, *pair) or any(map(agree, *_named(persons, pair)))
    ]
    group = {place: n for n, some in enumerate(components(having, alike)) for place in some}
    return [pair for pair in pairs if pair in against and group[pair[0]] != group[pair[1]]]


def _named(persons: Sequence[Person], pair: Pair) -> tuple[Iterable[tuple[str, ...]], ...]:
    """Give the names of each party of one person, and beside them those of each of the other."""
    one, other = (persons[place].names for place in pair)
    return tuple(zip(*product(one, other), strict=True))


_nearly_fit = partial(fit, slips=True)


def _apart(values: Sequence[_Values], said: Sequence[_Values]) -> Iterator[Pair]:
    """Give the pairs that have something, and nothing in common, not even through others."""
    having = [place for place, some in enumerate(values) if some]
    pairs = list(combinations(having, 2))
    alike = [
        (one, other)
        for one, other in pairs
        if _share(values, one, other) or _share(said, one, other)
    ]
    group = {place: n for n, some in enumerate(components(having, alike)) for place in some}
    return (pair for pair in pairs if group[pair[0]] != group[pair[1]])


def _share(values: Sequence[_Values], one: int, other: int) -> bool:
    return not values[one].isdisjoint(values[other])
