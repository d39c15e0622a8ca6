"""Doing in a test what the triggers refuse: to change what HQ never changes."""

from __future__ import annotations


def unguarded(conn, trigger):
    """Take a trigger `TABLE_no_CHANGE` away."""
    on = "" if conn.dialect.name == "sqlite" else f" ON {trigger.rpartition('_no_')[0]}"
    conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{on}")
