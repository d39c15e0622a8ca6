"""What a merge, its undo or a separation would do, before anybody decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from agent.core.history.canonical import components, members_of
from agent.core.history.graph import Fact, Key, PartyEdge, Tie
from agent.core.history.graph_links import STEWARD, Doubt, Link, Proposal
from agent.core.history.graph_near import Facts, Holders, Near
from agent.core.history.graph_persons import combined, contradictions, person_of
from agent.core.history.graph_rules import BOOK, RuleBook
from agent.core.history.graph_settle import Settlement, settle
from agent.core.identifiers import PartyId


class Preview(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a change would make of the parties it names; nothing is changed by asking."""

    before: tuple[tuple[PartyId, ...], ...]
    """The ids of each person it concerns as it is now, the canonical one first."""
    after: tuple[tuple[PartyId, ...], ...]
    """The same parties as they would be."""
    moved: dict[PartyId, PartyId] = {}
    """Ids that would be shown under another canonical id than now, and under which."""
    links: tuple[Link, ...] = ()
    """What would hold those together who are one afterwards."""
    proposals: tuple[Proposal, ...] = ()
    """What speaks for their being one, of those who are not now."""
    doubts: tuple[Doubt, ...] = ()
    """What speaks against their being one afterwards: a person may overrule it, and should know."""
    forbidden: tuple[PartyEdge, ...] = ()
    """Assertions that some of them are different, which nobody overrules without undoing them."""
    refused: tuple[Proposal, ...] = ()
    """Merges that would not hold, because others and such assertions stand against each other."""


def preview(
    facts: Facts,
    added: Sequence[PartyEdge] = (),
    taken_back: Sequence[PartyEdge] = (),
    *,
    book: RuleBook = BOOK,
) -> Preview:
    """Say what would follow if some edges came and others went.

    Args:
        facts: what is held.
        added: edges of a merge or a separation.
        taken_back: edges that would be undone.
        book: the rules of the chain.
    """
    named = {end for edge in (*added, *taken_back) for end in (edge.party_id, edge.other)}
    changed = _Changed(facts, added, taken_back)
    now = settle(facts, named, book)
    then = settle(changed, now.canonical, book)
    before, after = persons_of(now, named), persons_of(then, named)
    near, concerned = Near(changed, book), [tuple(chain.from_iterable(before))]
    return Preview(
        before=before,
        after=after,
        moved=dict(then.canonical.items() - now.canonical.items()),
        links=tuple(sorted(link for link in then.links if _within(link, after))),
        proposals=tuple(sorted(each for each in now.proposals if _within(each, concerned))),
        doubts=tuple(sorted(_doubts(near, before, after))),
        forbidden=tuple(_forbidden(near, before, added)),
        refused=tuple(sorted(p for p in then.proposals if p.rule == STEWARD and _names(p, named))),
    )


def persons_of(settled: Settlement, named: Collection[PartyId]) -> tuple[tuple[PartyId, ...], ...]:
    """Give all ids of each person that some parties are, the canonical one first."""
    concerned = {settled.canonical[party_id] for party_id in named}
    return tuple(
        ids for chosen, ids in members_of(settled.canonical).items() if chosen in concerned
    )


def _within(found: Link | Proposal, persons: Iterable[Collection[PartyId]]) -> bool:
    return any(found.one in ids and found.other in ids for ids in persons)


def _names(proposal: Proposal, named: Collection[PartyId]) -> bool:
    return proposal.one in named and proposal.other in named


def _doubts(
    near: Near, before: Iterable[tuple[PartyId, ...]], after: Iterable[tuple[PartyId, ...]]
) -> set[Doubt]:
    """Give what contradicts, among persons of before, their being one of after."""
    found: set[Doubt] = set()
    for ids in after:
        parts = [part for part in before if not set(part).isdisjoint(ids)]
        persons = [combined([person_of(near, member) for member in part]) for part in parts]
        found |= set(contradictions(persons).values())
    return found


def _forbidden(
    near: Near, before: Sequence[tuple[PartyId, ...]], added: Sequence[PartyEdge]
) -> list[PartyEdge]:
    """Give the assertions against a merge: between any two of the persons it would join."""
    place = {member: n for n, ids in enumerate(before) for member in ids}
    ends = [(place[e.party_id], place[e.other]) for e in added if e.kind is Tie.SAME]
    joined = components(range(len(before)), ends)
    found = {edge for group in joined for edge in _asserted(near, [before[n] for n in group])}
    return sorted(found, key=lambda edge: (edge.fact_id, edge.party_id, edge.other))


def _asserted(near: Near, persons: Sequence[tuple[PartyId, ...]]) -> Iterator[PartyEdge]:
    """Give who was said to be different, of two of these persons."""
    place = {member: n for n, ids in enumerate(persons) for member in ids}
    for fact in (fact for member in place for fact in near.of_party(member)):
        if isinstance(fact, PartyEdge) and fact.kind is Tie.DIFFERENT:
            ends = {place.get(fact.party_id), place.get(fact.other)} - {None}
            if len(ends) > 1:
                yield fact


class _Changed:
    """Facts as they would be if some edges came and others went."""

    def __init__(
        self, facts: Facts, added: Sequence[PartyEdge], taken_back: Sequence[PartyEdge]
    ) -> None:
        self._facts = facts
        self._added = added
        self._gone = frozenset(edge.fact_id for edge in taken_back)

    def of_party(self, party_id: PartyId) -> list[Fact]:
        held = [fact for fact in self._facts.of_party(party_id) if fact.fact_id not in self._gone]
        return [*held, *(edge for edge in self._added if party_id in (edge.party_id, edge.other))]

    def holders(self, identifier: Key, most: int) -> Holders:
        return self._facts.holders(identifier, most)

    def blocked(self, identifier: Key) -> bool:
        return self._facts.blocked(identifier)
