"""How much room is left on the disk of an SQLite ledger; a database server minds its own."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection

LOW_BYTES = 256 << 20
"""Below this a person is told: a chain's day, and its write-ahead log, should still fit."""
REMEDY = (
    "make room on it; once it is full nothing more is taken in until there is some, and the tills "
    "keep what they have"
)


def shortage(conn: Connection) -> str:
    """Say to a person how little room is left; empty while it is enough, and of a server's disk."""
    free = _free_bytes(conn)
    if free is None or free >= LOW_BYTES:
        return ""
    return f"{free >> 20} MB are left on the disk of HQ's database"


def _free_bytes(conn: Connection) -> int | None:
    if conn.dialect.name != "sqlite":
        return None
    rows = conn.exec_driver_sql("PRAGMA database_list").all()
    files = [row[2] for row in rows if row[1] == "main" and row[2]]
    if not files:
        return None
    disk = os.statvfs(Path(files[0]).parent)  # The file itself may have been taken away.
    return disk.f_bavail * disk.f_frsize
