"""Who is one person with whom: a function of the facts and the rules, and of nothing else.

Links are taken in tiers, the strongest first: what people asserted, then each rule of the book.
A tier joins what it links, unless the person that would come out contradicts itself. Then nothing
is decided by who came first or has the smaller id: what lies between the two that contradict each
other is left out, and where that does not help, all of this tier that made that person. It becomes
a proposal, with the doubt that stopped it. So the answer is the same for every order of arrival, a
link taken back leaves no trace, and whatever is doubtful is asked instead of guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from agent.core.history.canonical import canonical_map
from agent.core.history.graph_joining import asserted, joined, judged
from agent.core.history.graph_links import (
    Doubt,
    Link,
    Proposal,
    doubted,
    merges_among,
    proposed_of,
    shared_by,
)
from agent.core.history.graph_near import Facts, Near, neighbourhood
from agent.core.history.graph_persons import Person, contradictions, different, person_of
from agent.core.history.graph_rules import BOOK, RuleBook
from agent.core.identifiers import PartyId


class Settlement(msgspec.Struct, frozen=True):
    """What the facts say of some parties and everybody who could be one of them."""

    canonical: dict[PartyId, PartyId]
    """Of a whole neighbourhood: all parties asked about, and all they can be one person with."""
    links: frozenset[Link]
    """Why they are one."""
    proposals: frozenset[Proposal]
    """With at least one end in the neighbourhood, of two who are not one person."""


def settle(facts: Facts, parties: Iterable[PartyId], book: RuleBook = BOOK) -> Settlement:
    """Say who is one person with any of these parties, from all facts that can decide it.

    Args:
        facts: what is held.
        parties: after a change, those of `graph_near.touched`.
        book: the rules of the chain.
    """
    near = Near(facts, book)
    whole = neighbourhood(near, parties)
    by_rules, proposals = shared_by(near, whole)
    links, refused, persons = _joined(near, merges_among(near, whole), by_rules)
    alone: dict[PartyId, PartyId] = {party_id: party_id for party_id in whole}
    canonical = alone | canonical_map(person.members for person in persons)
    proposals |= proposed_of(near, whole)
    proposals |= {doubted(link, doubt) for link, doubt in refused.items()}
    return Settlement(canonical, frozenset(links), frozenset(_between(proposals, canonical)))


def _joined(
    near: Near, merges: set[Link], by_rules: Collection[Link]
) -> tuple[set[Link], dict[Link, Doubt], list[Person]]:
    """Join what can be joined; gives what joined it, what was refused and why, and who they are.

    Whom no link names is nobody else, and most customers are: they are left out.

    What people asserted is never undone by a rule, so a rule's link goes where the two disagree.
    And a rule's link is not undone by what people joined to either end: they saw whom they merged.
    So two lists are kept, of persons by rules alone and of persons by people and rules.
    """
    named = {end for link in (*merges, *by_rules) for end in (link.one, link.other)}
    singles = [person_of(near, party_id) for party_id in sorted(named)]
    refused = judged(singles, merges, different)
    everyone = joined(singles, merges - refused.keys())
    by_rule = asserted(singles, everyone)
    links = merges - refused.keys()
    for rule in near.book.rules:
        tier = {link for link in by_rules if link.rule == rule.id}
        refused |= judged(everyone, tier, different)
        refused |= judged(by_rule, tier - refused.keys(), contradictions, near.book.cluster_max)
        tier -= refused.keys()
        links |= tier
        everyone, by_rule = joined(everyone, tier), joined(by_rule, tier)
    return links, refused, everyone


def _between(
    proposals: Iterable[Proposal], canonical: Mapping[PartyId, PartyId]
) -> Iterator[Proposal]:
    """Leave out what was settled otherwise: nobody is asked about one person twice."""
    for each in proposals:
        if canonical.get(each.one, each.one) != canonical.get(each.other, each.other):
            yield each
