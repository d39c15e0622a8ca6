"""Erasing a person: decided over everything HQ holds, carried out here, ordered everywhere else.

The decision can be made again at any time: when a till that was away has brought more, and when a
period has ended. What it then finds beyond the plans before it goes by a further order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, func, insert, select

from agent.core.consent.erasure import (
    Hold,
    Plan,
    orders_of,
    plan,
    supplement,
)
from agent.core.consent.proof import (
    Erasure,
    Ordered,
    begun,
    decided_again,
    with_orders,
    with_replicas,
)
from agent.core.consent.retention import DataClass, Rule
from agent.core.consent.rights import SubjectRequest, due
from agent.core.faults import NotFoundFault
from agent.core.identifiers import PartyId
from central.identity.graph import resettle
from central.identity.held import holdings_of, take_out
from central.identity.parties import canonical, members_of
from central.identity.requests import answer_request
from central.ledger.privacy_tables import (
    ERASED_PARTIES,
    ERASURE_HOLDS,
    ERASURE_PLANS,
    ERASURES,
)
from central.ledger.upserts import upsert
from central.privacy.authority import Authority
from central.privacy.replicas import replicas_of
from central.privacy.suppressing import suppress

_encode = msgspec.json.Encoder(order="deterministic").encode


Rules = Mapping[DataClass, Rule]


def erase_person(
    conn: Connection,
    request: SubjectRequest,
    rules: Rules,
    authority: Authority,
    now: str,
    *,
    also: Sequence[PartyId] = (),
) -> Erasure:
    """Erase the person a request is of, whatever ids they have; asked again, look again.

    Args:
        conn: of a writing transaction: all of it happens, or nothing.
        request: to erase, kept and verified.
        rules: what becomes of each class of data.
        authority: signs.
        now: HQ's time.
        also: further ids that were this person's, as an earlier order has named them.

    Raises:
        NotFoundFault: no party ever had this id.
        StateFault: `person-not-verified`, `other-request`.
    """
    held = erasure_row(conn, request.request_id)
    ids = tuple(sorted({*_ids(conn, request, held), *also}))
    decided = plan(
        request, ids, holdings_of(conn, ids), rules, today=now[:10], holds=_holds(conn, ids)
    )
    before = _plans(conn, request.request_id)
    more = supplement(before, decided) if before else decided
    if held is None:
        held = begun(decided, replicas_of(conn, ids, now), due=due(request))
        suppress(conn, ids, authority.token, now)
    else:
        held = with_replicas(decided_again(held, decided), replicas_of(conn, ids, now))
        _take_out_again(conn, decided, authority)
    if more is not None:
        held = _carry_out(conn, held, more, authority, len(before), now)
    _keep(conn, request, held, decided.again_on, now)
    return held


def erasure_row(conn: Connection, request_id: str) -> Erasure | None:
    """Give an erasure as it was kept, without what its replicas said; None where there is none."""
    query = select(ERASURES.c.body).where(ERASURES.c.request_id == request_id)
    body = conn.execute(query).scalar_one_or_none()
    return None if body is None else msgspec.json.decode(body, type=Erasure)


def begun_for(conn: Connection, any_id: str) -> str | None:
    """Give the request of the erasure that was begun for a person, if one was."""
    members = members_of(conn, canonical(conn, any_id))
    query = select(ERASED_PARTIES.c.request_id).where(ERASED_PARTIES.c.party_id.in_(members))
    return conn.execute(query.limit(1)).scalar_one_or_none()


def require_erasure(conn: Connection, request_id: str) -> Erasure:
    """Give an erasure.

    Raises:
        NotFoundFault: `no-such-erasure`.
    """
    held = erasure_row(conn, request_id)
    if held is None:
        raise NotFoundFault(
            f"there is no erasure {request_id[:60]!r}",
            remedy="GET /v1/erasures lists them",
            name="no-such-erasure",
        )
    return held


def _ids(conn: Connection, request: SubjectRequest, held: Erasure | None) -> tuple[PartyId, ...]:
    """Give every id of the person, those included that an earlier look has found."""
    members = members_of(conn, canonical(conn, request.party_id))
    return tuple(sorted({*members, *(held.parties if held else ())}))


def _carry_out(
    conn: Connection, held: Erasure, more: Plan, authority: Authority, ordinal: int, now: str
) -> Erasure:
    """Take out what goes; the order tells every till, and HQ, to forget the person."""
    authority.forget_stretches(conn, more.parties)
    take_out(conn, more.erase)
    row = {
        "request_id": more.request_id,
        "ordinal": ordinal + 1,
        "decided_at": now,
        # What stays stands in the erasure, as last decided: why, staff may have written in words.
        "body": _encode(msgspec.structs.replace(more, keep=())),
    }
    conn.execute(insert(ERASURE_PLANS), row)
    reason = f"request {more.request_id}"
    ordered = [
        Ordered(authority.order(conn, scope, body, reason), scope)
        for scope, body in orders_of(more)
    ]
    return with_orders(held, ordered)


def _take_out_again(conn: Connection, decided: Plan, authority: Authority) -> None:
    """Take out what has come back since: of a piece that was ordered before, no order tells again.

    A channel may tell the same name of the same person a second time.
    """
    authority.forget_stretches(conn, decided.parties)
    take_out(conn, decided.erase)
    resettle(conn, decided.parties)


def _keep(
    conn: Connection, request: SubjectRequest, held: Erasure, again_on: str, now: str
) -> None:
    body = msgspec.structs.replace(held, acks=(), excuses=())
    changed = {"body": _encode(body), "again_on": again_on}
    row = {
        "request_id": request.request_id,
        "party_id": request.party_id,
        "due": held.due,
        "begun_at": now,
    }
    new = upsert(ERASURES).values(row | changed)
    conn.execute(new.on_conflict_do_update(index_elements=["request_id"], set_=changed))
    answer_request(conn, request.request_id, f"erased; kept: {len(held.kept)}", now)


def _plans(conn: Connection, request_id: str) -> list[Plan]:
    query = select(ERASURE_PLANS.c.body).where(ERASURE_PLANS.c.request_id == request_id)
    bodies = conn.execute(query.order_by(ERASURE_PLANS.c.ordinal)).scalars()
    return [msgspec.json.decode(body, type=Plan) for body in bodies]


def _holds(conn: Connection, party_ids: Sequence[str]) -> list[Hold]:
    held = ERASURE_HOLDS.c
    query = select(ERASURE_HOLDS).where(
        held.party_id.in_(list(party_ids)), held.lifted_at.is_(None)
    )
    return [Hold(frozenset(), row.reason, row.until) for row in conn.execute(query)]


def erasures_count(conn: Connection) -> int:
    """Count the erasures there are."""
    return int(conn.execute(select(func.count()).select_from(ERASURES)).scalar_one())
