"""Who lives together: without being one person, whatever is merged."""

from __future__ import annotations

import itertools

import pytest

from agent.core.faults import InputFault
from agent.core.history.households import (
    Affiliation,
    AffiliationEnded,
    Household,
    Membership,
    affiliated,
    households,
    memberships,
)


def lives(party, household, event=None, *, at="1", role="member"):
    return Affiliation(event or f"{party}-{household}", party, household, at, role=role)


def test_household_lists_its_people():
    """A family would not find its shared points."""
    said = [lives("bob", "h"), lives("ada", "h", role="head", at="2")]
    people = (
        Membership("ada", "h", "head", "2", ("ada-h",)),
        Membership("bob", "h", "member", "1", ("bob-h",)),
    )
    assert memberships(said, (), {}) == people
    assert households(said, (), {}) == {"h": Household("h", people)}


def test_merge_moves_nobody_and_its_undo_leaves_everyone():
    """Merging two records of one person would merge the families of both."""
    said = [lives("ada", "h"), lives("ada2", "g"), lives("bob", "g")]
    before = households(said, (), {})
    merged = households(said, (), {"ada2": "ada"})
    assert [[one.canonical_id for one in merged[each].members] for each in "hg"] == [
        ["ada"],
        ["ada", "bob"],
    ]
    assert households(said, (), {"ada": "ada", "ada2": "ada2"}) == before


def test_one_person_with_two_records_is_one_member():
    """A family of four would be five, and a merged child its own parent."""
    said = [
        lives("ada", "h", "e-1", at="2", role="child"),
        lives("ada2", "h", "e-2", at="3", role="head"),
        lives("ada2", "h", "e-0", at="3", role="guest"),
    ]
    [one] = memberships(said, (), {"ada2": "ada"})
    assert one == Membership("ada", "h", "head", "2", ("e-0", "e-1", "e-2"))


def test_two_records_of_one_household_are_one():
    """A family entered twice would have its points in two places."""
    said = [lives("ada", "h"), lives("bob", "h2")]
    found = households(said, (), {"h2": "h"})
    assert [each.canonical_id for each in found["h"].members] == ["ada", "bob"]
    assert found["h"].merged_from == ("h2",)


@pytest.mark.parametrize("said", [*itertools.permutations(["first", "over", "again"])])
def test_leaving_and_coming_back_in_any_order_of_arrival(said):
    """Who left would be back because the news came in late, or could never come back."""
    facts = {
        "first": lives("ada", "h", "e-1"),
        "over": AffiliationEnded("e-2", "e-1", "2"),
        "again": lives("ada", "h", "e-3", at="3"),
    }
    told = [facts[each] for each in said]
    joined = [each for each in told if isinstance(each, Affiliation)]
    ended = [each for each in told if isinstance(each, AffiliationEnded)]
    assert memberships(joined, ended, {}) == (Membership("ada", "h", "member", "3", ("e-3",)),)
    assert memberships(joined[:1], [AffiliationEnded("x", joined[0].event, "4")], {}) == ()


def test_nobody_lives_in_themselves():
    """A person merged with their household by mistake would be their own member."""
    assert memberships([lives("ada", "h")], (), {"h": "ada"}) == ()


@pytest.mark.parametrize(
    ("affiliation", "name"),
    [
        (lives("h", "h"), "own-household"),
        (lives("h", "g"), "nested-household"),
        (lives("bob", "ada"), "nested-household"),
    ],
)
def test_senseless_affiliation_is_refused_with_a_remedy(affiliation, name):
    """A household in a household has no people anybody could find."""
    with pytest.raises(InputFault) as refused:
        affiliated(affiliation, households=["h"], people=["ada"])
    assert refused.value.name == name
    assert refused.value.remedy


def test_sensible_affiliation_is_given_back():
    """Nobody could be affiliated at all."""
    told = lives("bob", "h")
    assert affiliated(told, households=["h"], people=["ada", "bob"]) is told
