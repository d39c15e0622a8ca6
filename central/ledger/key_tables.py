"""The tables of keys of the sealed replicas: which generation a scope has, what was stretched.

No secret is in them: keys are made of HQ's root key (`agent.core.exchange.sealed_rows.Master`), and
a stretch is found by a fingerprint that says nothing without it. Stretches of an erased person go
all the same: whoever has the key could try numbers against them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, delete, func, select

from central.ledger.bulk import among
from central.ledger.metadata import (
    METADATA,
    required_bytes,
    required_number,
    required_text,
    text_key,
)
from central.ledger.tables import FACTS
from central.ledger.upserts import upsert

SCOPE_GENERATIONS = Table(
    "scope_generation",
    METADATA,
    text_key("scope"),
    required_number("generation"),
    required_text("since"),
    required_text("reason"),
    comment="The newest generation of each scope's key; 1 of a scope that is not here.",
)
STRETCHES = Table(
    "identifier_stretch",
    METADATA,
    text_key("fingerprint"),
    required_bytes("stretched"),
    comment="Stretches of identifiers, made once: a till makes one at each look-up.",
)
KEY_TABLES: tuple[Table, ...] = (SCOPE_GENERATIONS, STRETCHES)
"""In the order they are made; none refers to another by a constraint."""
FIRST = 1
_FORGOTTEN = "stretches_forgotten"
RECENT = 2
"""Generations a till may have: the present one, and the one that older snapshots are sealed for."""


def generation(conn: Connection, scope: str) -> int:
    """Tell the generation of a scope's key that is sealed with now."""
    held = SCOPE_GENERATIONS.c
    query = select(func.max(held.generation)).where(held.scope == scope)
    found: int | None = conn.execute(query).scalar_one_or_none()
    return found or FIRST


def recent(conn: Connection, scope: str) -> list[int]:
    """List the generations that a till may have keys of, the oldest first."""
    newest = generation(conn, scope)
    return list(range(max(FIRST, newest - RECENT + 1), newest + 1))


def renew(conn: Connection, scope: str, *, now: str, reason: str) -> int:
    """Begin the next generation of a scope's key, in the caller's writing transaction."""
    following = generation(conn, scope) + 1
    row = {"scope": scope, "generation": following, "since": now, "reason": reason}
    begun = upsert(SCOPE_GENERATIONS).values(row)
    taken = {name: begun.excluded[name] for name in ("generation", "since", "reason")}
    conn.execute(begun.on_conflict_do_update(index_elements=["scope"], set_=taken))
    return following


def forgotten(conn: Connection) -> int:
    """Count how often stretches were taken out; read it with the identifiers to be stretched."""
    query = select(FACTS.c.value).where(FACTS.c.key == _FORGOTTEN)
    return int(conn.execute(query).scalar_one_or_none() or 0)


def keep_stretches(conn: Connection, made: Mapping[str, bytes], mark: int) -> None:
    """Keep stretches, by fingerprint; none where some were taken out since they were begun.

    Args:
        conn: of `writing`.
        made: what was stretched.
        mark: `forgotten`, as it was when the identifiers were read. One of them may be erased by
            now, and nobody would find its stretch again.
    """
    if forgotten(conn) != mark:
        return
    rows = [{"fingerprint": name, "stretched": value} for name, value in sorted(made.items())]
    conn.execute(upsert(STRETCHES).on_conflict_do_nothing(), rows)


def forget_stretches(conn: Connection, fingerprints: Sequence[str]) -> None:
    """Take stretches out; who else has such an identifier has it stretched anew.

    Args:
        conn: of `writing`.
        fingerprints: of the identifiers of somebody who is erased.
    """
    if not fingerprints:
        return
    following = upsert(FACTS).values(key=_FORGOTTEN, value=str(forgotten(conn) + 1))
    taken = {"value": following.excluded.value}
    conn.execute(following.on_conflict_do_update(index_elements=["key"], set_=taken))
    conn.execute(delete(STRETCHES).where(among(conn, STRETCHES.c.fingerprint, fingerprints)))
