"""Where the keys of two machines parted."""

from __future__ import annotations

import pytest

from agent.core.exchange.credentials import key_id
from agent.core.exchange.lineages import LINEAGE_MAX, Parting, keys_of, lineage_of_heir, parting
from agent.core.exchange.wire import Credential


def test_an_heir_goes_back_on_its_key_and_all_before():
    """Wrong: a copy of an older key cannot be told from the machine that went on."""
    own = key_id(bytes(32))
    shown = Credential("s", "t", bytes(32).hex(), {}, "now", lineage=("a", "b"))
    assert ("a", "b", own) == keys_of(shown) == lineage_of_heir(shown)


def test_a_lineage_does_not_grow_for_ever():
    """Wrong: a till that renews its key every day sends a longer credential each time."""
    older = tuple(map(str, range(LINEAGE_MAX)))
    shown = Credential("s", "t", "00", {}, "now", lineage=older)
    assert (*older[1:], key_id(bytes(1))) == lineage_of_heir(shown)


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("abc", "abxy", Parting("b", "c", "x")),
        ("ab", "abx", Parting("b", "", "x")),
        ("abx", "ab", Parting("b", "x", "")),
        ("bcd", "abx", Parting("b", "c", "x")),
        ("ab", "ab", Parting("b", "", "")),
        ("a", "b", None),
    ],
)
def test_two_lineages_part_at_their_newest_common_key(own, other, expected):
    """Wrong: the wrong one of two machines passes for the later one."""
    assert expected == parting(tuple(own), tuple(other))
