"""The steward's pages: who may be one person, a merge before it is made, and what was decided.

No script is needed. Who looks at a person here is written down, as everywhere.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery

from agent.core.faults import InputFault
from central.console.login import FORM_BYTES_MAX
from central.console.pages import SECURITY, page
from central.identity.merge_routes import (
    STAFF,
    MergeAsked,
    UndoAsked,
    candidates,
    merge,
    read_decisions,
    reject,
    separate,
    undo,
)
from central.identity.merges import Decision, decisions
from central.identity.questions import SHOWN, merge_preview
from central.ledger.engine import reading
from central.ledger.hq import Hq, hq_of

DECISIONS_SHOWN = 30
_DECIDE = {"merge": merge, "reject": reject, "separate": separate}


class DecisionForm(msgspec.Struct, frozen=True):
    """What a form of these pages sends."""

    action: str
    """`merge`, `reject`, `separate` or `undo`."""
    party: tuple[str, ...]
    merge_id: str
    actor: str
    reason: str
    is_sure: bool


@get("/merges", sync_to_thread=True)
def get_merges(request: Request[Any, Any, Any], done: FromQuery[str] = "") -> Response[str]:
    """List who may be one person, the likeliest first, and what was decided last."""
    hq = hq_of(request)
    waiting = candidates(hq)
    with reading(hq.engine) as conn:
        decided = decisions(conn, limit=DECISIONS_SHOWN)
    read_decisions(hq, decided)
    return page(
        "merges.html",
        chain=hq.name,
        q="",
        done=done,
        waiting=waiting,
        shown_max=SHOWN,
        decided=decided,
    )


@get("/merges/compare", sync_to_thread=True)
def get_compare(
    request: Request[Any, Any, Any], party: FromQuery[list[str] | None] = None
) -> Response[str]:
    """Show some persons beside each other, and what a merge of them would make."""
    hq = hq_of(request)
    ids = [each for text in party or [] for each in text.split()]
    with reading(hq.engine) as conn:
        shown = merge_preview(conn, ids)
    hq.access_log(STAFF, "merge-preview", [each.canonical_id for each in shown.before])
    return page("compare.html", chain=hq.name, q="", ids=ids, shown=shown)


@post("/merges", request_max_body_size=FORM_BYTES_MAX)
async def post_merge(request: Request[Any, Any, Any]) -> Response[str]:
    """Carry out what a person decided."""
    form = _form(await request.body())
    return _back(await sync_to_thread(_decide, hq_of(request), form))


def _decide(hq: Hq, form: DecisionForm) -> str:
    if not form.is_sure:
        raise InputFault(
            "the decision was not confirmed",
            remedy="go back, and tick the box beside the button",
        )
    if form.action == "undo":
        asked = UndoAsked(form.actor, form.reason)
        return _told(undo(hq, form.merge_id, asked).undone.merge)
    decide = _DECIDE.get(form.action)
    if decide is None:
        raise InputFault("no decision was chosen", remedy="go back, and use one of the buttons")
    asked_for = MergeAsked(form.party, form.actor, form.reason, form.merge_id)
    return _told(decide(hq, asked_for).merge)


def _told(decided: Decision) -> str:
    what = f"{decided.kind} of {len(decided.party_ids)} ids"
    return f"{what}: {'undone' if decided.undo_id else 'done'}"


def _form(body: bytes) -> DecisionForm:
    sent = parse_qs(body.decode("utf-8", "replace"))

    def one(name: str) -> str:
        return sent.get(name, [""])[0].strip()

    return DecisionForm(
        action=one("action"),
        party=tuple(each.strip() for each in sent.get("party", [])),
        merge_id=one("merge_id"),
        actor=one("actor"),
        reason=one("reason"),
        is_sure=one("sure") == "yes",
    )


def _back(done: str) -> Response[str]:
    location = f"/merges?{urlencode({'done': done[:200]})}"
    return Response("", status_code=303, headers=SECURITY | {"Location": location})
