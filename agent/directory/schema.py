"""The tables of the directory, as migrations.

A file that a newer program wrote is not migrated back: everything in it comes again from HQ.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database, Migrations

Connection = Any
"""A pysqlite3 connection; it is untyped."""

migrations = Migrations("directory")

_FIRST = (
    # How far each scope of the feed was applied; `rereading` while it is read from the start.
    """CREATE TABLE scopes (
        scope TEXT PRIMARY KEY, cursor TEXT NOT NULL, rereading INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    # The newest change seen of every key, deleted ones included, so that nothing old comes back.
    """CREATE TABLE versions (
        key TEXT PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL
    ) WITHOUT ROWID""",
    # Changes that could not be understood: shown in status, never in the way of others (P6).
    """CREATE TABLE refused (
        key TEXT PRIMARY KEY, ver INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE items (
        id INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, ver INTEGER NOT NULL,
        name TEXT NOT NULL, body BLOB NOT NULL
    )""",
    """CREATE TABLE item_keys (
        kind TEXT NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL REFERENCES items (id),
        PRIMARY KEY (kind, key, id)
    ) WITHOUT ROWID""",
    "CREATE INDEX item_keys_of_item ON item_keys (id)",
    """CREATE VIRTUAL TABLE item_words USING fts5 (
        name, department, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3'
    )""",
    """CREATE TABLE parties (
        party_id TEXT PRIMARY KEY, local INTEGER NOT NULL, card BLOB NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE tokens (
        token TEXT NOT NULL, party_id TEXT NOT NULL, PRIMARY KEY (token, party_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX tokens_of_party ON tokens (party_id)",
    """CREATE TABLE orders (
        order_no TEXT PRIMARY KEY, party_id TEXT, placed_at TEXT NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX orders_of_party ON orders (party_id, placed_at)",
)


@migrations()
def m0001_first_sale(db: Database) -> None:
    """Items with their keys and words, parties with their tokens, orders, feed positions."""
    for statement in _FIRST:
        db.execute(statement)


def migrate(conn: Connection) -> bool:
    """Bring a file to today's schema; False where a newer program wrote it."""
    db = Database(conn)
    ours = {migration.name for migration in migrations.pending(Database(memory=True))}
    if {migration.name for migration in migrations.applied(db)} - ours:
        return False
    migrations.apply(db)
    return True
