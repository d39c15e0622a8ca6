"""What a snapshot of one scope does not have, taken over from the directory it replaces.

That is what other scopes have brought, people enrolled and identifiers given here that HQ has not
told of yet, and items imported from a file. Statements only: `main` is the snapshot, `live` the
directory as it was at one moment.

The rules are those of a page (`feed`): an erasure counts whatever scope it comes by, a put of a
scope counts if it is newer than all this till has seen of the scope, a deletion says nothing about
a key that another scope has put.
"""

from __future__ import annotations

from agent.core.exchange.replica import DELETE, ERASE, PUT
from agent.directory.schema import Connection

KEYS_TOLD = 1_000
"""At most so many keys are named as changed: who follows wants to know about people present."""

_KEPT = """CREATE TEMP TABLE kept AS
    SELECT before.key FROM live.versions AS before LEFT JOIN main.versions AS now USING (key)
    WHERE before.scope <> :scope AND (
        now.key IS NULL
        OR (now.op <> :erase AND (before.op = :erase OR now.op <> :put OR now.ver <= :seen)))"""
_OUT = (
    "CREATE UNIQUE INDEX temp.kept_key ON kept (key)",
    """DELETE FROM main.item_words WHERE rowid IN
       (SELECT id FROM main.items WHERE 'item:' || item_id IN (SELECT key FROM kept))""",
    """DELETE FROM main.item_keys WHERE id IN
       (SELECT id FROM main.items WHERE 'item:' || item_id IN (SELECT key FROM kept))""",
    """DELETE FROM main.items WHERE item_id IN
       (SELECT substr(key, 6) FROM kept WHERE key GLOB 'item:*')""",
    """DELETE FROM main.found_by WHERE person IN
       (SELECT id FROM main.people WHERE party_id IN
           (SELECT substr(key, 7) FROM kept WHERE key GLOB 'party:*'))""",
    """DELETE FROM main.people WHERE party_id IN
       (SELECT substr(key, 7) FROM kept WHERE key GLOB 'party:*')""",
    """DELETE FROM main.orders WHERE order_no IN
       (SELECT substr(key, 7) FROM kept WHERE key GLOB 'order:*')""",
    "DELETE FROM main.versions WHERE key IN (SELECT key FROM kept)",
)
_IN = (
    """INSERT INTO main.versions (key, scope, ver, op)
       SELECT key, scope, ver, op FROM live.versions WHERE key IN (SELECT key FROM kept)""",
    """INSERT INTO main.scopes (scope, cursor, rereading, seen)
       SELECT scope, cursor, rereading, seen FROM live.scopes WHERE scope <> :scope""",
    """INSERT OR IGNORE INTO main.refused (key, scope, ver, reason)
       SELECT key, scope, ver, reason FROM live.refused WHERE scope NOT IN (:scope, '')""",
    """CREATE TEMP TABLE moved_items AS
       SELECT id, id + (SELECT coalesce(max(id), 0) FROM main.items) AS number
       FROM live.items WHERE 'item:' || item_id IN (SELECT key FROM kept)
       OR (ver = 0 AND 'item:' || item_id NOT IN (SELECT key FROM main.versions))""",
    """INSERT INTO main.items (id, item_id, ver, name, body)
       SELECT number, item_id, ver, name, body FROM moved_items JOIN live.items USING (id)""",
    """INSERT INTO main.item_keys (kind, key, id)
       SELECT kind, key, number FROM moved_items JOIN live.item_keys USING (id)""",
    """INSERT INTO main.item_words (rowid, name, department)
       SELECT number, words.name, words.department
       FROM moved_items JOIN live.item_words AS words ON words.rowid = moved_items.id""",
    """CREATE TEMP TABLE moved_people AS
       SELECT id, id + (SELECT coalesce(max(id), 0) FROM main.people) AS number, 1 AS is_held
       FROM live.people WHERE 'party:' || party_id IN (SELECT key FROM kept)
       OR (local = 1 AND 'party:' || party_id NOT IN (SELECT key FROM main.versions))""",
    # Withdrawn, and not erased: the till still knows that HQ knows the person.
    """INSERT INTO moved_people
       SELECT id, id + (SELECT coalesce(max(id), 0) FROM main.people), 0 FROM live.people
       WHERE 'party:' || party_id IN (SELECT key FROM main.versions WHERE op = :delete)
       AND id NOT IN (SELECT id FROM moved_people)""",
    """INSERT INTO main.people (id, party_id, local, card)
       SELECT number, party_id, local AND is_held, CASE WHEN is_held THEN card END
       FROM moved_people JOIN live.people USING (id)""",
    """INSERT INTO main.found_by (token, person, local)
       SELECT token, number, local
       FROM moved_people JOIN live.found_by ON person = moved_people.id""",
    """INSERT OR IGNORE INTO main.found_by (token, person, local)
       SELECT given.token, now.id, 1 FROM live.found_by AS given
       JOIN live.people AS before ON before.id = given.person AND before.local = 0
       JOIN main.people AS now ON now.party_id = before.party_id AND now.card IS NOT NULL
       WHERE given.local = 1""",
    """INSERT INTO main.orders (order_no, party_id, placed_at, body)
       SELECT order_no, party_id, placed_at, body FROM live.orders
       WHERE 'order:' || order_no IN (SELECT key FROM kept)""",
    """DELETE FROM main.orders WHERE party_id IN
       (SELECT substr(key, 7) FROM main.versions WHERE op = :erase AND key GLOB 'party:*')""",
)
_DONE = (
    "DROP TABLE temp.kept",
    "DROP TABLE temp.moved_items",
    "DROP TABLE temp.moved_people",
)
_CHANGED = """SELECT now.key FROM main.versions AS now LEFT JOIN live.versions AS before USING (key)
    WHERE now.scope = :scope
    AND (before.key IS NULL OR before.ver <> now.ver OR before.scope <> now.scope)
    LIMIT :told"""
_GONE = """SELECT before.key FROM live.versions AS before LEFT JOIN main.versions AS now USING (key)
    WHERE before.scope = :scope AND before.op = :put AND now.key IS NULL LIMIT :told"""
_LAYOUT = "SELECT sql FROM live.sqlite_master WHERE name = '_sqlite_migrations'"


def merge(conn: Connection, scope: str) -> list[str]:
    """Take over what the snapshot of `scope` does not have, in the caller's transaction.

    Args:
        conn: the snapshot's file as `main`, the directory's as `live`.
        scope: of the snapshot.

    Returns:
        Keys that differ from before, at most about `KEYS_TOLD`.
    """
    values = {
        "scope": scope,
        "seen": _seen(conn, scope),
        "erase": ERASE,
        "put": PUT,
        "delete": DELETE,
        "told": KEYS_TOLD,
    }
    changed = [key for query in (_CHANGED, _GONE) for (key,) in conn.execute(query, values)]
    for statement in (_KEPT, *_OUT, *_IN, *_DONE):
        conn.execute(statement, values)
    _take_migrations(conn)
    return changed


def _seen(conn: Connection, scope: str) -> int:
    """Tell the highest version the directory has read of a scope: -1 of nothing."""
    row = conn.execute("SELECT seen FROM live.scopes WHERE scope = ?", (scope,)).fetchone()
    return -1 if row is None else int(row[0])


def _take_migrations(conn: Connection) -> None:
    """Note in the file which layout it has: a later program goes on from there."""
    conn.execute(conn.execute(_LAYOUT).fetchone()[0])
    conn.execute("INSERT INTO main._sqlite_migrations SELECT * FROM live._sqlite_migrations")
