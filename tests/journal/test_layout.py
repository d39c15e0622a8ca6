"""A schema that is not what the migrations made, and texts that are none: damage, and salvaged."""

from __future__ import annotations

from contextlib import closing

import pytest
from pysqlite3 import dbapi2
from sqlite_utils import Database

from agent.journal import checking, database, layout, migrations, moving, prints, reading, sales
from agent.journal.faults import JournalDamaged, JournalUnusable
from agent.journal.pacing import Pace
from agent.journal.preparation import Owner
from agent.journal.salvage import salvage
from agent.journal.verify import verify
from tests.journal.shop import KEY, STORE, TILLS, CountingClock, sell

OWNER = Owner(STORE, TILLS, KEY)
NEVER_SAID = "reasnn"
"""`reason`, one bit of it flipped."""


def rewrite(path, name, old, new):
    """Change the text of something in the schema as a flipped bit does: SQLite is told nothing."""
    with closing(dbapi2.connect(str(path), isolation_level=None)) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        change = "UPDATE sqlite_schema SET sql = CAST(replace(CAST(sql AS BLOB), ?, ?) AS TEXT)"
        conn.execute(f"{change} WHERE name = ?", (old.encode(), new, name))
        assert 1 == conn.execute("SELECT changes()").fetchone()[0]


def execute(path, *statement):
    with closing(dbapi2.connect(str(path), isolation_level=None)) as conn:
        conn.execute(*statement)


@pytest.fixture
def sold(open_journal, path):
    """A journal with a sale and a receipt to print, closed."""
    with open_journal() as journal:
        journal.write_blocking(lambda conn: sell(conn, "sale-a"))
        job = {"device": "receipt", "kind": prints.RECEIPT, "payload": b"x", "at": "now"}
        journal.write_blocking(
            lambda conn: prints.enqueue(
                conn, print_id="p-1", till="till-1", sale_id="sale-a", **job
            )
        )
    return path


def salvaged_of(path, open_journal, why):
    """Salvage it, and give the sale and what does not hold in the new file."""
    salvage(path, OWNER, CountingClock(7), why)
    with open_journal() as journal:
        sale = journal.read_blocking(lambda conn: sales.completed(conn, "sale-a"))
        broken = [each.fault for each in journal.read_blocking(verify) if not each.ok]
    return sale.sale_id, broken


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("succession", "reason", NEVER_SAID),
        ("chain", "receipts", "receipt3"),
        ("chain_no_update", "BEFORE UPDATE", "BEFORE DELETE"),
        ("chain_next", "NEW.seq = seq + 1", "NEW.seq = seq - 1"),
        ("journal_open", "sealed = 0", "sealed = 1"),
        ("head", "c.seq, 0", "c.seq, 8"),
        ("_sqlite_migrations", "applied_at", "Applied_at"),
        ("journal", "predecessor", "predecess\xffr"),
    ],
)
def test_a_changed_schema_is_damage(sold, open_journal, name, old, new):
    """The shop would stay closed, or sell on without the guards of its journal."""
    rewrite(sold, name, old, new.encode("latin-1"))
    with pytest.raises(JournalDamaged) as caught:
        open_journal()
    assert ("sale-a", []) == salvaged_of(sold, open_journal, caught.value.detail)


@pytest.mark.parametrize("new", ["m0005_synb", "m0004_spacd"])
def test_a_changed_list_of_migrations_is_damage(sold, open_journal, new):
    """The shop would stay closed for want of a newer program that nobody ever wrote."""
    old = next(each for each in migrations.names() if each[:8] == new[:8])
    execute(sold, "UPDATE _sqlite_migrations SET name = ? WHERE name = ?", (new, old))
    with pytest.raises(JournalDamaged, match="list of migrations"):
        open_journal()


def test_a_dropped_guard_is_damage(sold, open_journal):
    """Whoever removes a trigger would have a journal he may change."""
    execute(sold, "DROP TRIGGER chain_no_delete")
    with pytest.raises(JournalDamaged, match="chain_no_delete"):
        open_journal()


@pytest.mark.parametrize("count", range(len(migrations.names()) + 1))
def test_a_journal_of_an_older_program_is_sound(path, count):
    """An update of the program would put every journal aside."""
    with closing(dbapi2.connect(str(path), isolation_level=None)) as conn:
        migrations.migrations.apply(Database(conn), stop_before=migrations.names()[count:])
        assert "" == layout.difference(conn)


def test_what_others_keep_in_the_file_is_theirs(sold, open_journal):
    """A table of another part of the program, or SQLite's own statistics, would be damage."""
    execute(sold, "CREATE TABLE of_another_part (x)")
    execute(sold, "ANALYZE")
    open_journal()


@pytest.mark.asyncio
async def test_a_schema_that_changes_in_use_is_said(sold, open_journal):
    """Every command and every night would end with a traceback, and nobody would mend it."""
    journal = open_journal()
    rewrite(sold, "succession", "reason", NEVER_SAID.encode())
    with pytest.raises(JournalDamaged, match="succession"):
        await journal.read_aside(lambda conn: conn.execute("SELECT reason FROM succession"))
    with pytest.raises(JournalDamaged, match="succession"):
        checking.check_pages(sold, Pace())


@pytest.mark.asyncio
async def test_a_schema_that_is_no_text_any_more_is_said(sold, open_journal):
    """SQLite quotes it where it says what is wrong, and even that cannot be read."""
    journal = open_journal()
    rewrite(sold, "succession", "TABLE", b"TABL\xff")
    with pytest.raises(JournalDamaged):
        await journal.read_aside(verify)
    with pytest.raises(JournalDamaged):
        checking.check_pages(sold, Pace())


def test_a_mistake_of_a_caller_is_no_damage(sold):
    """A fault of the program would put sound journals aside."""
    with pytest.raises(dbapi2.OperationalError, match="no such table"):
        reading(sold, lambda conn: conn.execute("SELECT 1 FROM missing"))


@pytest.mark.asyncio
async def test_a_text_that_is_none_is_damage(sold, open_journal):
    """The till would end with a traceback at every start, at the same print job."""
    execute(sold, "UPDATE print_job SET device = CAST(x'72ff' AS TEXT)")
    journal = open_journal()
    with pytest.raises(JournalDamaged) as caught:
        await journal.read(lambda conn: conn.execute("SELECT device FROM print_job").fetchall())
    assert "with text" not in caught.value.detail
    assert moving.suspect_of(sold).exists()
    journal.close()
    with pytest.raises(JournalDamaged, match="a device in its table print_job") as caught:
        checking.check_pages(sold, Pace())
    assert ("sale-a", []) == salvaged_of(sold, open_journal, caught.value.detail)
    assert "" == reading(sold, checking.unsound)


def test_a_journal_whose_till_is_no_text_is_damage(sold, open_journal):
    """The shop would stay closed, where a page that cannot be read would be salvaged."""
    execute(sold, "DROP TRIGGER journal_only_sealed")
    with closing(database.open_reading(sold)) as conn:
        assert "journal_only_sealed" in layout.difference(conn)
    execute(sold, "UPDATE journal SET store = CAST(x'72ff' AS TEXT)")
    execute(sold, TRIGGER)
    with pytest.raises(JournalUnusable) as caught:
        open_journal()
    assert "journal-damaged" == caught.value.name


with closing(migrations.made(len(migrations.names()))) as _today:
    TRIGGER = _today.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'journal_only_sealed'"
    ).fetchone()[0]
