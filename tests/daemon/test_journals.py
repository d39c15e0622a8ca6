"""`till-agent journal` on what is broken, erased, or of a newer program."""

from __future__ import annotations

import pytest

from agent.core.exchange.wire import WireRecord
from agent.daemon import journals
from agent.daemon.checked import load_checked
from agent.daemon.files import opened_journal
from agent.journal.verify import JournalReport


@pytest.fixture
def journal(shop):
    with opened_journal(load_checked(shop.config)):
        pass
    return shop


def test_a_broken_journal_is_said_with_what_to_do(journal, monkeypatch):
    """A damaged chain would pass for a good one."""
    broken = JournalReport("ab", "till-1", "sales", 7, ok=False, fault="entry 3 was changed")
    monkeypatch.setattr(journals, "verify", lambda _conn: [broken])
    ran = journal.run("journal", "verify")
    assert ran.code == 1
    assert "BROKEN: entry 3 was changed" in ran.out
    assert "copy the state directory away" in ran.err
    assert journal.run("journal", "verify", "--json").json[0]["ok"] is False


def test_an_erased_entry_is_shown_as_erased():
    """An erasure would look like damage."""
    record = WireRecord(1, 110, 1, b"", b"", b"c" * 32, "order-1")
    assert journals._body(record) == {"erased_by": "order-1"}


def test_an_entry_of_a_newer_program_does_not_hide_the_others():
    """One unknown entry would stop the whole list."""
    record = WireRecord(1, 9999, 1, b"s" * 16, b"{}")
    assert "is not known" in journals._body(record)["unreadable"]


def test_an_empty_journal(journal):
    """A new till would look broken."""
    assert journal.run("journal", "tail").out == ""
    assert journal.run("journal", "tail", "--json").json == []
