"""Letting go of a scope: what HQ tells other tills now, and this one no more.

Functions of a connection; whoever calls them owns the transaction. Whose cards go the filter still
knows. A few at a time, so that nobody at the till waits for it.
"""

from __future__ import annotations

from agent.directory import parties
from agent.directory.feed import cursor, reread
from agent.directory.schema import Connection

_SOME = """SELECT id FROM people
    WHERE seal IN (SELECT id FROM generations WHERE scope = ?) LIMIT ?"""
_REST = (
    """DELETE FROM rules WHERE 'rule:' || name IN
       (SELECT key FROM versions WHERE scope = :scope AND key GLOB 'rule:*')""",
    "DELETE FROM versions WHERE scope = :scope",
    "DELETE FROM gone WHERE scope = :scope",
    "DELETE FROM refused WHERE scope = :scope",
    "DELETE FROM generations WHERE scope = :scope",
    "DELETE FROM scopes WHERE scope = :scope",
)


def scopes(conn: Connection) -> list[str]:
    """List the scopes of which something is here."""
    rows = conn.execute("SELECT scope FROM scopes ORDER BY scope").fetchall()
    return [scope for (scope,) in rows]


def leave(conn: Connection, scope: str, at_most: int) -> bool:
    """Take out some people of a scope; with the last of them, that it was ever read.

    Args:
        conn: of the directory.
        scope: of the feed, with people and rules in it alone.
        at_most: people.

    Returns:
        Whether there are more.
    """
    if cursor(conn, scope):
        # Whoever comes back to it meanwhile is told everything again.
        reread(conn, scope)
    leaving = [number for (number,) in conn.execute(_SOME, (scope, at_most)).fetchall()]
    parties.drop(conn, leaving)
    if len(leaving) == at_most:
        return True
    for statement in _REST:
        conn.execute(statement, {"scope": scope})
    return False
