"""How much room is left on the disk of an SQLite ledger; a database server minds its own."""

from __future__ import annotations

import os

from sqlalchemy import Connection

LOW_BYTES = 256 << 20
"""Below this a person is told: a chain's day, and its write-ahead log, should still fit."""


def free_bytes(conn: Connection) -> int | None:
    """Tell how many bytes may still be written beside the database; None of a server's."""
    if conn.dialect.name != "sqlite":
        return None
    rows = conn.exec_driver_sql("PRAGMA database_list").all()
    files = [row[2] for row in rows if row[1] == "main" and row[2]]
    if not files:
        return None
    disk = os.statvfs(files[0])
    return disk.f_bavail * disk.f_frsize


def said(free: int) -> str:
    """Say how little it is, to a person."""
    return f"{free >> 20} MB are left on the disk of HQ's database"


REMEDY = (
    "make room on it; once it is full nothing more is taken in until there is some, and the tills "
    "keep what they have"
)
