"""Consents under merges and their undoing: nothing is written for either, objections remain."""

from __future__ import annotations

import random

import pytest

from agent.core.consent.checking import check, person
from agent.core.consent.record import Asked, ConsentRecord, State
from agent.core.history.graph import seen
from agent.core.history.graph_held import Graph
from agent.core.history.graph_merge import By, merge_edges, undo
from agent.core.history.graph_set import link, once_joined

TODAY = "2026-11-22"
EVA = By("employee/eva")
QUESTIONS = [
    Asked(purpose, contact)
    for purpose in ("marketing", "profiling")
    for contact in ("email", "sms")
]
NOES = {"objected", "withdrawn", "refused"}


def said_by(rng, party, number):
    return ConsentRecord(
        f"{party}-{number}",
        party,
        rng.choice(("marketing", "profiling")),
        rng.choice(list(State)),
        "",
        rng.choice(("email", "sms", "any")),
        replaces=(f"{party}-{number - 1}",) if number and rng.random() < 0.5 else (),
    )


def groups(canonical):
    members = {}
    for party, chosen in canonical.items():
        members.setdefault(chosen, []).append(party)
    return {party: members[chosen] for party, chosen in canonical.items()}


def verdicts(graph, records):
    """Give of every party what may be done today, by its person and its former ones."""
    now, ever = groups(graph.canonical), groups(once_joined(graph))
    answers = {}
    for party, chosen in graph.canonical.items():
        if chosen not in answers:
            own = [each for one in now[party] for each in records[one]]
            former = [each for one in ever[party] if one not in now[party] for each in records[one]]
            marks = person(own, former)
            answers[chosen] = {asked: check(marks, asked, today=TODAY) for asked in QUESTIONS}
    return {party: answers[chosen] for party, chosen in graph.canonical.items()}


def a_tree(seed):
    """Merge some customers in random steps, undo all of it in random order, check every step."""
    rng = random.Random(seed)
    parties = [f"party-{n}" for n in range(rng.randrange(2, 6))]
    records = {
        party: [said_by(rng, party, n) for n in range(rng.randrange(3))] for party in parties
    }
    graph = link(
        Graph(), (fact for party in parties for fact in seen(party, f"e-{party}", name="X"))
    )
    before = verdicts(graph, records)
    merges = []
    for n in range(rng.randrange(1, 5)):
        edges = merge_edges(f"m{n}", rng.sample(parties, rng.randrange(2, len(parties) + 1)), EVA)
        graph = link(graph, edges)
        merges.append(edges)
        never_more(before, verdicts(graph, records), groups(graph.canonical))
    for n, edges in enumerate(rng.sample(merges, len(merges))):
        graph = link(graph, undo(edges, f"u{n}", EVA))
        never_more(before, verdicts(graph, records), groups(graph.canonical))
    as_before(before, verdicts(graph, records), groups(once_joined(graph)))


def never_more(before, now, persons):
    for party, members in persons.items():
        for asked in QUESTIONS:
            if any(before[one][asked].state in NOES for one in members):
                assert not now[party][asked].allowed


def as_before(before, after, ever):
    for party, answers in before.items():
        for asked, verdict in answers.items():
            objected = any(before[one][asked].state == "objected" for one in ever[party])
            if objected:
                assert "objected" == after[party][asked].state
            else:
                assert verdict == after[party][asked]


def test_merging_and_undoing_gives_back_what_was_but_for_objections():
    """P10: an unmerge would leave consents changed, or free the shop from an objection."""
    for seed in range(25):
        a_tree(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_merge_trees_undone():
    """The same at full size: 10,000 random merge trees."""
    for seed in range(10_000):
        a_tree(seed)
