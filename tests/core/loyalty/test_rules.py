"""Rules as data: what cannot be meant is refused before a till works by it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.loyalty import EarnRule, Worth, require_rules, require_worth

RULE = EarnRule("base", 1, points=1, per=100)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"points": 0}, "points = 0"),
        ({"per": 0}, "per = 0"),
        ({"per": 10**10}, "per = 10000000000"),
        ({"version": 0}, "version = 0"),
        ({"least": -1}, "least = -1"),
        ({"most": -1}, "most = -1"),
        ({"by": "weight"}, "amount, quantity, visit"),
        ({"rounding": "up"}, "down, half"),
        ({"rule_id": ""}, "no rule_id"),
        ({"unit": ""}, "no rule_id or no unit"),
        ({"first_day": "1.12.2026"}, "first_day = '1.12.2026'"),
        ({"last_day": "20261224"}, "last_day = '20261224'"),
        ({"first_day": "2026-12-24", "last_day": "2026-12-23"}, "ends before it begins"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(changes, word):
    """A slip of a key would give every customer a fortune, or stop every till."""
    with pytest.raises(InputFault) as fault:
        require_rules([msgspec.structs.replace(RULE, **changes)])
    assert "earn-rule" == fault.value.name
    assert word in str(fault.value)


def test_one_version_of_a_rule_counts():
    """A changed rule would count beside the one it replaces."""
    day = "2026-12-24"
    require_rules([RULE, EarnRule("bonus", 1, 1, 1, first_day=day, last_day=day)])
    with pytest.raises(InputFault, match="twice"):
        require_rules([RULE, msgspec.structs.replace(RULE, version=2)])


@pytest.mark.parametrize("worth", [Worth(0, 1), Worth(1, 0), Worth(1, 10**10)])
def test_a_worth_of_nothing_is_refused(worth):
    """A till would divide by nothing in front of a customer."""
    require_worth(Worth(1, 10**9))
    require_worth(Worth(10**9, 1))
    with pytest.raises(InputFault, match="cannot be worth"):
        require_worth(worth)


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 10**6))
def test_value_pays_what_it_is_worth_and_no_more(points, minor, amount):
    """The shop would be paid less than the tender says, or a customer not reach what they have."""
    worth = Worth(points, minor)
    needed = worth.points_for(amount)
    assert amount <= worth.money_for(needed)
    assert needed == 0 or amount > worth.money_for(needed - 1)


def test_rules_travel_with_what_is_set_alone():
    """A rule of ten words would fill a page of the feed."""
    assert b'{"rule_id":"base","version":1,"points":1,"per":100}' == msgspec.json.encode(RULE)
