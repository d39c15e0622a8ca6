"""Credit rules in HQ's settings: every mistake is named at once, and the example can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.daemon.settings import SettingsFault, parse

EXAMPLE = Path("config/central.example.toml")


def test_example_is_a_rule():
    """IT would copy lines that HQ refuses."""
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = text[text.index("# [[credit_rule]]") :].splitlines()
    [rule] = parse("\n".join(line.removeprefix("# ") for line in lines), EXAMPLE).credit_rules
    assert ("web-first@1", "first", 2500, {"quote": 30}) == (
        rule.label,
        rule.credit,
        rule.kept,
        rule.days_of,
    )


def test_all_mistakes_are_named():
    """A rule that shares out more than there is would be found in the first month's report."""
    rule = '[[credit_rule]]\nname = "a"\ncredit = "last"\n'
    text = f'{rule}kept = 10001\ndays = -1\nvalid_from = "soon"\n{rule}'
    with pytest.raises(SettingsFault) as raised:
        parse(text, EXAMPLE)
    paths = [problem.path for problem in raised.value.problems]
    assert paths == [
        "credit_rule[0].valid_from",
        "credit_rule[0].kept",
        "credit_rule[0].days",
        "credit_rule[1].name",
    ]
