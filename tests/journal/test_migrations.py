"""The schema and how a journal gets it."""

from __future__ import annotations

import pytest
from pysqlite3 import dbapi2
from sqlite_utils import Database

from agent.core.entries.bodies import JournalBegun, SaleCompleted, TillClosed
from agent.core.entries.kinds import KINDS
from agent.journal import prints
from agent.journal.migrations import migrate, migrations

TABLES = {
    "acked",
    "basket",
    "body",
    "chain",
    "erase_order",
    "event",
    "incarnation",
    "journal",
    "pairing",
    "print_age",
    "print_aside",
    "print_job",
    "pruned",
    "registry",
    "returned",
    "sale_index",
    "succession",
}


def schema(conn):
    return conn.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_migrating_twice_changes_nothing(path):
    """Every start would otherwise change the journal."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    migrate(conn)
    first = schema(conn)
    migrate(conn)
    assert schema(conn) == first
    conn.close()


def test_all_tables_are_made(path):
    """A statement lost in splitting the script would show only when it is needed."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    migrate(conn)
    found = {(kind, name) for kind, name, _ in schema(conn)}
    assert TABLES - {name for kind, name in found if kind == "table"} == set()
    assert len([name for kind, name in found if kind == "trigger"]) >= 16
    conn.close()


def test_jobs_of_an_earlier_version_are_taken_over(path):
    """A receipt that waits while the program is updated would be lost, or stop the start."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    migrations.apply(Database(conn), stop_before="m0002_devices")
    old = ("p", "till-1", "receipt", "raw", "d", "queued", "", None, 0, "then", "then", b"x")
    conn.execute("INSERT INTO print_job VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", old)
    migrate(conn)
    job = prints.get(conn, "p")
    assert ("queued", b"x", 0, "") == (job.state, job.payload, job.asked_ns, job.asked_boot)
    conn.close()


def test_view_counts_the_kind_it_names(path):
    """Successors are told by a kind number written in SQL: it must be that of `journal.begun`."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    migrate(conn)
    sql = next(text for _, name, text in schema(conn) if name == "carrying")
    assert f"kind = {KINDS[JournalBegun].kind})" in sql
    conn.close()


def test_interrupted_migration_leaves_nothing(path):
    """A power cut in the middle must leave a file the next start can migrate."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    conn.execute("CREATE TABLE registry (x)")
    with pytest.raises(dbapi2.OperationalError, match="registry"):
        migrate(conn)
    conn.execute("DROP TABLE registry")
    assert "journal" not in {name for _, name, _ in schema(conn)}
    migrate(conn)
    conn.close()


def test_trigger_counts_the_kinds_it_names(path):
    """Receipts and Z numbers are proven by kind numbers written in SQL: they must be those."""
    conn = dbapi2.connect(str(path), isolation_level=None)
    migrate(conn)
    sql = next(text for _, name, text in schema(conn) if name == "chain_next")
    assert f"receipts + (NEW.kind = {KINDS[SaleCompleted].kind})" in sql
    assert f"z_number + (NEW.kind = {KINDS[TillClosed].kind})" in sql
    assert f"iif(NEW.kind = {KINDS[TillClosed].kind}, NEW.seq, closed_seq)" in sql
    conn.close()
