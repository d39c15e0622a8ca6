"""A journal on a real disk for each test that asks for one."""

from __future__ import annotations

import pytest

from agent.journal import Journal
from tests.journal.shop import KEY, STORE, TILLS, CountingClock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def open_journal(path):
    opened = []

    def opening(**changes):
        clock = CountingClock(len(opened))
        settings = {"store": STORE, "tills": TILLS, "device_key": KEY, "clock": clock}
        journal = Journal.open(path, **settings | changes)
        opened.append(journal)
        return journal

    yield opening
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal):
    return open_journal()


@pytest.fixture
def write(journal):
    return journal.write_blocking


@pytest.fixture
def read(journal):
    return journal.read_blocking
