"""What a snapshot of one scope does not have, taken over from the directory it replaces.

That is what other scopes have brought, people enrolled and identifiers given here that HQ has not
told of yet, and items imported from a file. Statements only: `main` is the snapshot, `live` the
directory as it was at one moment.

The rules are those of a page (`feed`): an erasure counts whatever scope it comes by, a put of a
scope counts if it is newer than all this till has seen of the scope, a deletion says nothing about
a key that another scope has put.
"""

from __future__ import annotations

from agent.core.exchange.cursors import PARTY_KEY, parse
from agent.core.exchange.people_rows import id_of
from agent.core.exchange.replica import DELETE, ERASE, FILTER_SCOPE, PUT
from agent.directory import merging_people
from agent.directory.schema import Connection
from agent.directory.versions import ANY_OLDER

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
    """DELETE FROM main.orders WHERE order_no IN
       (SELECT substr(key, 7) FROM kept WHERE key GLOB 'order:*')""",
    """DELETE FROM main.rules WHERE name IN
       (SELECT substr(key, 6) FROM kept WHERE key GLOB 'rule:*')""",
    """DELETE FROM main.filter
       WHERE printf('filter:%d-%d', place >> 24, place & 16777215) IN (SELECT key FROM kept)""",
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
    """INSERT INTO main.orders (order_no, party_id, placed_at, body)
       SELECT order_no, party_id, placed_at, body FROM live.orders
       WHERE 'order:' || order_no IN (SELECT key FROM kept)""",
    """INSERT INTO main.rules (name, body)
       SELECT name, body FROM live.rules WHERE 'rule:' || name IN (SELECT key FROM kept)""",
    """INSERT INTO main.filter (place, generation, bits)
       SELECT place, generation, bits FROM live.filter
       WHERE printf('filter:%d-%d', place >> 24, place & 16777215) IN (SELECT key FROM kept)""",
    """INSERT INTO main.generations (scope, generation)
       SELECT DISTINCT :filter_scope, generation FROM main.filter
       EXCEPT SELECT scope, generation FROM main.generations""",
    """DELETE FROM main.orders WHERE party_id IN
       (SELECT named(party) FROM main.gone WHERE op = :erase)""",
)
_DONE = (
    "DROP TABLE temp.kept",
    "DROP TABLE temp.moved_items",
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
    seen = _seen(conn, scope)
    values: dict[str, str | int] = {
        "scope": scope,
        "seen": seen,
        "since": seen if _goes_on(conn, scope) else ANY_OLDER,
        "erase": ERASE,
        "put": PUT,
        "delete": DELETE,
        "told": KEYS_TOLD,
        "filter_scope": FILTER_SCOPE,
    }
    conn.create_function("named", 1, id_of, deterministic=True)
    changed = [key for query in (_CHANGED, _GONE) for (key,) in conn.execute(query, values)]
    changed += [PARTY_KEY + party for party in merging_people.changed(conn, values)]
    merging_people.merge(conn, values)
    for statement in (_KEPT, *_OUT, *_IN, *_DONE):
        conn.execute(statement, values)
    _take_migrations(conn)
    return changed


def _seen(conn: Connection, scope: str) -> int:
    """Tell the highest version the directory has read of a scope: -1 of nothing."""
    row = conn.execute("SELECT seen FROM live.scopes WHERE scope = ?", (scope,)).fetchone()
    return ANY_OLDER if row is None else int(row[0])


def _goes_on(conn: Connection, scope: str) -> bool:
    """Tell whether the snapshot is of the feed that was read: what is newer is numbered higher."""
    query = "SELECT cursor FROM {}.scopes WHERE scope = ?"
    held = [conn.execute(query.format(of), (scope,)).fetchone() for of in ("main", "live")]
    return None not in held and len({parse(cursor).epoch for (cursor,) in held}) == 1


def _take_migrations(conn: Connection) -> None:
    """Note in the file which layout it has: a later program goes on from there."""
    conn.execute(conn.execute(_LAYOUT).fetchone()[0])
    conn.execute("INSERT INTO main._sqlite_migrations SELECT * FROM live._sqlite_migrations")
