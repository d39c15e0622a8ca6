"""The tables of the directory (`core.exchange.replica`), as migrations.

A file that a newer program wrote is not migrated back: everything in it comes again from HQ.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database, Migrations

from agent.core.exchange.replica import INDEXES, TABLES

Connection = Any
"""A pysqlite3 connection; it is untyped."""

migrations = Migrations("directory")

_FIRST = (
    """CREATE TABLE scopes (
        scope TEXT PRIMARY KEY, cursor TEXT NOT NULL, rereading INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    """CREATE TABLE versions (
        key TEXT PRIMARY KEY, scope TEXT NOT NULL, ver INTEGER NOT NULL, op TEXT NOT NULL
    ) WITHOUT ROWID""",
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
_MOVED = (
    "ALTER TABLE scopes ADD COLUMN seen INTEGER NOT NULL DEFAULT -1",
    """UPDATE scopes SET seen =
       (SELECT coalesce(max(ver), -1) FROM versions WHERE versions.scope = scopes.scope)""",
    """INSERT INTO refused (key, scope, ver, reason)
       SELECT key, '', ver, reason FROM refused_before""",
    "DROP TABLE refused_before",
    "DROP TABLE parties",
    "DROP TABLE tokens",
)
_SEALED = (
    "DROP TABLE IF EXISTS found_by",
    "DROP TABLE IF EXISTS people",
    "UPDATE versions SET ver = -1",
    "UPDATE scopes SET cursor = '', rereading = 1, seen = -1",
)


@migrations()
def m0001_first_sale(db: Database) -> None:
    """Items with their keys and words, parties with their tokens, orders, feed positions."""
    for statement in _FIRST:
        db.execute(statement)


@migrations()
def m0002_replica(db: Database) -> None:
    """People by number, so that a million of them are small."""
    db.execute("ALTER TABLE refused RENAME TO refused_before")
    _make(db, TABLES)
    for statement in _MOVED:
        db.execute(statement)
    _make(db, INDEXES)


@migrations()
def m0003_rules(db: Database) -> None:
    """What HQ sets for all tills, by name."""
    _make(db, TABLES)


@migrations()
def m0004_sealed(db: Database) -> None:
    """People sealed: what was readable goes without a trace, and comes again from HQ."""
    for statement in _SEALED:
        db.execute(statement)
    _make(db, TABLES)
    _make(db, INDEXES)


@migrations()
def m0005_filter(db: Database) -> None:
    """The filter of everybody the chain knows; of people, which scope has told the latest."""
    _make(db, TABLES)
    columns = {row[1] for row in db.execute("PRAGMA table_info(people)").fetchall()}
    if "told" not in columns:
        db.execute("ALTER TABLE people ADD COLUMN told INTEGER NOT NULL DEFAULT 0")


def _make(db: Database, statements: tuple[str, ...]) -> None:
    """Make what is not there yet."""
    held = {name for (name,) in db.execute("SELECT name FROM sqlite_master").fetchall()}
    for statement in statements:
        if name_of(statement) not in held:
            db.execute(statement)


def name_of(statement: str) -> str:
    """Read what a CREATE statement creates.

    >>> name_of("CREATE UNIQUE INDEX a_b ON a (b)")
    'a_b'
    """
    words = statement.split()
    kind = next(n for n, word in enumerate(words) if word in {"TABLE", "INDEX"})
    return words[kind + 1]


def migrate(conn: Connection) -> bool:
    """Bring a file to today's schema; False where a newer program wrote it."""
    db = Database(conn)
    ours = {migration.name for migration in migrations.pending(Database(memory=True))}
    if {migration.name for migration in migrations.applied(db)} - ours:
        return False
    migrations.apply(db)
    return True
