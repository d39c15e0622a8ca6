"""A person's rights: what was asked for, data handed out, erasures and who has confirmed them.

Every page and form does what the API does (`central.privacy.rights_routes`), and is logged like it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery

from agent.core.consent.export import export_bytes
from agent.core.consent.rights import Kind
from agent.core.faults import InputFault
from central.console.forms import Form, back_to
from central.console.login import FORM_BYTES_MAX
from central.console.pages import page
from central.identity.requests import open_requests
from central.identity.views import party_view
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of
from central.privacy import rights
from central.privacy.authority import authority_of
from central.privacy.page import HEADERS, export_page
from central.privacy.rights import Excused, RequestTold, Verified
from central.privacy.rights_routes import (
    STAFF,
    asked_by,
    erased,
    erasures_behind,
    exported,
    shown,
)

EXPORTS = (Kind.ACCESS, Kind.PORTABILITY)
_Asked = Request[Any, Any, Any]


@get("/rights", sync_to_thread=True)
def get_rights(request: _Asked, after: FromQuery[str] = "") -> Response[str]:
    """List what persons have asked for and nobody has answered, and the erasures, page by page."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        waiting = open_requests(conn, hq.now()[:10])
    hq.access_log(STAFF, "requests", [each.request.party_id for each in waiting])
    found = erasures_behind(hq, after)
    return page("rights.html", chain=hq.name, q="", waiting=waiting, found=found)


@get("/customers/{any_id:str}/rights", sync_to_thread=True)
def get_person(request: _Asked, any_id: FromPath[str], done: FromQuery[str] = "") -> Response[str]:
    """Show what one person has asked for, with the forms to take it down and carry it out."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        party = party_view(conn, any_id)
    return page(
        "person_rights.html",
        chain=hq.name,
        q="",
        done=done,
        party=party,
        requests=asked_by(hq, any_id),
        kinds=tuple(Kind),
        exports=EXPORTS,
        erase=Kind.ERASE,
        today=hq.now()[:10],
    )


@post("/customers/{any_id:str}/rights", request_max_body_size=FORM_BYTES_MAX)
async def post_person(request: _Asked, any_id: FromPath[str]) -> Response[str]:
    """Take down what a person asks for, or note how it was made sure that it is them."""
    form = Form(await request.body())
    done = await sync_to_thread(_take_down, hq_of(request), any_id, form)
    return back_to(f"/customers/{quote(any_id, safe='')}/rights", done)


@get("/customers/{any_id:str}/export", sync_to_thread=True)
def get_export(
    request: _Asked, any_id: FromPath[str], request_id: FromQuery[str], form: FromQuery[str] = ""
) -> Response[str] | Response[bytes]:
    """Hand a person's own data out for a verified request: as JSON, or as a page to print."""
    document = exported(request, any_id, request_id)
    if form == "page":
        return Response(export_page(document), media_type="text/html", headers=dict(HEADERS))
    name = f'attachment; filename="{document.kind.value}.json"'
    headers = {"Cache-Control": "no-store", "Content-Disposition": name}
    return Response(export_bytes(document), media_type="application/json", headers=headers)


@get("/rights/erasures/{request_id:str}", sync_to_thread=True)
def get_erasure(
    request: _Asked, request_id: FromPath[str], done: FromQuery[str] = ""
) -> Response[str]:
    """Show an erasure: what each replica has said, what stays under which law, the signature."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        signed = rights.proof_of(conn, request_id, authority_of(request), hq.now())
    proof = shown(hq, signed).proof
    return page("erasure.html", chain=hq.name, q="", done=done, signed=signed, proof=proof)


@post("/rights/erasures/{request_id:str}", request_max_body_size=FORM_BYTES_MAX)
async def post_erasure(request: _Asked, request_id: FromPath[str]) -> Response[str]:
    """Carry an erasure out, look at it again, or wait for a replica no longer."""
    form = Form(await request.body())
    done = await sync_to_thread(_carry_out, request, request_id, form)
    return back_to(f"/rights/erasures/{quote(request_id, safe='')}", done)


def _take_down(hq: Hq, any_id: str, form: Form) -> str:
    verified = tuple(each.strip() for each in form["verified_by"].split(",") if each.strip())
    with writing(hq.engine) as conn:
        if form["request_id"]:
            taken = rights.change(conn, form["request_id"], Verified(verified), hq.now())
            done = "noted how it was made sure that it is them"
        else:
            taken = rights.take_down(conn, any_id, _told(form, verified), hq.now())
            done = f"the request to {taken.kind.value} of {taken.received} is taken down"
    hq.access_log(STAFF, "requests", [taken.party_id])
    return done


def _told(form: Form, verified: tuple[str, ...]) -> RequestTold:
    return RequestTold(
        kind=_kind(form["kind"]),
        received=form["received"] or None,
        operator=form.require("actor", "your name"),
        verified_by=verified,
    )


def _kind(text: str) -> Kind:
    if text not in set(Kind):
        raise InputFault("nothing was chosen", remedy="go back, and choose what is asked for")
    return Kind(text)


def _carry_out(request: _Asked, request_id: str, form: Form) -> str:
    form.require_sure()
    if form["action"] == "excuse":
        return _excused(hq_of(request), request_id, form)
    proof = erased(request, request_id).proof
    waits = sum(each.state.value in rights.WAITS for each in proof.replicas)
    of = len(proof.replicas)
    return (
        "erased everywhere" if proof.complete else f"erased at HQ; {waits} of {of} have to confirm"
    )


def _excused(hq: Hq, request_id: str, form: Form) -> str:
    replica = form.require("replica_id", "the replica")
    word = Excused(replica, form.require("reason", "a reason"), form.require("actor", "your name"))
    with writing(hq.engine) as conn:
        rights.excuse(conn, request_id, word, hq.now())
    return f"{replica} is waited for no longer"


ROUTES = (get_rights, get_person, post_person, get_export, get_erasure, post_erasure)
