"""Whom the tills hold: `[replica]` of the settings, and what follows when it changes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, select

from agent.core.exchange.replica import KEYS_RULE, PUT
from agent.core.fields import FieldProblem
from central.ledger.outbox import publish, store_scope
from central.ledger.reaching import Reach, keep_reach, reach_of
from central.ledger.tables import JOURNALS


class ReplicaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[replica]`: which customers a till can recognise and show without asking HQ.

    Whom it does not hold it answers `known_elsewhere`.
    """

    regions: dict[str, tuple[str, ...]] = {}
    """Region → store ids. A till then holds who was seen in its region lately, or has an order to
    collect there; stores that stand in none are a region together. None: no store differs."""
    active_days: int = 730
    """How long somebody counts as seen lately; 0: however long ago it was."""
    everybody_up_to: int = 100_000
    """A chain with no more customers holds them however long ago they were seen."""


def problems(settings: ReplicaSettings) -> Iterator[FieldProblem]:
    """Find what cannot be meant."""
    seen: dict[str, str] = {}
    for region, stores in settings.regions.items():
        path = f"replica.regions.{region}"
        if not region or not region.isprintable() or "/" in region:
            yield FieldProblem(path, "is no name of a region", "write letters, digits and hyphens")
        for store in stores:
            if seen.setdefault(store, region) != region:
                what = f"{store!r} is in {seen[store]!r} as well"
                yield FieldProblem(path, what, "name each store in one region")
    for field in ("active_days", "everybody_up_to"):
        if getattr(settings, field) < 0:
            yield FieldProblem(f"replica.{field}", "is less than none", "write 0 or more")


def register(conn: Connection, settings: ReplicaSettings) -> None:
    """Have the settings hold, in a writing transaction; tills of another region now are told."""
    before = reach_of(conn)
    regions = {store: name for name, stores in settings.regions.items() for store in stores}
    said = (regions, settings.active_days, settings.everybody_up_to)
    if said == (before.regions, before.active_days, before.everybody_up_to):
        return
    now = Reach(*said, since=before.since)
    keep_reach(conn, now)
    stores = set(conn.execute(select(JOURNALS.c.store).distinct()).scalars())
    for store in sorted(stores | before.regions.keys() | now.regions.keys()):
        scope = now.scope_of(store)
        if scope != before.scope_of(store):
            body = msgspec.json.encode({"scope": scope})
            publish(conn, store_scope(store), f"{KEYS_RULE}scope", PUT, body)
