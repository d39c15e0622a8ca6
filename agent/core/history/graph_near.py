"""The part of the graph that can decide about some parties: never more is read than that.

Two parties far apart cannot change each other's canonical id. So a new fact costs what its
neighbourhood costs, not what the chain's customers cost, whether they are held in memory
(`graph_set`) or in HQ's tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Protocol

import msgspec

from agent.core.history.graph import Block, Fact, IdentifierEdge, Key, PartyEdge, Tie, parties_of
from agent.core.history.graph_rules import Rule, RuleBook, proves, strongest
from agent.core.identifiers import PartyId
from agent.core.recognition.strength import Evidence

NOBODY = frozenset[PartyId]()


class Holders(msgspec.Struct, frozen=True, gc=False):
    """Who holds an identifier, by what they have shown at least; each list may be cut off."""

    candidate: frozenset[PartyId] = NOBODY
    """Everybody."""
    observed: frozenset[PartyId] = NOBODY
    verified: frozenset[PartyId] = NOBODY

    def of(self, hold: Evidence) -> frozenset[PartyId]:
        """Give those who have shown at least this."""
        if hold is Evidence.CANDIDATE:
            return self.candidate
        return self.observed if hold is Evidence.OBSERVED else self.verified


class Facts(Protocol):
    """What is held of the graph, without what was taken back or erased."""

    def of_party(self, party_id: PartyId) -> Collection[Fact]:
        """Give the facts about a party, at either end of an edge, in any order."""
        ...

    def holders(self, identifier: Key, most: int) -> Holders:
        """Give who holds an identifier; of more than `most`, any `most + 1` of them will do."""
        ...

    def blocked(self, identifier: Key) -> bool:
        """Tell whether a `Block` says that the identifier names nobody."""
        ...


class Near:
    """Facts as a rule sees them: read once each, and void identifiers left out."""

    def __init__(self, facts: Facts, book: RuleBook) -> None:
        """Read nothing yet.

        Args:
            facts: what is held.
            book: the rules of the chain.
        """
        self._facts = facts
        self.book = book
        self._of_party: dict[PartyId, tuple[Fact, ...]] = {}
        self._holds: dict[PartyId, dict[Key, Evidence]] = {}
        self._holders: dict[Key, Holders] = {}
        self._rules: dict[str, tuple[Rule, ...]] = {}

    def of_party(self, party_id: PartyId) -> tuple[Fact, ...]:
        """Give the facts about a party."""
        if party_id not in self._of_party:
            self._of_party[party_id] = tuple(self._facts.of_party(party_id))
        return self._of_party[party_id]

    def holds(self, party_id: PartyId) -> dict[Key, Evidence]:
        """Give the identifiers of a party, each with the most that was shown of it."""
        if party_id not in self._holds:
            self._holds[party_id] = _strongest(self.of_party(party_id))
        return self._holds[party_id]

    def holders(self, identifier: Key, hold: Evidence) -> frozenset[PartyId]:
        """Give who has shown at least this much of an identifier, if that is evidence at all.

        Of an identifier that is blank, made up, blocked or shared: nobody. Shared is judged among
        those who have shown as much, so that nobody can void what a person proved by typing it in
        many times.
        """
        found = self._held(identifier).of(hold)
        return found if len(found) <= self.book.limit(identifier) else NOBODY

    def is_shared(self, identifier: Key) -> bool:
        """Tell whether more than one party holds an identifier that may say something."""
        return len(self._held(identifier).candidate) > 1

    def rules_of(self, identifier: Key) -> tuple[Rule, ...]:
        """List the rules an identifier of this type can fulfil: worked out once for each type."""
        found = self._rules.get(identifier.type)
        if found is None:
            found = self._rules[identifier.type] = self.book.rules_of(identifier)
        return found

    def _held(self, identifier: Key) -> Holders:
        found = self._holders.get(identifier)
        if found is None:
            found = self._holders[identifier] = self._read(identifier)
        return found

    def edges(self, party_id: PartyId, identifier: Key) -> list[str]:
        """Name the facts by which a party holds an identifier."""
        return [
            fact.fact_id
            for fact in self.of_party(party_id)
            if isinstance(fact, IdentifierEdge) and fact.identifier == identifier
        ]

    def _read(self, identifier: Key) -> Holders:
        if self.book.says_nothing(identifier) or self._facts.blocked(identifier):
            return Holders()
        return self._facts.holders(identifier, self.book.limit(identifier))


def _strongest(facts: Iterable[Fact]) -> dict[Key, Evidence]:
    shown: dict[Key, Evidence] = {}
    for fact in facts:
        if isinstance(fact, IdentifierEdge):
            before = shown.get(fact.identifier)
            shown[fact.identifier] = strongest((before, fact.kind)) if before else fact.kind
    return shown


def neighbourhood(near: Near, parties: Iterable[PartyId]) -> frozenset[PartyId]:
    """Give everybody whose canonical id could depend on these parties: they and whom they reach.

    Reached is by a merge, or by an identifier that may join two parties by a rule.
    """
    waiting = list(parties)
    reached = set(waiting)
    while waiting:
        more = _reached(near, waiting.pop()) - reached
        reached |= more
        waiting += more
    return frozenset(reached)


def _reached(near: Near, party_id: PartyId) -> set[PartyId]:
    found = {
        end
        for fact in near.of_party(party_id)
        if isinstance(fact, PartyEdge) and fact.kind is Tie.SAME
        for end in parties_of(fact)
    }
    for identifier, hold in near.holds(party_id).items():
        if near.is_shared(identifier):
            for rule in near.rules_of(identifier):
                if proves(hold, rule.both):
                    found |= near.holders(identifier, rule.both)
    return found


def touched(facts: Facts, changed: Iterable[Fact], book: RuleBook) -> frozenset[PartyId]:
    """Give the parties about whom changed facts could say something else than before.

    Args:
        facts: what is held after the change.
        changed: facts that came or went, all that changed at once.
        book: the rules of the chain.
    """
    held = tuple(changed)
    about = {party_id for fact in held for party_id in parties_of(fact)}
    named = Counter(fact.identifier for fact in held if isinstance(fact, IdentifierEdge | Block))
    for identifier, times in named.items():
        about |= _holders_moved(facts, identifier, book.limit(identifier) + times)
    return frozenset(about)


def _holders_moved(facts: Facts, identifier: Key, most: int) -> set[PartyId]:
    """Give the holders by each proof, unless there were too many before as well as after."""
    holders = facts.holders(identifier, most)
    by_hold = (holders.of(hold) for hold in Evidence)
    return {party_id for some in by_hold if len(some) <= most for party_id in some}
