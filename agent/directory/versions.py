"""What was told of every key last: the scope, its version there, and whether it is still held.

Of who is held that stands in their row (`people`), since a million of them are; of who is not, in
`gone`; of all else, in `versions`. Functions of a connection; whoever calls them owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.exchange.cursors import PARTY_KEY
from agent.core.exchange.people_rows import PartyKey, id_of, key_of
from agent.core.exchange.replica import PUT
from agent.core.exchange.wire import FeedItem
from agent.directory.schema import Connection

ANY_OLDER = -1
"""Version of what was told before its scope was begun anew."""
_OTHERS = """SELECT key, scope, ver, op FROM versions
    WHERE key IN (SELECT value FROM json_each(?))"""
_HELD = """SELECT scope, CASE WHEN stale THEN -1 ELSE ver END, 'put'
    FROM people JOIN generations ON generations.id = seal
    WHERE tail = substr(?1, -4) AND party = ?1 AND local = 0 AND name IS NOT NULL"""
_GONE = "SELECT scope, ver, op FROM gone WHERE party = ?1"
_NOTE = "INSERT OR REPLACE INTO versions (key, scope, ver, op) VALUES (?, ?, ?, ?)"
_NOTE_GONE = "INSERT OR REPLACE INTO gone (party, scope, ver, op) VALUES (?, ?, ?, ?)"
_BEGUN_ANEW = (
    "UPDATE versions SET ver = -1 WHERE scope = ?",
    "UPDATE gone SET ver = -1 WHERE scope = ?",
    # A million people are not written anew for it.
    "UPDATE generations SET stale = 1 WHERE scope = ?",
)
_LEFT = "SELECT key FROM versions WHERE scope = ? AND ver = -1"
# The numbers are read from `people_by_id`: not every card is looked at.
_LEFT_PEOPLE = """SELECT party FROM people WHERE id IN (SELECT id FROM people
        WHERE seal IN (SELECT id FROM generations WHERE scope = ?1 AND stale = 1))
    UNION SELECT party FROM gone WHERE scope = ?1 AND ver = -1"""
_SWEPT = (
    "DELETE FROM versions WHERE scope = ? AND ver = -1",
    "DELETE FROM gone WHERE scope = ? AND ver = -1",
    "DELETE FROM generations WHERE scope = ? AND stale = 1",
)

Told = tuple[str, int, str]
"""Scope, version and op."""


def last_told(conn: Connection, changes: Sequence[FeedItem]) -> dict[str, Told]:
    """Give what was told last of the keys of changes."""
    keys = [change.key for change in changes]
    rows = conn.execute(_OTHERS, (msgspec.json.encode(keys).decode(),)).fetchall()
    told: dict[str, Told] = {key: (scope, ver, op) for key, scope, ver, op in rows}
    for key in filter(_is_party, keys):
        row = _of_party(conn, _party(key))
        if row is not None:
            told[key] = row
    return told


def note(conn: Connection, scope: str, changes: Sequence[FeedItem]) -> None:
    """Keep what was told now; of parties that were put their row says it."""
    rows = [(one.key, scope, one.ver, one.op) for one in changes if not _is_party(one.key)]
    conn.executemany(_NOTE, rows)
    gone = [one for one in changes if _is_party(one.key) and one.op != PUT]
    conn.executemany(_NOTE_GONE, [(_party(one.key), scope, one.ver, one.op) for one in gone])


def note_forgotten(conn: Connection, party_id: str) -> None:
    """Keep what was told of a party whose row goes: what is older does not bring them back."""
    party = key_of(party_id)
    row = conn.execute(_HELD, (party,)).fetchone()
    if row is not None:
        conn.execute(_NOTE_GONE, (party, *row))


def begin_anew(conn: Connection, scope: str) -> None:
    """Take any version of a scope as newer, from now on."""
    for statement in _BEGUN_ANEW:
        conn.execute(statement, (scope,))


def left(conn: Connection, scope: str) -> list[str]:
    """List the keys that a scope has not brought again."""
    keys = [key for (key,) in conn.execute(_LEFT, (scope,)).fetchall()]
    people = conn.execute(_LEFT_PEOPLE, (scope,)).fetchall()
    return keys + [PARTY_KEY + id_of(party) for (party,) in people]


def sweep(conn: Connection, scope: str) -> None:
    """Forget that they were ever told of."""
    for statement in _SWEPT:
        conn.execute(statement, (scope,))


def _of_party(conn: Connection, party: PartyKey) -> Told | None:
    found = conn.execute(_HELD, (party,)).fetchone() or conn.execute(_GONE, (party,)).fetchone()
    return None if found is None else tuple(found)


def _is_party(key: str) -> bool:
    return key.startswith(PARTY_KEY)


def _party(key: str) -> PartyKey:
    return key_of(key.removeprefix(PARTY_KEY))
