"""The addresses of consent and of rights; each read of a person is logged before the answer."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from agent.core.consent import ConsentRecord
from agent.core.prompts import Prompt, PromptEvent
from central.identity.asking import define, defined
from central.identity.findings import Found, found_newest
from central.ledger.callers import reader_of, require_purpose
from central.ledger.engine import reading, writing
from central.ledger.hq import hq_of
from central.privacy.authority import authority_of
from central.privacy.consenting import (
    Allowed,
    AnswerGiven,
    ConsentsView,
    MayI,
    answered,
    consents_view,
    may_i,
)
from central.privacy.prompting import (
    Asking,
    PromptAnswer,
    PromptsView,
    next_prompt,
    prompts_view,
    said,
)

STAFF = "staff"


class FoundList(msgspec.Struct, frozen=True):
    """Card numbers that were masked, the newest first."""

    found: tuple[Found, ...]


@post("/v1/consent/check", status_code=200, sync_to_thread=True)
def post_check(request: Request[Any, Any, Any], data: JSONBody[MayI]) -> Allowed:
    """Say whether something may be done with a person's data: the answer, and why."""
    hq = hq_of(request)
    require_purpose(request, data.purpose)
    with reading(hq.engine) as conn:
        allowed = may_i(conn, data, hq.now()[:10], authority_of(request).token)
    hq.access_log(reader_of(request), f"consent {data.purpose}", [allowed.party_id])
    return allowed


@get("/v1/parties/{any_id:str}/consents", sync_to_thread=True)
def get_consents(request: Request[Any, Any, Any], any_id: FromPath[str]) -> ConsentsView:
    """Show what a person has allowed and forbidden, with the proof of each answer."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = consents_view(conn, any_id, hq.now()[:10])
    hq.access_log(STAFF, "consents", [view.party_id])
    return view


@post("/v1/parties/{any_id:str}/consents", status_code=201, sync_to_thread=True)
def post_consent(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[AnswerGiven]
) -> ConsentRecord:
    """Keep a person's answer; it holds at once, here and at every till that hears of it."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        kept = answered(conn, any_id, data, hq.now(), hq.bear_witness)
    hq.access_log(STAFF, "consents", [kept.party_id])
    return kept


@get("/v1/prompts", sync_to_thread=True)
def get_prompts(request: Request[Any, Any, Any]) -> list[Prompt]:
    """Show what may be asked of customers, when and where."""
    with reading(hq_of(request).engine) as conn:
        return list(defined(conn).values())


@put("/v1/prompts", sync_to_thread=True)
def put_prompts(request: Request[Any, Any, Any], data: JSONBody[list[Prompt]]) -> list[Prompt]:
    """Replace what may be asked; every till learns it with its next feed."""
    with writing(hq_of(request).engine) as conn:
        return list(define(conn, data).values())


@get("/v1/parties/{any_id:str}/prompts", sync_to_thread=True)
def get_asked(request: Request[Any, Any, Any], any_id: FromPath[str]) -> PromptsView:
    """Show what a person was asked and answered, and what is silent until when."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = prompts_view(conn, any_id)
    hq.access_log(STAFF, "prompts", [view.party_id])
    return view


@post("/v1/parties/{any_id:str}/prompts/next", status_code=200, sync_to_thread=True)
def post_next(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[Asking]
) -> PromptAnswer:
    """Choose the one question to ask in a visit, if any; it is not asked before it is recorded."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        chosen = next_prompt(conn, any_id, data, hq.now()[:10])
    hq.access_log(STAFF, "prompts", [chosen.party_id])
    return chosen


@post("/v1/parties/{any_id:str}/prompts", status_code=201, sync_to_thread=True)
def post_said(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[PromptEvent]
) -> PromptEvent:
    """Record that something was asked, answered or refused: from then on no channel asks it."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        kept = said(conn, any_id, data, hq.now())
    hq.access_log(STAFF, "prompts", [kept.party_id])
    return kept


@get("/v1/card-numbers", sync_to_thread=True)
def get_found(request: Request[Any, Any, Any]) -> FoundList:
    """List the card numbers that were masked in what other software sent."""
    with reading(hq_of(request).engine) as conn:
        return FoundList(tuple(found_newest(conn)))


ROUTES: list[HTTPRouteHandler] = [
    post_check,
    get_consents,
    post_consent,
    get_prompts,
    put_prompts,
    get_asked,
    post_next,
    post_said,
    get_found,
]
