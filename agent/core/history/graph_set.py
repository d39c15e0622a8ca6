"""The graph in memory: a value that takes facts in any order and always says the same of them.

`link` adds to it and settles anew only whom the news can concern; linking everything into an empty
graph is the rebuild, and gives an equal one. HQ keeps the same facts in tables and calls the same
`touched` and `settle`; this graph is what a rebuild, a simulation and a test hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypeVar

import msgspec

from agent.core.history.canonical import canonical_map, components
from agent.core.history.graph import (
    Change,
    Fact,
    PartyEdge,
    Retraction,
    Tie,
)
from agent.core.history.graph_held import Draft, Graph, put
from agent.core.history.graph_links import Doubt, Link, Proposal
from agent.core.history.graph_near import touched
from agent.core.history.graph_rules import BOOK, RuleBook
from agent.core.history.graph_settle import Settlement, settle
from agent.core.identifiers import PartyId

E = TypeVar("E", Link, Proposal)
_encode = msgspec.json.Encoder(order="deterministic").encode


def link(graph: Graph, changes: Iterable[Change], book: RuleBook = BOOK) -> Graph:
    """Add facts and retractions, in whatever order and however often; what is there adds nothing.

    Args:
        graph: what was said so far, settled by the same book.
        changes: as they arrive.
        book: the rules of the chain; by another book, link everything into an empty graph.
    """
    draft = Draft(graph)
    for change in changes:
        if isinstance(change, Retraction):
            draft.retract(change)
        else:
            draft.add(change)
    news = draft.graph()
    about = touched(news, draft.changed, book) | draft.met
    return _patched(news, settle(news, about, book))


def union(graph: Graph, other: Graph, book: RuleBook = BOOK) -> Graph:
    """Bring together what two replicas know; both ways round it is the same."""
    return link(graph, everything(other), book)


def everything(graph: Graph) -> list[Change]:
    """Give all that was ever said and not erased: linked into an empty graph, this one again."""
    facts = [fact for facts in graph.facts.values() for fact in facts]
    return [*facts, *(taken for some in graph.retractions.values() for taken in some)]


def digest(graph: Graph) -> str:
    """Sum up what is true now: who is one person, why, who may be, and what it all rests on.

    What was taken back takes no part, so a merge that was undone leaves the digest as it was.

    Returns:
        64 hexadecimal digits, equal exactly where all of that is.
    """
    lines = {f"{member} {chosen}".encode() for member, chosen in graph.canonical.items()}
    for of_party in (graph.parties, graph.links, graph.proposals):
        lines |= {_encode(each) for some in of_party.values() for each in some}
    return sha256(b"\n".join(sorted(lines))).hexdigest()


def forks(graph: Graph) -> dict[str, frozenset[Fact]]:
    """Give facts that came under one id and differ: somebody numbered two events alike (P4).

    Both are kept and both count; a retraction takes both back.
    """
    return {fact_id: facts for fact_id, facts in graph.facts.items() if len(facts) > 1}


def once_joined(graph: Graph) -> dict[PartyId, PartyId]:
    """Give a map like `canonical` of who is, or ever was by somebody's word, one person.

    A merge that was undone counts, and so does a rule that only an objection stopped: with this
    map an objection goes on to hold for everybody it held for once.
    """
    pairs = [*graph.canonical.items(), *_asserted_ever(graph), *_kept_apart(graph)]
    return canonical_map(components(graph.canonical, pairs))


def _asserted_ever(graph: Graph) -> list[tuple[PartyId, PartyId]]:
    facts = (fact for some in graph.facts.values() for fact in some)
    ties = (fact for fact in facts if isinstance(fact, PartyEdge) and fact.kind is Tie.SAME)
    return [(tie.party_id, tie.other) for tie in ties]


def _kept_apart(graph: Graph) -> list[tuple[PartyId, PartyId]]:
    proposals = (each for some in graph.proposals.values() for each in some)
    return [(each.one, each.other) for each in proposals if each.doubt is Doubt.OBJECTED]


def _patched(graph: Graph, settled: Settlement) -> Graph:
    """Put what was settled anew in the place of what was said of the same parties before."""
    links, proposals = dict(graph.links), dict(graph.proposals)
    for party_id in settled.canonical:
        links.pop(party_id, None)
        for each in proposals.pop(party_id, frozenset()):
            other = each.other if each.one == party_id else each.one
            put(proposals, other, proposals.get(other, frozenset()) - {each})
    for party_id, some in _by_party(settled.links).items():
        links[party_id] = frozenset(some)
    for party_id, more in _by_party(settled.proposals).items():
        proposals[party_id] = proposals.get(party_id, frozenset()) | more
    canonical = graph.canonical | settled.canonical
    return msgspec.structs.replace(graph, canonical=canonical, links=links, proposals=proposals)


def _by_party(found: Iterable[E]) -> Mapping[PartyId, set[E]]:
    by_party: defaultdict[PartyId, set[E]] = defaultdict(set)
    for each in found:
        by_party[each.one].add(each)
        by_party[each.other].add(each)
    return by_party
