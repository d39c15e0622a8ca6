"""The steward's questions: one for two persons, and none that was answered."""

from __future__ import annotations

from agent.core.history.graph import PartyEdge, seen
from agent.core.history.graph_questions import questions
from tests.core.history.graph_worlds import card, differ, email, linked, order, perhaps, same


def questions_of(graph):
    proposals = [each for some in graph.proposals.values() for each in some]
    facts = {fact for some in graph.parties.values() for fact in some}
    return questions(proposals, graph.canonical, [f for f in facts if isinstance(f, PartyEdge)])


def met(party, *identifiers):
    return seen(party, f"met-{party}-{identifiers[0].value}", observed=identifiers)


def test_two_persons_are_one_question_whichever_of_their_ids_it_is_about():
    """A steward would answer the same question once for every pair of ids."""
    graph = linked(
        met("p1", card(1), email(1)),
        met("p2", card(1), email(2)),
        met("q1", card(2), email(1)),
        met("q2", card(2), email(2)),
    )
    (question,) = questions_of(graph)
    assert {graph.canonical["p1"], graph.canonical["q1"]} == {question.one, question.other}
    assert question.one < question.other
    assert [("p1", "q1"), ("p2", "q2")] == [(each.one, each.other) for each in question.proposals]
    assert 0 == question.weight


def test_who_was_said_to_be_different_is_not_asked_about_again():
    """A steward would be asked every night about the same twins."""
    facts = met("p1", card(1), email(1)) + met("p2", card(1)) + met("q", email(1))
    assert 1 == len(questions_of(linked(facts)))
    assert () == questions_of(linked(facts, differ("d", "p2", "q")))


def test_two_words_of_people_that_contradict_are_asked():
    """A merge that does not hold would be found by nobody."""
    graph = linked(same("m", "p1", "p2"), differ("d", "p1", "p2"), perhaps("s", "p1", "p2"))
    (question,) = questions_of(graph)
    assert ["steward"] == [each.rule for each in question.proposals]


def test_one_person_is_not_asked_about():
    """A proposal made before a merge would be asked after it."""
    graph = linked(perhaps("s", "p1", "p2"))
    proposals = graph.proposals["p1"]
    assert () == questions(proposals, {"p1": "p1", "p2": "p1"})
    assert 1 == len(questions(proposals, {}))


def test_what_most_speaks_for_comes_first():
    """The likeliest would stand at the end of a list of thousands."""
    graph = linked(
        perhaps("s1", "a", "b", weight=9900),
        perhaps("s2", "c", "d", weight=9990),
        met("e", order(1), email(1)),
        met("f", order(1), email(1)),
        met("g", order(2)),
        met("h", order(2)),
    )
    found = [(each.one, each.other, each.weight) for each in questions_of(graph)]
    assert [("c", "d", 9990), ("a", "b", 9900), ("e", "f", 0), ("g", "h", 0)] == found
