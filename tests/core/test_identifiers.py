"""Receipt numbers: no two journals ever issue the same one."""

from __future__ import annotations

from agent.core.identifiers import receipt_number


def test_a_receipt_number_names_store_till_journal_and_place():
    """A receipt could not be found by its number."""
    assert "store-1-till-2-ab12-7" == receipt_number("store-1", "till-2", "ab12" + "0" * 28, 7)


def test_a_successor_journal_never_issues_a_predecessors_number():
    """Two receipts would carry one number after a till's disk was replaced."""
    first, second = (receipt_number("s", "t", start + "0" * 28, 1) for start in ("ab12", "cd34"))
    assert first != second
