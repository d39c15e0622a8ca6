"""The small values of a journal file, when bytes of the file have changed."""

from __future__ import annotations

import pytest
from pysqlite3 import dbapi2

from agent.journal import Journal, registry
from agent.journal.faults import JournalDamaged
from agent.journal.preparation import Owner
from agent.journal.salvage import salvage
from tests.journal.shop import KEY, STORE, TILLS, CountingClock

OWNER = Owner(STORE, TILLS, KEY)


def opened(path):
    return Journal.open(path, store=STORE, tills=TILLS, device_key=KEY, clock=CountingClock(1))


@pytest.fixture
def path(tmp_path):
    """A journal with two values, one of which was hurt."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        journal.write_blocking(lambda conn: registry.put(conn, "sound", {"a": 1}))
        journal.write_blocking(lambda conn: registry.put(conn, "hurt", {"b": 2}))
    conn = dbapi2.connect(str(path), isolation_level=None)
    conn.execute("UPDATE registry SET value = ? WHERE key = 'hurt'", (b'{"b"\x9a2}',))
    conn.close()
    return path


def test_a_value_that_cannot_be_read_is_damage(path):
    """Sync would end with a traceback over a flipped byte, and the shop would never know why."""
    with pytest.raises(JournalDamaged, match="hurt"):
        opened(path)
    conn = dbapi2.connect(str(path))
    with pytest.raises(JournalDamaged, match="hurt"):
        registry.get(conn, "hurt")
    conn.close()


def test_salvage_leaves_it_behind(path):
    """The salvaged file would be as damaged as the one before, and the agent would never start."""
    salvage(path, OWNER, CountingClock(2), "damaged")
    with opened(path) as journal:
        found = [
            journal.read_blocking(lambda conn, key=key: registry.get(conn, key))
            for key in ("sound", "hurt")
        ]
    assert [{"a": 1}, None] == found
