"""Tills enrol people without HQ and come back over a bad line: `make partition` plays fifty."""

from __future__ import annotations

from random import Random

import pytest

from tests.central.identity.partition import in_one_piece, run, told_offline

TILLS, ENROLMENTS = 6, 150


@pytest.mark.long
@pytest.mark.timeout(900)
def test_tills_that_were_cut_off_lose_nobody_and_agree():
    """Who was enrolled at two tills would be two persons, or a sale be nobody's (G6)."""
    back, lacking = run(TILLS, ENROLMENTS)
    assert {} == lacking
    assert 0 < back.map_s <= back.tills_s
    assert back.lost
    assert back.repeated


def test_some_of_those_enrolled_again_are_joined_and_nobody_is_left_out():
    """The run would prove nothing: everybody would be somebody else, or hardly anybody told of."""
    chosen = in_one_piece(told_offline(Random(1), TILLS, ENROLMENTS))
    assert ENROLMENTS == len(chosen)
    assert ENROLMENTS * 70 // 100 <= len({*chosen.values()}) < ENROLMENTS
