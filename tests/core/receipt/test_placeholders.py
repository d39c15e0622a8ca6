"""Words in braces."""

from __future__ import annotations

import pytest

from agent.core.receipt.placeholders import ON_RECEIPTS, PLACEHOLDERS, fill, problems_in


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Open till 8", "Open till 8"),
        ("No. {receipt_no}", "No. R-7"),
        ("{{{receipt_no}}}", "{R-7}"),
        ("{actor} {receipt_no}", " R-7"),
        ("By {actor}", None),
        ("{unknown}", None),
        ("", ""),
    ],
)
def test_words_are_filled_in(text, shown):
    """A receipt would show braces, or a line that says nothing."""
    assert shown == fill(text, {"receipt_no": "R-7", "actor": ""})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{receipt_nr}", "{receipt_no}"),
        ("{xyz}", "{store_name}"),
        ("{total:>9}", "{{"),
        ("{total!r}", "{{"),
        ("{total", "{{"),
        ("total}", "{{"),
        ("{}", "{store_name}"),
        ("{actor.name}", "{actor}"),
    ],
)
def test_a_wrong_brace_is_told_with_the_right_one(text, said):
    """IT would find out from a customer's receipt."""
    found = list(problems_in(text, "block.x.lines[0]"))
    assert ["block.x.lines[0]"] == [problem.path for problem in found]
    assert said in found[0].remedy


def test_every_known_word_is_fine():
    """A word of the list would be refused."""
    assert [] == list(problems_in(" ".join(f"{{{name}}}" for name in PLACEHOLDERS), "x"))


@pytest.mark.parametrize("name", sorted(ON_RECEIPTS))
def test_a_report_has_no_receipt_number(name):
    """A Z report would have a hole where a block says what only a receipt knows."""
    text = f"{{{name}}}"
    assert [] == list(problems_in(text, "x"))
    assert 1 == len(list(problems_in(text, "x", on_report=True)))
    assert [] == list(problems_in("{store_name}", "x", on_report=True))
