"""Two long proofs of the identity graph, to be run by hand.

    python -m tests.core.history.graph_proof orders 1000 10000    # delivery orders, enrolments
    python -m tests.core.history.graph_proof trees 10000          # merge trees, each undone

They say what they have shown so far, and fail with the seed that shows otherwise. A third number
is the first seed of the orders: 500 from 0 and 500 from 500 are 1000, on two cores.
"""

from __future__ import annotations

import gc
import random
import sys
from collections import Counter
from time import process_time

from agent.core.faults import StateFault
from agent.core.history.canonical import members_of
from agent.core.history.graph_held import Graph
from agent.core.history.graph_merge import By, merge, undo
from agent.core.history.graph_rules import RuleBook
from agent.core.history.graph_set import digest, link
from tests.core.history.graph_worlds import a_chain, a_world, linked

BY = By("employee/eva")


def delivered(rng, changes, book, sizes):
    """Link changes in another order, a fifth of them twice, in parts of several sizes."""
    waiting = [*changes, *rng.sample(changes, len(changes) // 5)]
    rng.shuffle(waiting)
    graph = Graph()
    while waiting:
        size = rng.choice(sizes)
        graph, waiting = link(graph, waiting[:size], book), waiting[size:]
    return graph


def a_tree(rng, graph, book):
    """Merge persons at random, as a tree, and merges of merges; gives the graph and the merges."""
    roots, merges = [[party] for party in sorted(graph.canonical)], []
    for n in range(rng.randrange(1, 32)):
        if len(roots) < 2:
            break
        some = rng.sample(roots, min(len(roots), rng.choice((2, 2, 2, 3))))
        try:
            edges = merge(graph, f"merge-{n}", [rng.choice(ids) for ids in some], BY, book)
        except StateFault:
            continue
        roots = [ids for ids in roots if ids not in some] + [[each for ids in some for each in ids]]
        graph, merges = link(graph, edges, book), [*merges, edges]
    return graph, merges


def undone(rng, graph, merges, book):
    """Undo merges in any order, now and then several in one delivery."""
    waiting = rng.sample(merges, len(merges))
    while waiting:
        size = rng.choice((1, 1, 3))
        taken = [each for edges in waiting[:size] for each in undo(edges, f"u{len(waiting)}", BY)]
        graph, waiting = link(graph, taken, book), waiting[size:]
    return graph


def a_merged_world(seed):
    """Make a world with a tree of merges in it: rng, rules, graph before, graph after, merges."""
    rng = random.Random(seed)
    book = RuleBook(cluster_max=rng.choice((3, 8)))
    changes = a_world(rng, rng.choice((6, 16, 40)), rng.choice((5, 40)))
    graph = linked(*changes, book=book)
    return rng, book, graph, *a_tree(rng, graph, book)


def prove_orders(orders, enrolments, first=0):
    """Deliver the same enrolments in many orders; everybody must come to one digest."""
    told = a_chain(random.Random(0), enrolments)
    changes = [fact for _, _, facts in told for fact in facts]
    whole = link(Graph(), changes)
    ids = Counter(len(ids) for ids in members_of(whole.canonical).values())
    yield f"{enrolments} enrolments, {len(changes)} facts; persons by ids: {sorted(ids.items())}"
    expected = digest(whole)
    for done, seed in enumerate(range(first, first + orders), 1):
        part = delivered(random.Random(seed), changes, RuleBook(), (100, 1000, 5000))
        assert expected == digest(part), f"order {seed} gives another digest"
        yield f"{done} orders from {first}, one digest {expected[:16]}"


def prove_trees(trees):
    """Undo many trees of merges; each must leave the digest it found."""
    merged = 0
    for seed in range(trees):
        rng, book, graph, after, merges = a_merged_world(seed)
        left = digest(undone(rng, after, merges, book))
        assert digest(graph) == left, f"tree {seed} leaves a trace"
        merged += len(merges)
        if (seed + 1) % 100 == 0:
            yield f"{seed + 1} trees of {merged} merges undone, digest-equal"


if __name__ == "__main__":
    gc.disable()  # No graph is part of a cycle: a third of the time would be spent looking for one.
    proof = {"orders": prove_orders, "trees": prove_trees}[sys.argv[1]]
    for shown in proof(*map(int, sys.argv[2:])):
        sys.stdout.write(f"{shown}, {process_time():.0f} s of CPU\n")
        sys.stdout.flush()
