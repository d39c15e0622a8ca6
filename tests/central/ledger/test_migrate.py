"""The schema's history."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pysqlite3 import dbapi2
from sqlalchemy import UniqueConstraint, inspect
from sqlalchemy.exc import DBAPIError

from central.ledger.engine import LedgerFault, open_engine, reading, writing
from central.ledger.metadata import METADATA
from central.ledger.migrate import NEWEST, migrate, require_current

importlib.import_module("central.ledger.tables")
importlib.import_module("central.ledger.customer_tables")
importlib.import_module("central.ledger.archive_tables")
importlib.import_module("central.ledger.authority_tables")
importlib.import_module("central.ledger.report_tables")
importlib.import_module("central.ledger.snapshot_tables")
importlib.import_module("central.ledger.goods_tables")
importlib.import_module("central.ledger.graph_tables")
importlib.import_module("central.ledger.import_tables")
importlib.import_module("central.ledger.key_tables")
importlib.import_module("central.ledger.lead_tables")
importlib.import_module("central.ledger.privacy_tables")
importlib.import_module("central.ledger.value_tables")
importlib.import_module("central.ledger.work_tables")


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(tmp_path / "central.sqlite")
    yield engine
    engine.dispose()


@pytest.mark.both_databases
def test_an_empty_database_gets_the_tables_the_program_names(ledger):
    """Wrong: code and migrations drift apart, and only a new installation notices."""
    with reading(ledger) as conn:
        drift = compare_metadata(MigrationContext.configure(conn), METADATA)
    # Comments on tables are for who reads the code.
    assert [] == [each for each in drift if each[0] != "add_table_comment"]


def test_the_schema_the_program_names_is_its_last_step():
    """Wrong: a new step is never applied, or every command refuses the database."""
    [scripts] = importlib.import_module("central.ledger.migrations").__path__
    assert ScriptDirectory(scripts).get_current_head() == NEWEST


def test_migrating_twice_changes_nothing(engine):
    """Wrong: every start of the program touches the schema."""
    first = migrate(engine)
    again = migrate(engine)
    assert (None, NEWEST) == (first.before, first.after)
    assert (NEWEST, NEWEST) == (again.before, again.after)


def test_every_key_leads_with_its_shard_column(engine):
    """Wrong: the schema could not be spread over machines, because a key ignores the spreading."""
    migrate(engine)
    with reading(engine) as conn:
        tables = inspect(conn)
        for table in tables.get_table_names():
            key = tables.get_pk_constraint(table)["constrained_columns"]
            for unique in tables.get_unique_constraints(table):
                assert key[:1] == unique["column_names"][:1], (table, unique)


INSERT_ONLY = (
    "chain",
    "feed_mark",
    "erase_order",
    "person_read",
    "quarantine_audit",
    "booked_entry",
    "archive_import",
)


@pytest.mark.both_databases
def test_insert_only_tables_refuse_change(ledger):
    """Wrong: somebody at HQ rewrites history with one SQL statement."""
    for table in map(METADATA.tables.get, INSERT_ONLY):
        examples = {bytes: b"x", bool: True, int: 1}
        values = {c.name: examples.get(c.type.python_type, "1") for c in table.columns}
        with writing(ledger) as conn:
            conn.execute(table.insert().values(values))
        for change in (table.delete(), table.update().values(values)):
            with pytest.raises(DBAPIError, match="insert-only"), writing(ledger) as conn:
                conn.execute(change)


@pytest.mark.both_databases
def test_a_body_leaves_only_by_a_recorded_order(ledger):
    """Wrong: a body can vanish or change without anybody having ordered it."""
    names = ("body", "chain", "erase_order")
    body, chain, orders = (METADATA.tables[name] for name in names)
    other = {"journal_id": "j", "seq": 1, "erased_by": "order-1", "recorded_at": "now"}
    sealed = {"kind": 1, "version": 1, "commitment": b"2", "hash": b"3", "received_at": "now"}
    with writing(ledger) as conn:
        conn.execute(body.insert().values(journal_id="j", seq=1, salt=b"0", body=b"1"))
        conn.execute(chain.insert().values(journal_id="j", seq=1, **sealed))
        conn.execute(orders.insert().values(**other, commitment=b"9"))
    for change in (body.delete(), body.update().values(body=b"2")):
        with pytest.raises(DBAPIError, match="insert-only"), writing(ledger) as conn:
            conn.execute(change)
    with writing(ledger) as conn:
        conn.execute(orders.insert().values(**other, commitment=b"2"))
        assert 1 == conn.execute(body.delete()).rowcount


def test_a_server_refuses_to_empty_what_is_insert_only(postgres_url):
    """Wrong: one TRUNCATE, which asks no row's trigger, takes every sale at HQ."""
    engine = open_engine(postgres_url)
    for table in (*INSERT_ONLY, "body"):
        with pytest.raises(DBAPIError, match=f"{table} is insert-only"):
            as_a_replica(engine, f"TRUNCATE {table}")
    engine.dispose()


def as_a_replica(engine, statement):
    """Run a statement where ordinary triggers do not fire."""
    with writing(engine) as conn:
        conn.exec_driver_sql("SET LOCAL session_replication_role = replica")
        conn.exec_driver_sql(statement)


def test_a_database_of_a_newer_program_is_refused(engine):
    """Wrong: an old program writes into a schema it does not understand."""
    migrate(engine)
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerFault, match="9999"):
        migrate(engine)


def test_an_empty_database_is_no_current_one(engine):
    """Wrong: a command works on a database without tables and fails somewhere in the middle."""
    with pytest.raises(LedgerFault, match="schema none") as caught:
        require_current(engine)
    assert "till-central migrate" in caught.value.remedy
    migrate(engine)
    require_current(engine)


def test_a_failed_step_leaves_nothing_behind(engine, monkeypatch):
    """Wrong: a migration that breaks half way leaves a database neither old nor new."""

    def broken(_conn):
        raise LedgerFault("half way", remedy="none")

    monkeypatch.setattr("central.ledger.migrate.current_epoch", broken)
    with pytest.raises(LedgerFault, match="half way"):
        migrate(engine)
    with reading(engine) as conn:
        assert [] == inspect(conn).get_table_names()


def test_an_old_sqlite_is_refused(monkeypatch, tmp_path):
    """Wrong: HQ runs on an SQLite that corrupts WAL databases."""
    monkeypatch.setattr("central.ledger.engine.check_sqlite.__defaults__", ((3, 51, 2),))
    with pytest.raises(LedgerFault, match=r"3\.51\.2"):
        open_engine(tmp_path / "x.sqlite")
    assert dbapi2.sqlite_version_info >= (3, 51, 3)


FORBIDDEN = (
    r"\bnextval\b",
    r"\bSERIAL\b",
    r"\bSequence\(",
    r"\bIdentity\(",
    r"pg_advisory",
    r"pg_try_advisory",
    r"\bLISTEN\s",
    r"\bNOTIFY\s",
    r"\bctid\b",
    r"CREATE TEMP",
    r"dialects\.sqlite import insert",
)


def test_the_tables_keep_to_what_can_be_spread():
    """Wrong: a table counts globally, or has a key that does not lead with its shard column."""
    for table in METADATA.sorted_tables:
        first = next(iter(table.primary_key.columns))
        keys = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
        keys += [index for index in table.indexes if index.unique]
        for key in keys:
            assert first is next(iter(key.columns)), (table.name, key.name)
        assert not table.foreign_keys, table.name
        for column in table.columns:
            assert column.identity is None, column
            assert column.autoincrement is not True, column
            assert not (column.primary_key and column.type.python_type is int) or (
                column.autoincrement is False or len(table.primary_key.columns) > 1
            ), column


def test_no_statement_uses_what_a_spread_database_lacks():
    """Wrong: HQ works on one PostgreSQL and fails on a sharded one, or only on SQLite."""
    snapshots = "filling.py"  # It fills the tills' own files, which are SQLite.
    found = [
        (path.name, rule)
        for path in sorted((Path(__file__).parents[3] / "central").rglob("*.py"))
        if path.name != snapshots
        for rule in FORBIDDEN
        if re.search(rule, path.read_text(encoding="utf-8"))
    ]
    assert [] == found
