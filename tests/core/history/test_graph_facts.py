"""Facts of the identity graph: how they are numbered, named, and travel."""

from __future__ import annotations

import msgspec

from agent.core.history.graph import (
    Block,
    Change,
    Erasure,
    Retraction,
    TraitKind,
    is_personal,
    parties_of,
    seen,
)
from agent.core.recognition import Evidence
from tests.core.history.graph_worlds import card, differ, email, objected, phone, same

MET = {
    "candidate": [phone(1)],
    "observed": [card(1)],
    "verified": [email(1)],
    "name": " Ada Byron ",
    "birth_date": "1980-01-01",
    "actor": "employee/eva",
    "at": "2026-11-02T10:00:00Z",
}


def test_a_meeting_tells_each_fact_under_its_own_line():
    """Two facts under one id would be taken back together."""
    facts = seen("p1", "e1", **MET)
    assert ["e1#0", "e1#1", "e1#2", "e1#3", "e1#4"] == [fact.fact_id for fact in facts]
    assert [*Evidence, TraitKind.NAME, TraitKind.BIRTH_DATE] == [fact.kind for fact in facts]
    assert "Ada Byron" == facts[3].value
    assert {("employee/eva", "2026-11-02T10:00:00Z")} == {(fact.actor, fact.at) for fact in facts}


def test_a_meeting_told_again_is_the_same_facts():
    """An event delivered twice would otherwise count twice."""
    assert seen("p1", "e1", **MET) == seen("p1", "e1", **MET)


def test_what_was_not_said_is_no_fact():
    """An empty name would agree with every other empty name."""
    assert () == seen("p1", "e1", name="  ", birth_date="")


def test_facts_travel_whole():
    """A fact that came back changed would settle otherwise on the other machine."""
    facts = (
        *seen("p1", "e1", **MET),
        same("m1", "p1", "p2"),
        Block(phone(9), event="b1"),
        Erasure("p3", event="x1"),
        Retraction("m1#0", "u1", "employee/eva"),
    )
    sent = msgspec.json.encode(facts)
    assert facts == msgspec.json.decode(sent, type=tuple[Change, ...])
    assert b'"line":0' not in sent


def test_a_fact_says_whom_it_is_about_and_whether_it_is_personal():
    """An erasure would leave what it takes for impersonal, or take a merge apart."""
    assert (("p1", "p2"), False) == (
        parties_of(differ("d", "p1", "p2")),
        is_personal(same("m", "p1", "p2")),
    )
    assert ((), False) == (
        parties_of(Block(card(1), event="b")),
        is_personal(Block(card(1), event="b")),
    )
    assert (("p1",), True) == (parties_of(objected("o", "p1")), is_personal(objected("o", "p1")))


def test_a_fact_id_holds_nothing_personal():
    """Retractions outlive an erasure, so what they name must not be guessed back."""
    for fact in seen("p1", "e1", **MET):
        assert "ada" not in fact.fact_id
