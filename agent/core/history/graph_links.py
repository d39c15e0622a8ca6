"""What speaks for two parties being one: links a rule may act upon, and proposals it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import combinations

import msgspec

from agent.core.history.graph import Key, PartyEdge, Tie, Trait, TraitKind
from agent.core.history.graph_names import agree, fit
from agent.core.history.graph_near import Near
from agent.core.history.graph_rules import Names, Rule
from agent.core.identifiers import PartyId
from agent.core.recognition.strength import Evidence

STEWARD = "steward"
"""The rule of a link that somebody asserted."""
WEAK = "weak"
"""The rule of a proposal that rests on an identifier which joins nobody by itself."""


_ALIKE: dict[Names, Callable[[Iterable[str], Iterable[str]], bool]] = {
    Names.FIT: fit,
    Names.AGREE: agree,
}


class Doubt(StrEnum):
    """Why a person has to decide; the value is the sentence they read."""

    WEAK = "both were met with it, which does not tell one person from another"
    UNPROVED = "both were met with it, and not both have proved that it is theirs"
    NAMES = "both were met with it, and their names speak against one person, or not enough for it"
    PROPOSED = "somebody, or a statistical model, thinks so"
    CONTACTS = "both have proved a phone or an e-mail, and not the same one"
    BIRTH_DATES = "their dates of birth differ"
    OBJECTED = "one of them does not want to be profiled"
    TOO_MANY = "more would become one person than rules may join"
    BETWEEN = "it would make one person of some who contradict each other"
    DIFFERENT = "somebody has said that they are different persons"


class Link(msgspec.Struct, frozen=True, omit_defaults=True, order=True, cache_hash=True, gc=False):
    """Two parties are one person, and why."""

    one: PartyId
    """The smaller id of the two, as text."""
    other: PartyId
    rule: str
    version: int
    """Of the rule."""
    means: str = ""
    """The type of the identifier both hold; its value is in the evidence only."""
    evidence: tuple[str, ...] = ()
    """Fact ids."""


class Proposal(
    msgspec.Struct, frozen=True, omit_defaults=True, order=True, cache_hash=True, gc=False
):
    """Two parties may be one person, and why no rule says so."""

    one: PartyId
    other: PartyId
    rule: str
    doubt: Doubt
    version: int = 0
    means: str = ""
    evidence: tuple[str, ...] = ()
    weight: int = 0
    """As the proposer said, in basis points; 0: it did not say."""


def doubted(link: Link, doubt: Doubt) -> Proposal:
    """Give to a person what a rule may not decide."""
    return Proposal(link.one, link.other, link.rule, doubt, link.version, link.means, link.evidence)


def merges_among(near: Near, parties: Iterable[PartyId]) -> set[Link]:
    """Give the merges that somebody asserted of any of these parties."""
    return {
        Link(*_pair(fact.party_id, fact.other), STEWARD, 1, evidence=(fact.fact_id,))
        for party_id in parties
        for fact in near.of_party(party_id)
        if isinstance(fact, PartyEdge) and fact.kind is Tie.SAME and fact.party_id != fact.other
    }


def proposed_of(near: Near, parties: Iterable[PartyId]) -> set[Proposal]:
    """Give what others have proposed of any of these parties."""
    return {
        Proposal(
            *_pair(fact.party_id, fact.other),
            fact.rule,
            Doubt.PROPOSED,
            evidence=(fact.fact_id,),
            weight=fact.weight,
        )
        for party_id in parties
        for fact in near.of_party(party_id)
        if isinstance(fact, PartyEdge) and fact.kind is Tie.CANDIDATE
    }


def shared_by(near: Near, parties: frozenset[PartyId]) -> tuple[set[Link], set[Proposal]]:
    """Give what the identifiers of these parties say: of each pair one link or one proposal.

    Args:
        near: the facts.
        parties: a whole neighbourhood; links are between two of them, proposals have one of them.
    """
    links: set[Link] = set()
    proposals: set[Proposal] = set()
    for identifier in sorted(_identifiers(near, parties), key=lambda each: (each.type, each.value)):
        for found in _pairs(near, identifier, parties):
            links.add(found) if isinstance(found, Link) else proposals.add(found)
    return links, proposals


def _identifiers(near: Near, parties: frozenset[PartyId]) -> set[Key]:
    """Give what these parties share with others; most of what they have is theirs alone."""
    held = {identifier for party_id in parties for identifier in near.holds(party_id)}
    return {identifier for identifier in held if near.is_shared(identifier)}


def _pairs(near: Near, identifier: Key, parties: frozenset[PartyId]) -> Iterator[Link | Proposal]:
    """Judge each pair of holders, of whom at least one is asked about."""
    everybody = near.holders(identifier, Evidence.CANDIDATE)
    able = {rule.id: near.holders(identifier, rule.both) for rule in near.rules_of(identifier)}
    for one, other in combinations(sorted(everybody.union(*able.values())), 2):
        if one in parties or other in parties:
            found = _judged(near, identifier, one, other)
            if found is not None:
                yield found


def _judged(near: Near, identifier: Key, one: PartyId, other: PartyId) -> Link | Proposal | None:
    pair = {one, other}
    evidence = tuple(sorted({*near.edges(one, identifier), *near.edges(other, identifier)}))
    means = identifier.type.value
    for rule in near.rules_of(identifier):
        if _fulfils(near, identifier, pair, rule):
            link = Link(one, other, rule.id, rule.version, means, evidence)
            return link if _named(near, identifier, pair, rule) else doubted(link, Doubt.NAMES)
    if not pair <= near.holders(identifier, Evidence.CANDIDATE):
        return None
    doubt = Doubt.UNPROVED if near.rules_of(identifier) else Doubt.WEAK
    return Proposal(one, other, WEAK, doubt, means=means, evidence=evidence)


def _fulfils(near: Near, identifier: Key, pair: set[PartyId], rule: Rule) -> bool:
    one, other = (near.holds(party_id)[identifier] for party_id in pair)
    return pair <= near.holders(identifier, rule.both) and rule.links(one, other)


def _named(near: Near, identifier: Key, pair: set[PartyId], rule: Rule) -> bool:
    """Tell whether two names are as alike as the rule asks, and no third holder's are in between.

    "Ada Byron" agrees with "Ada Anna Byron" and with "Ada King Byron", who do not: then nobody
    knows whose the shorter name is. What speaks against an account is found with the persons it
    would join, see `graph_persons.contradictions`.
    """
    alike = _ALIKE.get(rule.names)
    if alike is None:
        return True
    named = {each: names_of(near, each) for each in near.holders(identifier, rule.both)}
    one, other = (named[party_id] for party_id in pair)
    return alike(one, other) and all(
        alike(one, third) == alike(other, third) for third in named.values()
    )


def names_of(near: Near, party_id: PartyId) -> tuple[str, ...]:
    """Give the names heard of a party."""
    return tuple(
        fact.value
        for fact in near.of_party(party_id)
        if isinstance(fact, Trait) and fact.kind is TraitKind.NAME
    )


def _pair(one: PartyId, other: PartyId) -> tuple[PartyId, PartyId]:
    return (one, other) if one < other else (other, one)
