"""The base of most ratios: raw durable commits of one 1 KB row, straight through pysqlite3."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from agent.journal.database import Database, open_writing

BASE_COMMITS = 1_000
DOCUMENT = b"x" * 1024


def opened(folder: Path) -> Database:
    """Make an empty file with WAL and `synchronous=FULL`."""
    conn = open_writing(folder / "raw.db")
    conn.execute("PRAGMA wal_autocheckpoint = 1000")  # SQLite's own default
    conn.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, document BLOB)")
    return conn


def rate(conn: Database, commits: int = BASE_COMMITS) -> float:
    """Commit one row after the other; commits per second."""
    began = perf_counter()
    for _ in range(commits):
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO document (document) VALUES (?)", (DOCUMENT,))
        conn.execute("COMMIT")
    return commits / (perf_counter() - began)
