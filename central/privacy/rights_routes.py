"""The addresses of a person's rights: requests, exports, erasures, who has looked."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import Connection

from agent.core.consent.export import PersonExport, export_bytes
from agent.core.consent.rights import Kind, SubjectRequest
from central.identity.parties import canonical, members_of
from central.identity.requests import RequestView, open_requests, requests_of
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of
from central.privacy import rights
from central.privacy.authority import authority_of, privacy_of
from central.privacy.page import HEADERS, export_page
from central.privacy.rights import (
    ERASURES_SHOWN,
    ErasureLine,
    Excused,
    Held,
    Read,
    RequestTold,
    SignedProof,
    Text,
    Verified,
)

STAFF = "staff"
_Asked = Request[Any, Any, Any]


class EraseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An erasure to carry out: for a request that was taken down, or one that is now."""

    request_id: Text | None = None
    verified_by: tuple[Text, ...] = ()
    """How it was made sure that it is them: kinds of document or identifier, never their values."""
    operator: Text | None = None
    received: Text | None = None


class Erasures(msgspec.Struct, frozen=True):
    """A page of the erasures, the one that is due first."""

    erasures: tuple[ErasureLine, ...]
    after: str | None
    """Ask with this for the next page; None at the end."""


@get("/v1/requests", sync_to_thread=True)
def get_requests(request: _Asked) -> list[RequestView]:
    """List what persons have asked for by right and nobody has answered, by the legal day."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = open_requests(conn, hq.now()[:10])
    hq.access_log(STAFF, "requests", [each.request.party_id for each in found])
    return found


@get("/v1/parties/{any_id:str}/requests", sync_to_thread=True)
def get_requests_of(request: _Asked, any_id: FromPath[str]) -> list[RequestView]:
    """List what a person has asked for by right, and what became of it."""
    return asked_by(hq_of(request), any_id)


@post("/v1/parties/{any_id:str}/requests", status_code=201, sync_to_thread=True)
def post_request(
    request: _Asked, any_id: FromPath[str], data: JSONBody[RequestTold]
) -> SubjectRequest:
    """Take down what a person asks for by right; the legal clock runs from the day received."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        taken = rights.take_down(conn, any_id, data, hq.now())
    hq.access_log(STAFF, "requests", [taken.party_id])
    return taken


@post("/v1/requests/{request_id:str}", status_code=200, sync_to_thread=True)
def post_change(
    request: _Asked, request_id: FromPath[str], data: JSONBody[Verified]
) -> SubjectRequest:
    """Note how it was made sure who a request comes from, or take two more months with a reason."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        changed = rights.change(conn, request_id, data, hq.now())
    hq.access_log(STAFF, "requests", [changed.party_id])
    return changed


@get("/v1/parties/{any_id:str}/export", sync_to_thread=True)
def get_export(
    request: _Asked, any_id: FromPath[str], request_id: FromQuery[str]
) -> Response[bytes]:
    """Hand a person's own data out as JSON, for a verified request to access or portability."""
    document = exported(request, any_id, request_id)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "attachment"}
    return Response(export_bytes(document), media_type="application/json", headers=headers)


@get("/v1/parties/{any_id:str}/export.html", sync_to_thread=True)
def get_export_page(
    request: _Asked, any_id: FromPath[str], request_id: FromQuery[str]
) -> Response[str]:
    """Hand a person's own data out as a page to read or print."""
    document = exported(request, any_id, request_id)
    return Response(export_page(document), media_type="text/html", headers=dict(HEADERS))


@post("/v1/parties/{any_id:str}/erase", status_code=200, sync_to_thread=True)
def post_erase(request: _Asked, any_id: FromPath[str], data: JSONBody[EraseAsked]) -> SignedProof:
    """Erase a person at HQ and order it everywhere else; gives the proof as far as it has come."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        told = RequestTold(
            kind=Kind.ERASE,
            request_id=data.request_id,
            received=data.received,
            operator=data.operator,
            verified_by=data.verified_by,
        )
        taken = rights.take_down(conn, any_id, told, hq.now())
        if data.verified_by:
            taken = rights.change(conn, taken.request_id, Verified(data.verified_by), hq.now())
        done = _erased(request, conn, taken.request_id)
    hq.settle_erasure()
    return shown(hq, done)


@get("/v1/erasures", sync_to_thread=True)
def get_erasures(
    request: _Asked,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=ERASURES_SHOWN)] = ERASURES_SHOWN,
) -> Erasures:
    """List the erasures by the day they are due, and which replicas each still waits for."""
    return erasures_behind(hq_of(request), after, limit)


@get("/v1/erasures/{request_id:str}", sync_to_thread=True)
def get_proof(request: _Asked, request_id: FromPath[str]) -> SignedProof:
    """Show the proof of an erasure: each replica's state, and what stays under which law."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        return shown(hq, rights.proof_of(conn, request_id, authority_of(request), hq.now()))


@post("/v1/erasures/{request_id:str}/review", status_code=200, sync_to_thread=True)
def post_review(request: _Asked, request_id: FromPath[str]) -> SignedProof:
    """Look again: erase what has come in since, and what was kept until its period ended."""
    return erased(request, request_id)


@post("/v1/erasures/{request_id:str}/excuses", status_code=201, sync_to_thread=True)
def post_excuse(request: _Asked, request_id: FromPath[str], data: JSONBody[Excused]) -> SignedProof:
    """Wait for a replica no longer, with the reason: it was lost, destroyed, told by hand."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        rights.excuse(conn, request_id, data, hq.now())
        held = rights.proof_of(conn, request_id, authority_of(request), hq.now())
    return shown(hq, held)


@post("/v1/parties/{any_id:str}/hold", status_code=204, sync_to_thread=True)
def post_hold(request: _Asked, any_id: FromPath[str], data: JSONBody[Held]) -> None:
    """Keep everything of a person for a dispute, whatever is asked meanwhile."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        rights.hold(conn, any_id, data, hq.now())


@delete("/v1/parties/{any_id:str}/hold", status_code=204, sync_to_thread=True)
def delete_hold(request: _Asked, any_id: FromPath[str]) -> None:
    """End the dispute about a person's data; the next look at an erasure goes on."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        rights.lift_hold(conn, any_id, hq.now())


@get("/v1/parties/{any_id:str}/reads", sync_to_thread=True)
def get_reads(request: _Asked, any_id: FromPath[str]) -> list[Read]:
    """Show who has looked at a person's data, and at what; this look is one of them next time."""
    hq = hq_of(request)
    hq.settle_reads()
    with reading(hq.engine) as conn:
        chosen = canonical(conn, any_id)
        found = rights.reads_of(conn, members_of(conn, chosen))
    hq.access_log(STAFF, "reads", [chosen])
    return found


def erasures_behind(hq: Hq, after: str, limit: int = ERASURES_SHOWN) -> Erasures:
    """Give a page of the erasures; whose they are is written down as read."""
    with reading(hq.engine) as conn:
        found = rights.erasures(conn, hq.now(), after, limit + 1)
    hq.access_log(STAFF, "erasure", [each.party_id for each in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    return Erasures(tuple(found[:limit]), None if last is None else rights.place(last))


def asked_by(hq: Hq, any_id: str) -> list[RequestView]:
    """List a person's requests; that somebody looked is written down."""
    with reading(hq.engine) as conn:
        chosen = canonical(conn, any_id)
        found = requests_of(conn, members_of(conn, chosen), hq.now()[:10])
    hq.access_log(STAFF, "requests", [chosen])
    return found


def erased(request: _Asked, request_id: str) -> SignedProof:
    """Carry an erasure out, or look again at one that was.

    Raises:
        NotFoundFault: `no-such-request`.
        StateFault: `person-not-verified`, `other-request`.
    """
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        done = _erased(request, conn, request_id)
    hq.settle_erasure()
    return shown(hq, done)


def exported(request: _Asked, any_id: str, request_id: str) -> PersonExport:
    """Hand a person's data out; it is written down before the answer leaves.

    Raises:
        NotFoundFault: no such party or request.
        StateFault: `person-not-verified`.
        InputFault: `other-person`, `no-export`.
    """
    hq = hq_of(request)
    hq.settle_reads()
    with reading(hq.engine) as conn:
        document = rights.exported(conn, any_id, request_id, privacy_of(request), hq.now())
    hq.access_log(STAFF, f"export {document.kind.value}", [document.party_id])
    with writing(hq.engine) as conn:
        rights.note_exported(conn, request_id, hq.now())
    return document


def shown(hq: Hq, proof: SignedProof) -> SignedProof:
    """Write down that a proof was shown, with whose it is."""
    hq.access_log(STAFF, "erasure", proof.proof.parties)
    return proof


def _erased(request: _Asked, conn: Connection, request_id: str) -> SignedProof:
    now = hq_of(request).now()
    return rights.erase(conn, request_id, privacy_of(request), authority_of(request), now)


ROUTES: list[HTTPRouteHandler] = [
    get_requests,
    get_requests_of,
    post_request,
    post_change,
    get_export,
    get_export_page,
    post_erase,
    get_erasures,
    get_proof,
    post_review,
    post_excuse,
    post_hold,
    delete_hold,
    get_reads,
]
