"""The tables of the directory (`core.exchange.replica`), as migrations.

A file that a newer program wrote is not migrated back: everything in it comes again from HQ.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database, Migrations

from agent.core.exchange.people_rows import beginnings, key_of, written
from agent.core.exchange.replica import INDEXES, TABLES
from agent.core.privacy import Layer, Slot

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
_LOCAL = """SELECT token, layer, key, party_id, generation, ver, name, rest
    FROM people LEFT JOIN found_by ON person = id WHERE local = 1 ORDER BY id, token"""
_TOMBSTONES = """SELECT scope, substr(key, 7), op FROM versions
    WHERE key GLOB 'party:*' AND op <> 'put'"""
_SMALL = (
    "DROP TABLE found_by",
    "DROP TABLE people",
    "DROP TABLE generations",
    "UPDATE versions SET ver = -1",
    "UPDATE scopes SET cursor = '', rereading = 1, seen = -1",
)
_CARRIED = """INSERT INTO people (party, local, seal, ver, told, slots, name, rest)
    VALUES (?, 1, ?, ?, 0, ?, ?, ?) RETURNING id"""


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
    if "told" not in _columns(db, "people"):
        db.execute("ALTER TABLE people ADD COLUMN told INTEGER NOT NULL DEFAULT 0")


@migrations()
def m0006_small(db: Database) -> None:
    """People in small rows: those of HQ come again from there, those enrolled here are carried."""
    if "party_id" not in _columns(db, "people"):
        return
    local = db.execute(_LOCAL).fetchall()
    for statement in _SMALL:
        db.execute(statement)
    _make(db, TABLES)
    _make(db, INDEXES)
    for name, party_id, op in db.execute(_TOMBSTONES).fetchall():
        values = (key_of(party_id), name, op)
        db.execute("INSERT INTO gone (party, scope, ver, op) VALUES (?, ?, -1, ?)", values)
    db.execute("DELETE FROM versions WHERE key GLOB 'party:*'")
    _carry(db, local)


def _carry(db: Database, local: list[tuple[Any, ...]]) -> None:
    """Write people enrolled here as they are written now; each row is one of their slots."""
    people: dict[tuple[Any, ...], list[Slot]] = {}
    seals: dict[int, int] = {}
    for token, layer, key, *person in local:
        slots = people.setdefault(tuple(person), [])
        if token is not None:
            slots.append(Slot(token, Layer(layer), key))
    for (party_id, generation, ver, name, rest), held in people.items():
        if generation not in seals:
            note = "INSERT INTO generations (scope, generation) VALUES ('local', ?) RETURNING id"
            seals[generation] = db.execute(note, (generation,)).fetchone()[0]
        packed = written(held)
        values = (key_of(party_id), seals[generation], ver, packed, name, rest)
        (number,) = db.execute(_CARRIED, values).fetchone()
        for token in beginnings(packed):
            db.execute("INSERT INTO found_by (token, person) VALUES (?, ?)", (token, number))


def _columns(db: Database, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})").fetchall()}


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
