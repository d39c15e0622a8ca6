"""What a stolen till costs its thief, in numbers."""

from __future__ import annotations

import pytest

from agent.core.privacy.sealing import Layer
from agent.core.privacy.theft import KINDS, Guessable, candidates_of, cost_table

MEASURED = {"stretch_ns": 8_000_000, "check_ns": 10_000, "cents_per_core_hour": 2}


def test_the_price_of_a_thousand_million_numbers():
    """The table would promise more than a thief has to pay."""
    [phones] = [cost for cost in cost_table(KINDS, **MEASURED) if cost.kind == "phone number"]
    assert (8_010_000, 92, 4450) == (phones.core_seconds, phones.core_days, phones.cents)
    assert (10**9, Layer.WHOLE) == (phones.candidates, phones.opens)


def test_the_cheapest_comes_first():
    """Whoever reads the table would look for its weakest line."""
    costs = cost_table(KINDS, **MEASURED)
    assert sorted(cost.core_seconds for cost in costs) == [cost.core_seconds for cost in costs]
    assert {kind.kind for kind in KINDS} == {cost.kind for cost in costs}
    assert all(cost.basis for cost in costs)


def test_what_is_cheap_to_guess_opens_no_whole_card():
    """A thief with the key would read whole cards for the price of running numbers."""
    whole = [cost.core_days for cost in cost_table(KINDS, **MEASURED) if cost.opens is Layer.WHOLE]
    assert min(whole) >= 90


def test_a_chain_counts_its_own_cards():
    """A chain with longer card numbers could not see what they are worth."""
    [cost] = cost_table([Guessable("own", candidates_of(45), Layer.WHOLE, "x")], **MEASURED)
    assert 3_261_884 == cost.core_days


@pytest.mark.parametrize("free", list(MEASURED))
def test_nothing_is_free(free):
    """A figure that was not measured would be told as a price."""
    with pytest.raises(ValueError, match="cost something"):
        cost_table(KINDS, **(MEASURED | {free: 0}))
