"""What persons asked for by right, the day it must be answered by, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from agent.core.consent.rights import SubjectRequest, due
from agent.core.faults import NotFoundFault
from central.ledger.bulk import among
from central.ledger.privacy_tables import SUBJECT_REQUESTS
from central.ledger.upserts import upsert

_encode = msgspec.json.Encoder(order="deterministic").encode
_KEEP = upsert(SUBJECT_REQUESTS).on_conflict_do_nothing()
_BY_DUE = select(SUBJECT_REQUESTS).order_by(SUBJECT_REQUESTS.c.due, SUBJECT_REQUESTS.c.request_id)


class RequestView(msgspec.Struct, frozen=True):
    """One request, and where it stands."""

    request: SubjectRequest
    due: str
    """The last day for the answer (GDPR, Article 12(3))."""
    late: bool
    """It is not answered, and the day has passed."""
    answered_at: str | None
    answer: str | None
    """What became of it, in a few words."""


def keep_request(conn: Connection, request: SubjectRequest, now: str) -> bool:
    """Keep a request; False where it is kept already.

    Raises:
        InputFault: `bad-day`: nobody can tell when it must be answered.
    """
    row = {
        "request_id": request.request_id,
        "party_id": request.party_id,
        "kind": request.kind.value,
        "due": due(request),
        "recorded_at": now,
        "body": _encode(request),
    }
    return conn.execute(_KEEP, row).rowcount == 1


def change_request(conn: Connection, request: SubjectRequest) -> None:
    """Write down that somebody checked who it comes from, or took more time."""
    conn.execute(
        update(SUBJECT_REQUESTS)
        .where(SUBJECT_REQUESTS.c.request_id == request.request_id)
        .values(body=_encode(request), due=due(request))
    )


def answer_request(conn: Connection, request_id: str, answer: str, now: str) -> None:
    """Write down what became of a request; the first answer stands."""
    held = SUBJECT_REQUESTS.c
    conn.execute(
        update(SUBJECT_REQUESTS)
        .where(held.request_id == request_id, held.answered_at.is_(None))
        .values(answered_at=now, answer=answer)
    )


def request_of(conn: Connection, request_id: str) -> SubjectRequest:
    """Give a request.

    Raises:
        NotFoundFault: `no-such-request`.
    """
    query = select(SUBJECT_REQUESTS.c.body).where(SUBJECT_REQUESTS.c.request_id == request_id)
    body = conn.execute(query).scalar_one_or_none()
    if body is None:
        raise NotFoundFault(
            f"there is no request {request_id[:60]!r}",
            remedy="GET /v1/requests lists them; POST /v1/parties/{id}/requests takes one down",
            name="no-such-request",
        )
    return msgspec.json.decode(body, type=SubjectRequest)


def requests_of(conn: Connection, party_ids: Sequence[str], today: str) -> list[RequestView]:
    """List the requests under some ids, the one that is due first."""
    rows = conn.execute(_BY_DUE.where(among(conn, SUBJECT_REQUESTS.c.party_id, party_ids)))
    return [_view(row, today) for row in rows]


def open_requests(conn: Connection, today: str) -> list[RequestView]:
    """List the requests nobody has answered yet, the one that is due first."""
    rows = conn.execute(_BY_DUE.where(SUBJECT_REQUESTS.c.answered_at.is_(None)))
    return [_view(row, today) for row in rows]


def _view(row: Row[Any], today: str) -> RequestView:
    request = msgspec.json.decode(row.body, type=SubjectRequest)
    late = row.answered_at is None and row.due < today
    return RequestView(request, row.due, late, row.answered_at, row.answer)
