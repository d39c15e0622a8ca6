"""Doing in a test what SQLite's triggers refuse: to change what HQ never changes."""

from __future__ import annotations


def unguarded(conn, trigger):
    """Take a trigger away; other databases have none."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
