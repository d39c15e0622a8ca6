"""The people that a snapshot of one scope does not have, taken over from the directory it replaces.

Part of `merging`, with its rules: `main` is the snapshot, `live` the directory as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core.exchange.people_rows import closed, id_of
from agent.directory import parties
from agent.directory.keyring import LOCAL
from agent.directory.schema import Connection

Values = Mapping[str, str | int]

_CHANGED = (
    """SELECT now.party FROM main.people AS now
    LEFT JOIN live.people AS before ON before.tail = now.tail AND before.party = now.party
        AND before.local = 0 AND before.name IS NOT NULL
    LEFT JOIN live.generations AS sealed ON sealed.id = before.seal
    WHERE now.ver > :since AND (before.id IS NULL OR before.ver <> now.ver
        OR sealed.scope <> :scope OR sealed.stale) LIMIT :told""",
    """SELECT now.party FROM main.gone AS now LEFT JOIN live.gone AS before USING (party)
    WHERE before.op IS NULL OR before.ver <> now.ver OR before.scope <> now.scope LIMIT :told""",
    """SELECT before.party FROM live.people AS before
    LEFT JOIN main.people AS now USING (tail, party) LEFT JOIN main.gone USING (party)
    WHERE before.id IN (SELECT id FROM live.people
        WHERE seal IN (SELECT id FROM live.generations WHERE scope = :scope))
    AND before.name IS NOT NULL AND now.id IS NULL AND gone.op IS NULL LIMIT :told""",
)
_KEPT = (
    # The numbers are read from `people_by_id`: not every card is looked at.
    """CREATE TEMP TABLE told_before AS
    SELECT tail, party, CASE WHEN stale THEN -1 ELSE ver END AS ver, :put AS op, told
    FROM live.people JOIN live.generations ON generations.id = seal
    WHERE people.id IN (SELECT id FROM live.people
        WHERE seal IN (SELECT id FROM live.generations WHERE scope NOT IN (:scope, :local)))
    AND name IS NOT NULL
    UNION ALL SELECT substr(party, -4), party, ver, op, 0 FROM live.gone WHERE scope <> :scope""",
    """CREATE TEMP TABLE kept_people AS SELECT before.tail, before.party
    FROM told_before AS before
    LEFT JOIN main.people AS held USING (tail, party) LEFT JOIN main.gone AS now USING (party)
    WHERE (held.id IS NULL AND now.op IS NULL)
    OR (now.op IS NOT :erase AND (before.op = :erase OR now.op IS NOT NULL OR held.ver <= :seen
        -- A person who has moved to another scope since the snapshot was made.
        OR (before.op = :put AND before.ver >= 0 AND before.told > held.told)))""",
)
_OUT = "SELECT held.id FROM kept_people CROSS JOIN main.people AS held USING (tail, party)"
_IN = (
    "DELETE FROM main.gone WHERE party IN (SELECT party FROM kept_people)",
    """INSERT INTO main.gone (party, scope, ver, op) SELECT party, scope, ver, op
       FROM live.gone WHERE party IN (SELECT party FROM kept_people)""",
    "CREATE TEMP TABLE moved_people (id INTEGER PRIMARY KEY, is_held INTEGER NOT NULL)",
    """INSERT INTO moved_people (id, is_held)
       SELECT before.id, 1 FROM kept_people CROSS JOIN live.people AS before USING (tail, party)""",
    # Given here, and HQ has not told of them; or beside what it has told.
    """INSERT OR IGNORE INTO moved_people (id, is_held) SELECT given.id, 1
       FROM live.people AS given
       LEFT JOIN main.people AS now USING (tail, party) LEFT JOIN main.gone USING (party)
       WHERE given.id IN (SELECT id FROM live.people
           WHERE seal IN (SELECT id FROM live.generations WHERE scope = :local))
       AND ((now.id IS NULL AND gone.op IS NULL) OR (now.id IS NOT NULL AND EXISTS
           (SELECT 1 FROM live.people AS held
            WHERE held.tail = given.tail AND held.party = given.party AND held.local = 0)))""",
    # Withdrawn, and not erased: the till still knows that HQ knows the person.
    """INSERT OR IGNORE INTO moved_people (id, is_held)
       SELECT before.id, 0 FROM main.gone AS now CROSS JOIN live.people AS before
       ON before.tail = substr(now.party, -4) AND before.party = now.party
       WHERE now.op = :delete AND before.local = (SELECT min(local) FROM live.people AS each
           WHERE each.tail = before.tail AND each.party = before.party)""",
    """INSERT INTO main.generations (id, scope, generation, stale)
       SELECT id + :seals, scope, generation, stale AND scope <> :scope FROM live.generations
       WHERE scope <> :scope OR id IN
           (SELECT seal FROM moved_people CROSS JOIN live.people USING (id) WHERE NOT is_held)""",
    """INSERT INTO main.people (id, party, local, seal, ver, told, slots, name, rest)
       SELECT id + :people, party, local AND is_held, seal + :seals, ver, told,
       CASE WHEN is_held THEN slots ELSE closed(slots) END,
       CASE WHEN is_held THEN name END, CASE WHEN is_held THEN rest END
       FROM moved_people CROSS JOIN live.people USING (id)""",
    """INSERT OR IGNORE INTO main.found_by (token, person) SELECT token, person + :people
       FROM live.found_by CROSS JOIN moved_people ON moved_people.id = person""",
    "DROP TABLE temp.told_before",
    "DROP TABLE temp.kept_people",
    "DROP TABLE temp.moved_people",
)


def changed(conn: Connection, values: Values) -> list[str]:
    """List the parties that differ from before; see `merging.merge`."""
    return [id_of(party) for query in _CHANGED for (party,) in conn.execute(query, values)]


def merge(conn: Connection, values: Values) -> None:
    """Take them over, in the caller's transaction.

    Args:
        conn: as for `merging.merge`.
        values: `scope`, `seen`, `told`, and the words for `put`, `delete` and `erase`; `since`,
            above which the version is of what has changed.
    """
    conn.create_function("closed", 1, closed, deterministic=True)
    named = {**values, "local": LOCAL, "people": _last(conn, "people")}
    named["seals"] = _last(conn, "generations")
    for statement in _KEPT:
        conn.execute(statement, named)
    parties.drop(conn, [number for (number,) in conn.execute(_OUT).fetchall()])
    for statement in _IN:
        conn.execute(statement, named)


def _last(conn: Connection, table: str) -> int:
    row = conn.execute(f"SELECT coalesce(max(id), 0) FROM main.{table}").fetchone()  # noqa: S608
    return int(row[0])
