"""The graph in tables says what the graph in memory says: the same facts, the same persons."""

from __future__ import annotations

import random

import msgspec
import pytest
from sqlalchemy import delete, select

from agent.core.history.graph import PartyEdge, Retraction, Tie
from agent.core.history.graph_held import Graph
from agent.core.history.graph_links import Proposal
from agent.core.history.graph_set import link
from agent.core.recognition.means import Identifier, IdentifierType
from agent.core.recognition.strength import Evidence
from central.identity import graph
from central.identity.attributes import observe
from central.identity.graph_facts import HeldFacts
from central.identity.holding import hold
from central.identity.parties import Origin, canonicals, ensure
from central.ledger.engine import reading, writing
from central.ledger.graph_tables import CANONICAL, PROPOSALS

NAMES = ("Ada Byron", "Byron, Ada King", "Charles Babbage", "A. Byron")
KINDS = (
    IdentifierType.LOYALTY_CARD,
    IdentifierType.PHONE,
    IdentifierType.EMAIL,
    IdentifierType.WALLET,
)


def origin(n):
    return Origin("store-0001/till-1", f"2026-11-01T00:00:{n % 60:02d}.000Z", f"j/{n}")


class World:
    """Random facts about a few parties, as a seed draws them."""

    def __init__(self, seed, parties=9):
        self.draw = random.Random(seed)
        self.ids = [f"p-{n}" for n in range(parties)]
        self.edges = []

    def step(self, conn, n):
        """Tell one fact."""
        [one, other] = self.draw.sample(self.ids, 2)
        kind = self.draw.random()
        if kind < 0.6:
            ensure(conn, one, origin(n))
            if self.draw.random() < 0.5:
                observe(conn, one, {"name": self.draw.choice(NAMES)}, origin(n))
            value = Identifier(self.draw.choice(KINDS), f"+4917139200{self.draw.randrange(4)}")
            hold(conn, one, [value], origin(n), self.draw.choice(list(Evidence)))
        elif kind < 0.9 or not self.edges:
            for each in (one, other):
                ensure(conn, each, origin(n))
            edge = PartyEdge(self.draw.choice(list(Tie)), one, other, "r", 5000, event=f"m-{n}")
            self.edges.append(edge)
            graph.say(conn, [edge])
        else:
            edge = self.edges.pop(self.draw.randrange(len(self.edges)))
            graph.take_back(conn, [Retraction(edge.fact_id, f"u-{n}")])

    def in_memory(self, conn):
        """Link everything the tables hold into an empty graph."""
        facts = HeldFacts(conn)
        return link(Graph(), {fact for each in self.ids for fact in facts.of_party(each)})


def settled(conn, ids):
    """Give what the tables say."""
    bodies = conn.execute(select(PROPOSALS.c.body)).scalars()
    return canonicals(conn, ids), {msgspec.json.decode(body, type=Proposal) for body in bodies}


def unanswered(held):
    """Give the proposals of a graph but for those of persons who were told apart."""
    told = {fact for facts in held.parties.values() for fact in facts}
    ties = [fact for fact in told if isinstance(fact, PartyEdge) and fact.kind is Tie.DIFFERENT]
    chosen = held.canonical
    apart = {frozenset((chosen[tie.party_id], chosen[tie.other])) for tie in ties}
    return {
        each
        for some in held.proposals.values()
        for each in some
        if each.rule == "steward" or frozenset((chosen[each.one], chosen[each.other])) not in apart
    }


def same(conn, world):
    held = world.in_memory(conn)
    canonical, proposals = settled(conn, world.ids)
    assert {**dict(zip(world.ids, world.ids, strict=True)), **held.canonical} == canonical
    assert unanswered(held) == proposals


@pytest.mark.parametrize("seed", range(12))
def test_tables_and_memory_agree_after_every_fact(ledger, seed):
    """HQ would show other persons than a rebuild from the same facts."""
    world = World(seed)
    for n in range(25):
        with writing(ledger) as conn:
            world.step(conn, n)
        with reading(ledger) as conn:
            same(conn, world)


@pytest.mark.both_databases
def test_what_is_derived_can_be_made_anew(ledger):
    """A changed rule, or a lost table, would need every fact told again."""
    world = World(99)
    with writing(ledger) as conn:
        for n in range(60):
            world.step(conn, n)
        before = settled(conn, world.ids)
    assert 0 == graph.settled_anew(ledger).moved
    with writing(ledger) as conn:
        assert before == settled(conn, world.ids)
        conn.execute(delete(CANONICAL))
        conn.execute(delete(PROPOSALS))
    shown = graph.settled_anew(ledger, slice_size=2)
    with reading(ledger) as conn:
        assert before == settled(conn, world.ids)
        same(conn, world)
    assert (len(world.ids), sum(one != other for one, other in before[0].items())) == (
        shown.parties,
        shown.moved,
    )


@pytest.mark.both_databases
def test_the_order_of_arrival_says_nothing(ledger):
    """Two replicas that heard the same would have other canonical ids."""
    card = Identifier(IdentifierType.LOYALTY_CARD, "LC00820G40GM")
    email = Identifier(IdentifierType.EMAIL, "ada@example.com")
    told = [("p-1", card), ("p-2", card), ("p-2", email), ("p-3", email), ("p-4", card)]
    found = set()
    for seed in range(4):
        random.Random(seed).shuffle(told)
        with writing(ledger) as conn:
            tried = conn.begin_nested()
            for n, (party_id, identifier) in enumerate(told):
                ensure(conn, party_id, origin(n))
                hold(conn, party_id, [identifier], origin(n), Evidence.VERIFIED)
            found.add(tuple(sorted(canonicals(conn, ["p-1", "p-2", "p-3", "p-4"]).items())))
            tried.rollback()
    [chosen] = found
    assert 1 == len({one for _, one in chosen})
