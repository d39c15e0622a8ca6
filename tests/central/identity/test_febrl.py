"""Made-up persons whose duplicates are known: nothing false is merged, and hardly one is missed."""

from __future__ import annotations

import pytest

from tests.central.identity import febrl
from tests.central.identity.febrl_proof import judge, report

PERSONS = 100


@pytest.mark.both_databases
@pytest.mark.untraced
@pytest.mark.parametrize("with_card", [True, False], ids=["card", "no-card"])
def test_a_set_comes_in_by_csv_and_out_as_persons(ledger, tmp_path, with_card):
    """Somebody else's purchases would be shown to a stranger, or one person stay two unnoticed."""
    some = [each for each in febrl.people("1") if int(each.person.split("-")[1]) < PERSONS]
    true = febrl.true_pairs(some)
    judged = judge(ledger, some, tmp_path, with_card=with_card)
    assert set() == judged.merged - true
    assert with_card == bool(judged.merged)
    assert min(febrl.figures(judged.found, true)) >= 9800


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_all_sets_beside_splink_and_recordlinkage(capsys):
    """HQ's candidates would be worse than what anybody can install."""
    pytest.importorskip("pandas", reason="`make febrl` brings what the judges need")
    with capsys.disabled():
        assert report()
