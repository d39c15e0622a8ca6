"""What each means is worth, and what that opens of a person."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.recognition import (
    OPENS,
    Identifier,
    IdentifierType,
    Part,
    RecognitionRules,
    Strength,
    new_card_number,
    opens,
    strength_of,
)
from agent.core.recognition.strength import ask_for

RULES = RecognitionRules(card_prefixes=("LC", "29"))
OWN = new_card_number("LC", b"\x12\x34\x56\x78\x9a\xbc")


def _card(value):
    return Identifier(IdentifierType.LOYALTY_CARD, value)


def test_a_stronger_means_never_opens_less():
    """Somebody who proves more would be shown less."""
    person = [OPENS[each] - {Part.TRANSACTION} for each in Strength]
    assert all(weaker <= stronger for weaker, stronger in pairwise(person))


def test_what_opens_is_what_was_decided():
    """A neighbour's card number would show what somebody bought (P9)."""
    assert frozenset() == OPENS[Strength.ASKS]
    assert {Part.TRANSACTION} == OPENS[Strength.BEARER]
    assert {Part.NAME, Part.TIER} == OPENS[Strength.WEAK]
    for each in (Strength.STRONG, Strength.PROVEN):
        assert set(Part) - {Part.TRANSACTION} == OPENS[each]
    assert opens(Strength.STRONG, Part.HISTORY)
    assert not opens(Strength.WEAK, Part.HISTORY)


@pytest.mark.parametrize(
    ("value", "strength"),
    [
        (OWN, Strength.STRONG),
        (OWN[:-1] + ("0" if OWN[-1] != "0" else "1"), Strength.WEAK),
        ("LC0001234", Strength.WEAK),
        ("XX" + OWN[2:], Strength.WEAK),
        (OWN[2:], Strength.WEAK),
        ("952012345678900007", Strength.WEAK),
        ("LC00000000U0", Strength.WEAK),
    ],
)
def test_a_card_number_is_strong_if_nobody_can_count_on_from_it(value, strength):
    """The next number of an older programme would open a stranger's card."""
    assert strength == strength_of(_card(value), RULES)


def test_no_number_that_runs_on_is_strong():
    """One in thirty-two imported numbers would pass for one of ours by its check character."""
    for first in (1, 4_711, 987_654_321):
        numbers = (f"LC{first + step:010d}" for step in range(2000))
        assert {Strength.WEAK} == {strength_of(_card(number), RULES) for number in numbers}


@given(st.binary(min_size=6, max_size=6))
def test_a_number_we_hand_out_is_strong(drawn):
    """A customer with our own card would be asked for more."""
    number = new_card_number("LC", drawn)
    digits_alone = number[2:-1].isdigit()
    expected = Strength.WEAK if digits_alone else Strength.STRONG
    assert expected == strength_of(_card(number), RULES)


def test_every_type_has_a_strength_and_says_what_to_ask_for():
    """A new type of identifier would fail at the first customer who has one."""
    judged = {each: strength_of(Identifier(each, "x"), RULES) for each in IdentifierType}
    assert Strength.PROVEN not in judged.values()
    for each, strength in judged.items():
        assert (ask_for(each, strength) is None) == (strength is Strength.STRONG)
    assert "household" in (ask_for(IdentifierType.PAR, Strength.WEAK) or "")
