"""Planted bugs: that a few are caught, that each has its place, and how the table is summed up."""

from __future__ import annotations

import pytest

from tests.simulation.mutants.__main__ import sum_up
from tests.simulation.mutants.hunt import Found, hunt
from tests.simulation.mutants.table import NAMED, PLANTED
from tests.simulation.scenarios import SCENARIOS

CAUGHT = Found("bug", "It is wrong.", "cuts", "I2", 3, 4, 1.5, "a receipt is gone", 0)
SURVIVED = Found("other", "It is wrong, too.", "cuts", "", 40, 40, 9.0, "", 2)


@pytest.mark.parametrize("name", ["skip-the-fsync", "ack-moved-too-far"])
def test_a_planted_bug_is_caught(name):
    """The simulator lets a product pass that loses what it has promised."""
    assert hunt(name).invariant


def test_every_planted_bug_has_a_place():
    """A planted bug whose function was renamed is planted nowhere, and proves nothing."""
    missing = [
        (planted.name, name)
        for planted in PLANTED
        for owner, name, _ in planted.patches
        if not hasattr(owner, name)
    ]
    assert [] == missing


def test_the_table_is_whole():
    """Fewer bugs are planted than are asked for, two share a name, or a scenario is not there."""
    assert len(PLANTED) >= 60
    assert len(NAMED) == len(PLANTED)
    assert {planted.scenario for planted in PLANTED} <= set(SCENARIOS)


@pytest.mark.parametrize(
    ("found", "held", "expected"),
    [
        ([CAUGHT], [("", 1.0)], 0),
        ([CAUGHT, SURVIVED], [("", 1.0)], 1),
        ([CAUGHT], [("cuts 3: I2 a receipt is gone", 1.0)], 1),
    ],
)
def test_a_table_with_a_gap_is_no_success(capsys, found, held, expected):
    """`make mutants` succeeds though a bug survived, or though the product itself does not hold."""
    assert expected == sum_up(found, held, 2.0)
    told = capsys.readouterr().out
    assert ("survived: other;" if SURVIVED in found else "survived: none;") in told
    assert ("WITHOUT a planted bug: cuts 3" in told) == bool(held[0][0])


def test_a_row_says_what_was_seen():
    """Of a bug that was caught nobody can tell by what, where, and how soon."""
    row = str(CAUGHT)
    for said in ("bug ", "I2", "cuts", " 3 ", " 4 ", "1.5", "It is wrong.", "a receipt is gone"):
        assert said in row
    assert "SURVIVED" in str(SURVIVED)
    assert "2 seeds only crashed" in str(SURVIVED)
