"""Twins, namesakes, households, numbers handed on: different people stay different people."""

from __future__ import annotations

import pytest

from tests.core.history.hard_negative_proof import prove
from tests.core.history.hard_negatives import KINDS, OPEN

KINDS_OF_EACH = 12


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_easily_taken_for_another_is_not(kind):
    """A stranger would be shown somebody else's purchases, or somebody known stay unknown (G3)."""
    found = prove(KINDS_OF_EACH, kinds=[kind])
    assert KINDS_OF_EACH == found[kind, "pairs"]
    assert (0, 0) == (found[kind, "joined"], found[kind, "apart"])


def test_people_with_what_is_theirs_alone_are_found_again():
    """A rule that joins nobody would pass for a good one."""
    assert prove(100, kinds=["strangers of one name"])["strangers of one name", "again"] > 50


@pytest.mark.parametrize("kind", OPEN)
def test_what_nothing_tells_apart_is_known_to_be_joined(kind):
    """The list of what the rules cannot tell would be out of date."""
    found = prove(KINDS_OF_EACH, kinds=[kind])
    assert found[kind, "pairs"] == found[kind, "joined"] == KINDS_OF_EACH
