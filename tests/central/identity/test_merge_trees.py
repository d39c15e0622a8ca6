"""Trees of merges, undone in any order while the shop goes on: nothing is left of them (P10).

`TREES=10000 pytest tests/central/identity/test_merge_trees.py -m long` plays as many as one likes,
`TILL_TEST_DATABASE=postgresql` plays them on PostgreSQL.
"""

from __future__ import annotations

import os

import pytest

from central.ledger.engine import writing
from tests.central.identity.merge_trees import play, prove

TREES = int(os.environ.get("TREES", "200"))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_tree_of_merges_undone_while_the_shop_goes_on(ledger, seed):
    """Some purchase, word or answer would stay with the wrong customer after an undo."""
    with writing(ledger) as conn:
        expected, found, _ = play(conn, seed, 2)
    assert expected == found


@pytest.mark.long
@pytest.mark.timeout(0)
def test_many_trees_of_merges_undone(ledger):
    """A shape of merges nobody thought of would leave traces."""
    assert list(prove(ledger, TREES, 100))
