"""Code 128 as every device draws it."""

from __future__ import annotations

import pytest

from agent.core.faults import InputFault
from agent.core.receipt.code128 import holds, modules, values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A", [104, 33, 34, 106]),
        ("1234", [105, 12, 34, 82, 106]),
        ("A1234", [104, 33, 99, 12, 34, 60, 106]),
        ("1234A", [105, 12, 34, 100, 33, 102, 106]),
        ("A12", [104, 33, 17, 18, 19, 106]),
    ],
)
def test_values_and_check_character(text, expected):
    """A scanner would refuse the symbol, or it would be wider than it needs to be."""
    check = (expected[0] + sum(n * v for n, v in enumerate(expected[:-2]))) % 103
    assert [*expected[:-2], check, 106] == values(text)


def test_a_symbol_has_eleven_modules_a_value_and_thirteen_at_the_end():
    """Bars would be a module off, and nothing could be read."""
    drawn = modules("AB1234")
    assert 11 * (len(values("AB1234")) - 1) + 13 == len(drawn)
    assert drawn.startswith("1")
    assert drawn.endswith("11")


@pytest.mark.parametrize("text", ["", "é", "a\nb"])
def test_what_bars_cannot_say_is_said(text):
    """A printer would print another code, or none."""
    assert not holds(text)
    with pytest.raises(InputFault):
        values(text)
