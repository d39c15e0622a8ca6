"""The file: missing, damaged, foreign, unwritable; the till goes on with each."""

from __future__ import annotations

import os
import stat
import time

import pytest
from pysqlite3 import dbapi2

from agent.core.history.model import Card
from agent.core.identifiers import ItemId, PartyId
from agent.core.recognition import Found, Item, ItemKey, Unknown
from agent.directory import Directory, DirectoryFault
from tests.sealed import keyring

ITEMS = [Item(ItemId(f"i{n}"), f"Item {n}", (), (f"{n:014}",)) for n in range(2000)]


def _filled(path):
    directory = Directory.open(path)
    directory.import_items(ITEMS)
    return directory


def test_a_missing_file_is_begun(path):
    """A first start would fail."""
    directory = Directory.open(path)
    assert directory.damage is None
    assert directory.counts() == dict.fromkeys(
        ("items", "parties", "orders", "tokens", "refused", "local"), 0
    )
    directory.close()


def test_nobody_else_may_read_it(path):
    """Customers' cards would be open to every user of the machine."""
    Directory.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_wal_and_normal(path):
    """Each page of the feed would wait for the disk, or a look-up for four megabytes of it."""
    directory = Directory.open(path)
    conn = directory._conn
    assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert conn.execute("PRAGMA synchronous").fetchone() == (1,)
    assert conn.execute("PRAGMA wal_autocheckpoint").fetchone() == (100,)
    assert conn.execute("PRAGMA secure_delete").fetchone() == (1,)
    directory.close()


@pytest.mark.parametrize(
    ("keep", "noise"),
    [(0, b"this is no database" * 100), (4096, b"\x55" * 400_000), (40_960, b""), (100, b"")],
    ids=["foreign", "overwritten", "halved", "cut short"],
)
def test_a_damaged_file_is_set_aside(path, keep, noise, phone):
    """A damaged customer file would keep the till from starting."""
    _filled(path).close()
    spoiled = path.read_bytes()[:keep] + noise
    path.write_bytes(spoiled)
    directory = Directory.open(path)
    assert directory.damage is not None
    assert "directory.db.damaged" in directory.damage
    assert "come again from HQ" in directory.damage
    assert path.with_name("directory.db.damaged").read_bytes() == spoiled
    assert directory.counts()["items"] == 0
    assert directory.cursor("global") == ""
    directory.put_local(Card(PartyId("bob"), "Bob"), [phone])
    assert isinstance(directory.party(phone), Found)
    directory.close()
    assert Directory.open(path).damage is None


def test_damage_while_running_is_survived(path, phone):
    """A disk fault in the middle of the day would raise in the middle of a sale."""
    directory = _filled(path)
    directory._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\x55" * (size - 4096))
    directory._conn.execute("PRAGMA cache_size = 0")
    directory._conn.execute("PRAGMA shrink_memory")
    answers = [directory.item(ItemKey(gtin=f"{n:014}")) for n in range(50)]
    assert answers == [None] * 50
    assert directory.damage is not None
    assert isinstance(directory.party(phone), Unknown)
    assert directory.import_items(ITEMS[:1]) == 1
    directory.close()


def test_a_write_that_sqlite_refuses_is_a_fault(path, feed, phone):
    """A page would be half applied, or the cursor move without it."""
    directory = _filled(path)
    directory._conn.execute("DROP TABLE found_by")
    directory._conn.execute("CREATE VIEW found_by AS SELECT 1 AS token")
    with pytest.raises(DirectoryFault):
        directory.apply("global", feed.page(feed.party("ada", phone)))
    assert directory.cursor("global") == ""
    assert not directory._conn.in_transaction
    directory.close()


def test_a_row_of_another_version_begins_anew(path):
    """A card this version cannot decode would raise at every scan."""
    directory = _filled(path)
    directory._conn.execute("UPDATE items SET body = '{}' WHERE item_id = 'i7'")
    assert directory.item(ItemKey(item_id=ItemId("i7"))) is None
    assert directory.damage is not None
    directory.close()


def test_a_file_of_a_newer_program_is_begun_anew(path):
    """Going back a version would leave the till without customers."""
    _filled(path).close()
    conn = dbapi2.connect(str(path))
    conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('directory', 'm9999_later', '')"
    )
    conn.commit()
    conn.close()
    directory = Directory.open(path)
    assert directory.damage is not None
    assert "newer version" in directory.damage
    directory.close()


def test_rows_that_break_the_schema_are_damage(path):
    """A file whose pages are whole but whose rows are not would fail later, in a sale."""
    _filled(path).close()
    conn = dbapi2.connect(str(path))
    conn.execute("PRAGMA writable_schema = ON")
    renamed = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'orders'"
    conn.execute(renamed, ("placed_at TEXT NOT NULL", "placed_at TEXT"))
    conn.commit()
    conn.close()
    conn = dbapi2.connect(str(path))
    conn.execute("INSERT INTO orders (order_no, body) VALUES ('W', '')")
    conn.execute("PRAGMA writable_schema = ON")
    conn.execute(renamed, ("placed_at TEXT", "placed_at TEXT NOT NULL"))
    conn.commit()
    conn.close()
    directory = Directory.open(path)
    assert directory.damage is not None
    assert "NULL value in orders.placed_at" in directory.damage
    directory.close()


def test_a_missing_place_says_what_to_check(tmp_path):
    """IT would see a database error instead of what to do."""
    with pytest.raises(DirectoryFault) as caught:
        Directory.open(tmp_path / "nowhere" / "directory.db")
    assert "ls -ld" in caught.value.remedy


def test_a_place_that_is_a_directory_says_so(path):
    """A mistake in the state directory would raise something unnamed."""
    path.mkdir()
    with pytest.raises(DirectoryFault):
        Directory.open(path)


def test_a_damaged_file_that_cannot_be_moved_says_so(path):
    """The start would end in a traceback."""
    path.write_bytes(b"this is no database" * 100)
    path.with_name("directory.db.damaged").mkdir()
    with pytest.raises(DirectoryFault):
        Directory.open(path)
    assert path.exists()


def test_a_change_that_fails_leaves_nothing_half_done(path):
    """Half an import would be on sale."""
    directory = Directory.open(path)
    broken = Item(ItemId("bad"), None, ())
    with pytest.raises(DirectoryFault):
        directory.import_items([ITEMS[0], broken])
    assert directory.counts()["items"] == 0
    directory.close()


def test_look_ups_are_fast(path, phone):
    """Recognition would eat the time between two scans (far below a millisecond each)."""
    directory = _filled(path)
    spent = []
    for n in range(2000):
        began = time.perf_counter_ns()
        directory.item(ItemKey(gtin=f"{n:014}"))
        directory.party(phone)
        spent.append(time.perf_counter_ns() - began)
    spent.sort()
    # Half, not the 99th hundredth: other programs share the machine.
    assert spent[len(spent) // 2] < 1_000_000
    directory.close()


def test_a_large_file_is_not_read_whole_before_the_till_answers(path, monkeypatch, feed, phone):
    """A till with a million customers would answer nobody for many seconds after a start."""
    directory = Directory.open(path, keyring())
    directory.apply("global", feed.page(feed.party("ada", phone)))
    directory.close()
    monkeypatch.setattr("agent.directory.opening.CHECKED_MAX", 1)
    content = bytearray(path.read_bytes())
    root = _root_of(path, "found_by")
    content[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    opened = Directory.open(path, keyring())
    assert opened.damage is None
    # What is damaged shows when it is met, and is no obstacle then.
    assert isinstance(opened.party(phone), Unknown)
    assert opened.damage is not None
    opened.close()


def _root_of(path, table):
    conn = dbapi2.connect(str(path))
    try:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        return conn.execute(query, (table,)).fetchone()[0]
    finally:
        conn.close()
