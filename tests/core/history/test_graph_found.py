"""Who is told of with somebody's identifier is not taken for them where anything speaks against."""

from __future__ import annotations

import pytest

from agent.core.history.graph import seen
from agent.core.history.graph_found import Said, claimed, fitting, goes_by
from agent.core.history.graph_near import Near
from agent.core.history.graph_rules import BOOK
from tests.core.history.graph_worlds import account, card, email, linked, phone

BORN, OTHER = "1980-01-01", "2001-02-03"


def near(*said):
    return Near(linked(*said), BOOK)


@pytest.mark.parametrize(
    ("identifier", "said", "fits"),
    [
        (email(1), Said(), True),
        (email(1), Said("A. Byron"), True),
        (email(1), Said("Eva Byron"), False),
        (email(1), Said("Adda Byron"), False),
        (phone(1), Said("Ada Byron", BORN), True),
        (phone(1), Said("Eva Byron", BORN), False),
        (phone(1), Said("Ada Byron", OTHER), False),
        (card(1), Said("Adda Byron"), True),
        (card(1), Said("Eva Byron"), False),
        (card(1), Said("Eva Byron", BORN), True),
        (card(1), Said("Ada Byron", OTHER), False),
        (account(1), Said("Eva Byron", OTHER), True),
    ],
)
def test_who_can_be_the_one_who_has_it(identifier, said, fits):
    """A guest's order would be in the history of whoever else has typed that mailbox in."""
    facts = near(seen("p1", "e1", observed=[identifier], name="Ada Byron", birth_date=BORN))
    assert fits == fitting(facts, identifier, said, ["p1"])


def test_a_name_of_any_of_their_ids_counts_and_none_is_no_doubt():
    """Who was merged would not be found again under the name of one of their ids."""
    facts = near(seen("p1", "e1", name="Ada Byron"), seen("p2", "e2", name="Ada King"))
    assert fitting(facts, email(1), Said("Ada King", BORN), ["p1", "p2"])
    assert not fitting(facts, email(1), Said("Ada King"), ["p1"])
    assert fitting(facts, email(1), Said("Eva Byron"), ["p9"])
    assert goes_by(facts, ["p1", "p2"], "Adda King")
    assert not goes_by(facts, ["p1"], "Ada King")


def test_who_has_claimed_it_under_the_same_name_comes_back():
    """A guest with their partner's mailbox would be another person at every order."""
    facts = near(
        seen("p1", "e1", observed=[email(1)], name="Karl Byron"),
        seen("p2", "e2", candidate=[email(1)], name="Eva Byron"),
        seen("p3", "e3", candidate=[email(1)], name="Byron"),
        seen("p4", "e4", candidate=[email(1)], name="Eva Byron"),
        seen("p4", "e5", name="Karl Byron"),
        seen("p5", "e6", candidate=[email(1)]),
    )
    assert {"p2"} == claimed(facts, email(1), Said("Byron, Eva"))
    assert frozenset() == claimed(facts, email(1), Said())
