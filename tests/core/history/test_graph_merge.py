"""Merge, undo, separation and what they would do: as if it had never happened (P10)."""

from __future__ import annotations

import random

import pytest

from agent.core.faults import InputFault, StateFault
from agent.core.history.graph import PartyEdge, Retraction, seen
from agent.core.history.graph_links import Doubt
from agent.core.history.graph_merge import By, merge, merge_edges, separate, undo
from agent.core.history.graph_preview import preview
from agent.core.history.graph_set import digest, link
from tests.core.history.graph_proof import a_merged_world, undone
from tests.core.history.graph_worlds import (
    a_world,
    asked,
    card,
    differ,
    email,
    linked,
    objected,
    perhaps,
    persons,
    same,
)

EVA = By("employee/eva", "2026-11-02T10:00:00Z", "showed her passport")
TREES = 24


def met(*parties, n=1, **said):
    said = said or {"observed": [card(n)]}
    return tuple(
        fact for party in parties for fact in seen(party, f"met-{party}-{sorted(said)}-{n}", **said)
    )


def test_a_merge_joins_all_it_names_and_is_the_same_merge_again():
    """A request that was sent twice would be two merges, of which an undo takes one back."""
    graph = linked(*(seen(f"p{n}", f"e{n}", name="Ada") for n in range(3)))
    edges = merge(graph, "m", ["p2", "p0", "p1", "p0"], EVA)
    assert edges == merge(link(graph, edges), "m", ["p0", "p1", "p2"], EVA)
    merged = link(graph, edges)
    assert ([["p0", "p1", "p2"]], edges) == (persons(merged), merged.said_in("m"))
    assert {("employee/eva", EVA.at, EVA.reason)} == {(e.actor, e.at, e.reason) for e in edges}


@pytest.mark.parametrize("named", [[], ["p1"], ["p1", "p1"]])
def test_a_merge_of_one_is_refused(named):
    """An empty merge would be recorded, and its undo found nothing."""
    with pytest.raises(InputFault, match="joins nothing") as fault:
        merge_edges("m", named, EVA)
    assert "nothing-to-merge" == fault.value.name


@pytest.mark.parametrize("apart", [("p1", "p2"), ("p3", "p2"), ("p3", "p4")])
def test_a_merge_against_an_assertion_is_refused_by_name(apart):
    """One steward would overrule another without knowing."""
    graph = linked(met("p1", "p3"), met("p2", "p4", n=2), differ("d", *apart))
    with pytest.raises(StateFault, match="were said to be different persons by somebody") as fault:
        merge(graph, "m", ["p1", "p2"], EVA)
    assert ("asserted-different", True) == (fault.value.name, "(d)" in fault.value.remedy)
    assert [["p1", "p3"], ["p2", "p4"]] == persons(graph)


def test_a_merge_into_merges_that_contradict_is_refused_by_name():
    """It would be recorded, hold nothing, and say so to nobody."""
    chained = [same(f"m{n}", f"p{n}", f"p{n + 1}") for n in range(1, 4)]
    graph = linked(*chained, differ("d", "p1", "p4"))
    with pytest.raises(StateFault, match="contradict each other") as fault:
        merge(graph, "m", ["p1", "p5"], EVA)
    assert ("merges-contradict", []) == (fault.value.name, persons(graph))


def test_a_merge_brings_along_whom_rules_had_joined():
    """A steward would merge two persons and tear an id out of one of them."""
    facts = (
        met("p1", "p2"),
        met("p3", "p4", n=2),
        met("p1", verified=[email(1)], birth_date="1980-01-01"),
        met("p3", verified=[email(2)], birth_date="1990-01-01"),
        objected("o1", "p1"),
        objected("o2", "p2"),
    )
    assert [["p1", "p2", "p3", "p4"]] == persons(linked(*facts, same("m", "p2", "p3")))


def test_whom_people_made_one_contradicts_nobody_by_being_two():
    """A doubt that a steward has settled would be asked again at every enrolment."""
    facts = met("p1", verified=[email(1)]) + met("p2", verified=[email(2)])
    newer = met("p1", "p2", "p3", observed=[card(1)])
    assert [] == persons(linked(facts, newer))
    assert [["p1", "p2", "p3"]] == persons(linked(facts, newer, same("m", "p1", "p2")))


def test_a_rule_does_not_undo_what_people_said():
    """A card would part two whom a steward merged, as it leads to a third who is not them."""
    said = (same("m", "p1", "p2"), differ("d", "p2", "p3"))
    graph = linked(said, met("p1", "p3"))
    assert ([["p1", "p2"]], [("p1", "p3", "DIFFERENT")]) == (persons(graph), asked(graph))
    both = linked(same("m", "b", "c"), differ("d", "a", "z"), met("a", "b"), met("c", "z", n=2))
    assert [["b", "c"]] == persons(both)


def test_a_preview_says_what_would_be_one_and_changes_nothing():
    """A steward would decide without seeing who else comes along."""
    graph = linked(
        met("p1", "p2"),
        met("p3", "p4", n=2),
        met("p2", "p3", verified=[email(5)]) and (),
        met("p1", birth_date="1980-01-01"),
        met("p3", birth_date="1990-01-01"),
        perhaps("s", "p2", "p4"),
        met("far", "away", n=9),
    )
    before = digest(graph)
    shown = preview(graph, merge_edges("m", ["p2", "p3"], EVA))
    assert before == digest(graph)
    assert [["p1", "p2"], ["p3", "p4"]] == sorted(sorted(ids) for ids in shown.before)
    assert [["p1", "p2", "p3", "p4"]] == [sorted(ids) for ids in shown.after]
    assert {"R1", "steward"} == {found.rule for found in shown.links}
    assert [("p2", "p4")] == [(each.one, each.other) for each in shown.proposals]
    assert ((Doubt.BIRTH_DATES,), ()) == (shown.doubts, shown.forbidden)
    after = link(graph, merge(graph, "m", ["p2", "p3"], EVA))
    moved = {who: to for who, to in after.canonical.items() if graph.canonical[who] != to}
    assert moved == shown.moved != {}
    assert {shown.after[0][0]} == {after.canonical[f"p{n}"] for n in (1, 2, 3, 4)}


def test_a_preview_of_a_forbidden_merge_says_who_forbade_it():
    """The page could only say no, and not whom to ask."""
    graph = linked(
        met("p1", "p3"), seen("p2", "e2", name="Ada"), differ("d", "p3", "p2"), objected("o", "p2")
    )
    shown = preview(graph, merge_edges("m", ["p1", "p2"], EVA))
    assert ["d#0"] == [edge.fact_id for edge in shown.forbidden]
    assert () == preview(graph, merge_edges("m", ["p1", "p3"], EVA)).forbidden


def test_a_preview_of_an_undo_says_who_stays_one_and_why():
    """A steward would undo a merge and find them still merged, without a word."""
    graph = linked(met("p1", "p2"), *(same("m", "p1", f"p{n}", line=n) for n in (2, 3)))
    shown = preview(graph, taken_back=graph.said_in("m"))
    assert [["p1", "p2", "p3"]] == [sorted(ids) for ids in shown.before]
    assert [["p1", "p2"], ["p3"]] == sorted(sorted(ids) for ids in shown.after)
    assert [("p1", "p2", "R1")] == [(each.one, each.other, each.rule) for each in shown.links]


def test_an_undo_takes_back_its_own_merge_only():
    """Undoing one of three merges would undo the others, or leave some of it."""
    graph = linked(same("m1", "p1", "p2"), same("m2", "p2", "p3"), same("m3", "p3", "p4"))
    retractions = undo(graph.said_in("m2"), "u", EVA)
    assert (Retraction("m2#0", "u", EVA.actor, EVA.at, EVA.reason),) == retractions
    assert [["p1", "p2"], ["p3", "p4"]] == persons(link(graph, retractions))


def test_what_was_met_since_the_merge_stays():
    """An undo that restored a copy would lose what the customer did in between."""
    facts = met("p1") + met("p2", n=2)
    since = met("p3", "p1", n=7)
    undone = linked(facts, same("m", "p1", "p2"), since, Retraction("m#0", "u"))
    assert digest(linked(facts, since)) == digest(undone)


def test_separating_parts_what_rules_joined_and_its_undo_joins_it_again():
    """A father and a son with one card would be one person for ever."""
    graph = linked(met("p1", "p2", "p3"))
    edges = separate(graph, "x", ["p3"], EVA)
    assert {("p3", "p1"), ("p3", "p2")} == {(edge.party_id, edge.other) for edge in edges}
    parted = link(graph, edges)
    assert ([["p1", "p2"]], graph) == (persons(parted), linked(met("p1", "p2", "p3")))
    assert {"DIFFERENT"} == {doubt for _, _, doubt in asked(parted)}
    assert digest(graph) == digest(link(parted, undo(edges, "u", EVA)))
    assert [["p1", "p2"], ["p3"]] == sorted(sorted(ids) for ids in preview(graph, edges).after)


def test_separating_may_take_ids_of_several_persons():
    """Two pairs, taken for one another's, would need a call for each id."""
    graph = linked(met("p1", "p2"), met("p3", "p4", n=2), met("p5", n=3))
    edges = separate(graph, "x", ["p1", "p3", "p5"], EVA)
    assert [("p1", "p2"), ("p3", "p4")] == sorted((edge.party_id, edge.other) for edge in edges)
    assert len(edges) == len({edge.fact_id for edge in edges})


def test_what_a_person_merged_is_not_separated_but_undone():
    """Two words of stewards would stand against each other, and every rule give up."""
    graph = linked(met("p1", "p2"), same("m", "p1", "p3"))
    with pytest.raises(StateFault, match="merged by hand: m#0") as fault:
        separate(graph, "x", ["p3"], EVA)
    assert "merged-by-hand" == fault.value.name


@pytest.mark.parametrize("named", [["p1", "p2"], ["p3"], []])
def test_separating_a_whole_person_is_refused(named):
    """It would be recorded and change nothing."""
    graph = linked(met("p1", "p2"), seen("p3", "e3", name="Ada"))
    with pytest.raises(InputFault, match="not one person with any others") as fault:
        separate(graph, "x", named, EVA)
    assert "nothing-to-separate" == fault.value.name


@pytest.mark.parametrize("seed", range(TREES))
def test_a_tree_of_merges_undone_leaves_the_digest_it_found(seed):
    """A trace would stay of a merge, in who is one person, why, or in what is asked (P10)."""
    rng, book, graph, merged, merges = a_merged_world(seed)
    assert digest(graph) == digest(undone(rng, merged, merges, book))


@pytest.mark.parametrize("seed", range(TREES // 2))
def test_some_merges_undone_are_as_if_only_the_others_had_been(seed):
    """Undoing an early merge would pull down what was built upon it."""
    rng, book, graph, merged, merges = a_merged_world(100 + seed)
    kept = [edges for edges in merges if rng.randrange(2)]
    gone = [edges for edges in merges if edges not in kept]
    assert all(isinstance(edge, PartyEdge) for edges in merges for edge in edges)
    expected = link(graph, [edge for edges in kept for edge in edges], book)
    assert digest(expected) == digest(undone(rng, merged, gone, book))


@pytest.mark.parametrize("seed", range(10))
def test_a_preview_foretells_what_a_merge_then_does(seed):
    """A steward would agree to one merge and get another."""
    rng = random.Random(seed)
    graph = linked(*a_world(rng, 12, 40))
    named = rng.sample(sorted(graph.canonical), 2)
    shown = preview(graph, merge_edges("m", named, EVA))
    after = link(graph, merge_edges("m", named, EVA))
    assert shown.moved == dict(after.canonical.items() - graph.canonical.items())
    assert {ids[0] for ids in shown.after} >= {after.canonical[party] for party in named}
