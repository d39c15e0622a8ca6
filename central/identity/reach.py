"""Which tills hold whom: cards go into the scopes of the regions a person was seen in lately.

A person is held where they bought, were served or enrolled since `Reach.since`, and wherever an
open order of theirs is to be collected. A till reads one scope with cards in it, so that whoever
comes into its region is put there and whoever leaves is taken out, in one sequence of changes: no
card stays behind, and none is lost between two. Of all others the filter tells (`feed.filters`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, func, select

from agent.core.exchange.replica import DELETE, ERASE, PUT, REGION
from agent.core.history import OPEN, STORE_CHANNEL
from agent.core.identifiers import PartyId
from central.identity.parties import ERASED, members_of_all
from central.ledger.bulk import among
from central.ledger.customer_tables import INTERACTIONS, ORDERS, PARTIES
from central.ledger.outbox import GLOBAL, Change, publish_many
from central.ledger.reaching import Reach, reach_of
from central.ledger.tables import FEED_ROWS, FEED_SCOPES

PARTY_KEY = "party:"
Scopes = Mapping[str, set[str]]


def tell(conn: Connection, changes: Sequence[Change]) -> None:
    """Publish the cards of persons, by canonical id, in every scope that is concerned.

    Args:
        conn: of the transaction in which they changed.
        changes: `put`, `del` or `erase` of `party:` keys, each key once.
    """
    reach = reach_of(conn)
    # Who is erased may lie in scopes of regions that there are no more.
    if not (reach.regions or reach.since or any(change.op == ERASE for change in changes)):
        publish_many(conn, GLOBAL, changes)
        return
    held = held_in(conn, [change.key for change in changes])
    put = [_id(change) for change in changes if change.op == PUT]
    wanted = wanted_in(conn, reach, put)
    told: dict[str, list[Change]] = {}
    for change in changes:
        for scope, each in _scoped(change, held.get(change.key, set()), wanted):
            told.setdefault(scope, []).append(each)
    for scope in sorted(told):
        publish_many(conn, scope, told[scope])


def _scoped(change: Change, held: set[str], wanted: Scopes) -> list[tuple[str, Change]]:
    """Say in which scopes a change is told, and as what."""
    if change.op == ERASE:
        # Wherever it may lie: every till reads this scope, and an erasure counts in all of them.
        return [(scope, change) for scope in sorted(held | {GLOBAL})]
    now = wanted[_id(change)] if change.op == PUT else set()
    gone = Change(change.key, DELETE)
    return [
        *((scope, change) for scope in sorted(now)),
        *((scope, gone) for scope in sorted(held - now)),
    ]


def held_in(conn: Connection, keys: Sequence[str]) -> dict[str, set[str]]:
    """Tell in which scopes cards are told of now."""
    row = FEED_ROWS.c
    scopes = [
        scope
        for scope in conn.execute(select(FEED_SCOPES.c.scope)).scalars()
        if scope == GLOBAL or scope.startswith(REGION)
    ]
    query = select(row.scope, row.key).where(row.scope.in_(scopes), row.op == PUT)
    held: dict[str, set[str]] = {}
    for each in conn.execute(query.where(among(conn, row.key, keys))):
        held.setdefault(each.key, set()).add(each.scope)
    return held


def wanted_in(conn: Connection, reach: Reach, canonical_ids: Sequence[str]) -> dict[str, set[str]]:
    """Tell in which scopes the cards of persons belong."""
    if not (reach.regions or reach.since):
        return {each: {GLOBAL} for each in canonical_ids}
    members = members_of_all(conn, [PartyId(each) for each in canonical_ids])
    of = {one: canonical for canonical, ids in members.items() for one in ids}
    wanted: dict[str, set[str]] = {each: set() for each in canonical_ids}
    for party_id, place in (*_seen(conn, reach, list(of)), *_awaited(conn, list(of))):
        scope = _scope(reach, place)
        if scope:
            wanted[of[PartyId(party_id)]].add(scope)
    return wanted


def _seen(conn: Connection, reach: Reach, ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Give where parties were seen since they must have been: `store/till`, or a channel."""
    held, met = INTERACTIONS.c, PARTIES.c
    query = select(held.party_id, held.channel, held.touch_point, func.max(held.recorded_at))
    lately = query.where(among(conn, held.party_id, ids), held.recorded_at >= reach.since)
    for party_id, channel, place, _ in conn.execute(
        lately.group_by(held.party_id, held.channel, held.touch_point)
    ):
        yield party_id, place if channel == STORE_CHANNEL else channel
    new = select(met.party_id, met.origin).where(
        among(conn, met.party_id, ids), met.created_at >= reach.since, met.state != ERASED
    )
    yield from ((party_id, origin) for party_id, origin in conn.execute(new))


def _awaited(conn: Connection, ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Give where open orders of parties are to be collected."""
    held = ORDERS.c
    query = select(held.party_id, held.collect_at).where(
        among(conn, held.party_id, ids), held.collect_at.is_not(None), held.state.in_(sorted(OPEN))
    )
    return [(party_id, f"{store}/") for party_id, store in conn.execute(query)]


def _scope(reach: Reach, place: str) -> str | None:
    """Name the scope of a place; with regions, who was seen on the web alone is in none."""
    store, is_store, _ = place.partition("/")
    if not reach.regions:
        return GLOBAL
    return reach.scope_of(store) if is_store else None


def _id(change: Change) -> str:
    return change.key.removeprefix(PARTY_KEY)
