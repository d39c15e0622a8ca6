"""The graph as it is held in memory: facts, where they are found, and what was settled of them."""

from __future__ import annotations

from collections.abc import Collection, Sized
from itertools import islice
from typing import TypeVar

import msgspec

from agent.core.history.graph import (
    Block,
    Erasure,
    Fact,
    IdentifierEdge,
    Key,
    Retraction,
    is_personal,
    parties_of,
)
from agent.core.history.graph_links import Link, Proposal
from agent.core.history.graph_near import NOBODY, Holders
from agent.core.history.graph_rules import strongest
from agent.core.identifiers import PartyId
from agent.core.recognition.strength import Evidence

K = TypeVar("K")
V = TypeVar("V", bound=Sized)
_encode = msgspec.json.Encoder(order="deterministic").encode


class Graph(msgspec.Struct, frozen=True):
    """What was said of parties, and who is one person by it; empty as it is made.

    Nobody changes one of its mappings: `link` gives another graph.
    """

    facts: dict[str, frozenset[Fact]] = {}
    """By fact id, those taken back included; more than one under an id is a fork."""
    retractions: dict[str, frozenset[Retraction]] = {}
    """By the id of the fact they take back."""
    erased: frozenset[PartyId] = frozenset()
    parties: dict[PartyId, frozenset[Fact]] = {}
    """Everybody ever met, and what is said of them now."""
    identifiers: dict[Key, dict[PartyId, Evidence]] = {}
    """Who holds an identifier, and the most that they have shown of it."""
    blocks: dict[Key, frozenset[Block]] = {}
    canonical: dict[PartyId, PartyId] = {}
    """Each id ever met → the one its person is shown under."""
    links: dict[PartyId, frozenset[Link]] = {}
    """Of each party, why it is one person with others."""
    proposals: dict[PartyId, frozenset[Proposal]] = {}
    """Of each party, at either end, with whom it may be one person."""

    def of_party(self, party_id: PartyId) -> Collection[Fact]:
        """Give the facts about a party, at either end of an edge."""
        return self.parties.get(party_id, frozenset())

    def holders(self, identifier: Key, most: int) -> Holders:
        """Give who holds an identifier; of more than `most`, any `most + 1` of them."""
        shown = self.identifiers.get(identifier, {})
        if len(shown) == 1:
            return _alone(shown)
        observed = (each for each, hold in shown.items() if hold is not Evidence.CANDIDATE)
        verified = (each for each, hold in shown.items() if hold is Evidence.VERIFIED)
        return Holders(*(frozenset(islice(some, most + 1)) for some in (shown, observed, verified)))

    def blocked(self, identifier: Key) -> bool:
        """Tell whether a `Block` says that the identifier names nobody."""
        return identifier in self.blocks

    def said_in(self, event: str) -> tuple[Fact, ...]:
        """Give the facts of one event by their lines, those taken back included."""
        found = {fact for facts in self.facts.values() for fact in facts if fact.event == event}
        return tuple(sorted(found, key=lambda fact: (fact.line, _encode(fact))))


def _alone(shown: dict[PartyId, Evidence]) -> Holders:
    """Give an identifier's only holder: most have one, and three sets would be made of it."""
    one, [hold] = frozenset(shown), shown.values()
    observed = NOBODY if hold is Evidence.CANDIDATE else one
    return Holders(one, observed, one if hold is Evidence.VERIFIED else NOBODY)


class Draft:
    """A graph that is being added to; its mappings are copies."""

    def __init__(self, graph: Graph) -> None:
        self.changed: list[Fact] = []
        """Facts that count now and did not before, or the other way round."""
        self.met: set[PartyId] = set()
        """Parties nobody had heard of."""
        self._before = graph
        self._facts = dict(graph.facts)
        self._retractions = dict(graph.retractions)
        self._erased = set(graph.erased)
        self._parties = dict(graph.parties)
        self._identifiers = dict(graph.identifiers)
        self._blocks = dict(graph.blocks)

    def graph(self) -> Graph:
        """Give the graph with everything added, settled as it was before."""
        return msgspec.structs.replace(
            self._before,
            facts=self._facts,
            retractions=self._retractions,
            erased=frozenset(self._erased),
            parties=self._parties,
            identifiers=self._identifiers,
            blocks=self._blocks,
        )

    def add(self, fact: Fact) -> None:
        """Add a fact, unless it is there or void."""
        for party_id in parties_of(fact):
            self._meet(party_id)
        held = self._facts.get(fact.fact_id, frozenset())
        if fact in held or self._is_void(fact):
            return
        self._facts[fact.fact_id] = held | {fact}
        if isinstance(fact, Erasure):
            self._erase(fact.party_id)
        if fact.fact_id not in self._retractions or isinstance(fact, Erasure):
            self._come(fact)

    def retract(self, retraction: Retraction) -> None:
        """Take a fact back, whether it is there yet or not."""
        before = self._retractions.get(retraction.fact_id, frozenset())
        self._retractions[retraction.fact_id] = before | {retraction}
        for fact in self._facts.get(retraction.fact_id, frozenset()):
            if not before and not isinstance(fact, Erasure):
                self._go(fact)

    def _is_void(self, fact: Fact) -> bool:
        return is_personal(fact) and not self._erased.isdisjoint(parties_of(fact))

    def _erase(self, party_id: PartyId) -> None:
        self._erased.add(party_id)
        for fact in self._parties[party_id]:
            if is_personal(fact):
                self._go(fact)
        held = {key: {f for f in some if not self._is_void(f)} for key, some in self._facts.items()}
        self._facts = {key: frozenset(some) for key, some in held.items() if some}

    def _meet(self, party_id: PartyId) -> None:
        if party_id not in self._parties:
            self._parties[party_id] = frozenset()
            self.met.add(party_id)

    def _come(self, fact: Fact) -> None:
        for party_id in parties_of(fact):
            self._parties[party_id] |= {fact}
        if isinstance(fact, Block):
            self._blocks[fact.identifier] = self._blocks.get(fact.identifier, frozenset()) | {fact}
        self._changed(fact)

    def _go(self, fact: Fact) -> None:
        for party_id in parties_of(fact):
            self._parties[party_id] -= {fact}
        if isinstance(fact, Block):
            put(self._blocks, fact.identifier, self._blocks[fact.identifier] - {fact})
        self._changed(fact)

    def _changed(self, fact: Fact) -> None:
        self.changed.append(fact)
        if isinstance(fact, IdentifierEdge):
            self._index(fact.party_id, fact.identifier)

    def _index(self, party_id: PartyId, identifier: Key) -> None:
        """Note anew what a party has shown of an identifier."""
        shown = [
            fact.kind
            for fact in self._parties[party_id]
            if isinstance(fact, IdentifierEdge) and fact.identifier == identifier
        ]
        held = dict(self._identifiers.get(identifier, {}))
        held.pop(party_id, None)
        if shown:
            held[party_id] = strongest(shown)
        put(self._identifiers, identifier, held)


def put(mapping: dict[K, V], key: K, values: V) -> None:
    """Set a key, or remove it where nothing is left: nothing stays of what was taken back."""
    mapping[key] = values
    if not values:
        del mapping[key]
