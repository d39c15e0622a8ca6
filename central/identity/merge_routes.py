"""The addresses of merges: look first, decide, undo; and the queue of a steward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import Connection

from central.identity.blocks import BLOCK_ROUTES
from central.identity.merges import (
    SHOWN,
    Asked,
    Decision,
    Desk,
    Undone,
    decision,
    decisions,
    place,
)
from central.identity.parties import canonical
from central.identity.questions import PreviewView, Queue, merge_preview, queue
from central.ledger.engine import reading, transact
from central.ledger.hq import Hq, hq_of

STAFF = "staff"


class PartiesNamed(msgspec.Struct, frozen=True):
    """Which parties."""

    party_ids: tuple[str, ...]
    """Any ids of the persons; two at least."""


class MergeAsked(msgspec.Struct, frozen=True):
    """Which parties are one person, or are not, and who says so."""

    party_ids: tuple[str, ...]
    actor: str
    """Who decides."""
    reason: str
    merge_id: str = ""
    """Made by whoever asks, for example a UUID: the same again is the same decision."""


class UndoAsked(msgspec.Struct, frozen=True):
    """Who takes a decision back."""

    actor: str
    reason: str
    undo_id: str = ""
    """Made by whoever asks; left out: made here."""


class MergeMade(msgspec.Struct, frozen=True):
    """A decision, and under which id those it names are shown now."""

    merge: Decision
    canonical: dict[str, str]
    """Party id, as named → canonical id."""


class MergeUndone(msgspec.Struct, frozen=True):
    """A decision that was taken back, and under which id those it names are shown now."""

    undone: Undone
    canonical: dict[str, str]


class Merges(msgspec.Struct, frozen=True):
    """A page of decisions, the newest first."""

    merges: tuple[Decision, ...]
    before: str | None = None
    """Ask with this for the next page; None at the end."""


@post("/v1/merges/preview", status_code=200, sync_to_thread=True)
def post_preview(request: Request[Any, Any, Any], data: JSONBody[PartiesNamed]) -> PreviewView:
    """Show what a merge would do: who becomes one, under which id, what contradicts."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = merge_preview(conn, data.party_ids)
    hq.access_log(STAFF, "merge-preview", [each.canonical_id for each in view.before])
    return view


@post("/v1/merges", status_code=201, sync_to_thread=True)
def post_merge(request: Request[Any, Any, Any], data: JSONBody[MergeAsked]) -> MergeMade:
    """Make some parties one person; it can be undone."""
    return merge(hq_of(request), data)


@post("/v1/merges/{merge_id:str}/undo", status_code=200, sync_to_thread=True)
def post_undo(
    request: Request[Any, Any, Any], merge_id: FromPath[str], data: JSONBody[UndoAsked]
) -> MergeUndone:
    """Take a merge, a separation or a rejection back: as if it had never been made."""
    return undo(hq_of(request), merge_id, data)


@post("/v1/separations", status_code=201, sync_to_thread=True)
def post_separation(request: Request[Any, Any, Any], data: JSONBody[MergeAsked]) -> MergeMade:
    """Part some ids from the others of their person, which a rule has joined."""
    return separate(hq_of(request), data)


@get("/v1/merges", sync_to_thread=True)
def get_merges(
    request: Request[Any, Any, Any],
    before: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=SHOWN)] = SHOWN,
) -> Merges:
    """List what was decided, the newest first; `before`: of the page before, or a time."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = decisions(conn, before=before, limit=limit + 1)
    read_decisions(hq, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return Merges(tuple(found[:limit]), None if last is None else place(last))


@get("/v1/merges/{merge_id:str}", sync_to_thread=True)
def get_merge(request: Request[Any, Any, Any], merge_id: FromPath[str]) -> Decision:
    """Show one decision."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = decision(conn, merge_id)
    read_decisions(hq, [found])
    return found


@get("/v1/candidates", sync_to_thread=True)
def get_candidates(request: Request[Any, Any, Any]) -> Queue:
    """List who may be one person, the likeliest first, and why no rule says so."""
    return candidates(hq_of(request))


@post("/v1/candidates/accept", status_code=201, sync_to_thread=True)
def post_accept(request: Request[Any, Any, Any], data: JSONBody[MergeAsked]) -> MergeMade:
    """Answer that two are one person: a merge."""
    return merge(hq_of(request), data)


@post("/v1/candidates/reject", status_code=201, sync_to_thread=True)
def post_reject(request: Request[Any, Any, Any], data: JSONBody[MergeAsked]) -> MergeMade:
    """Answer that two are different persons: nobody asks again, and no rule joins them."""
    return reject(hq_of(request), data)


def merge(hq: Hq, data: MergeAsked) -> MergeMade:
    """Carry a merge out."""
    return _made(hq, data, Desk.merge)


def separate(hq: Hq, data: MergeAsked) -> MergeMade:
    """Carry a separation out."""
    return _made(hq, data, Desk.separate)


def reject(hq: Hq, data: MergeAsked) -> MergeMade:
    """Write down that two parties are different persons."""
    return _made(hq, data, Desk.reject)


def undo(hq: Hq, merge_id: str, data: UndoAsked) -> MergeUndone:
    """Take a decision back."""
    asked = Asked(data.actor, data.reason, data.undo_id)

    def taken_back(conn: Connection) -> MergeUndone:
        undone = Desk(conn, hq.now(), hq.give_order).undo(merge_id, asked)
        return MergeUndone(undone, _canonical(conn, undone.merge))

    taken = transact(hq.engine, taken_back)
    read_decisions(hq, [taken.undone.merge])
    return taken


def candidates(hq: Hq) -> Queue:
    """Give the queue; whoever it shows is written down."""
    with reading(hq.engine) as conn:
        found = queue(conn)
    seen = [each.party_id for asked in found.questions for each in (asked.one, asked.other)]
    hq.access_log(STAFF, "candidates", seen)
    return found


def _made(
    hq: Hq, data: MergeAsked, decide: Callable[[Desk, Sequence[str], Asked], Decision]
) -> MergeMade:
    asked = Asked(data.actor, data.reason, data.merge_id)

    def made(conn: Connection) -> MergeMade:
        decided = decide(Desk(conn, hq.now(), hq.give_order), data.party_ids, asked)
        return MergeMade(decided, _canonical(conn, decided))

    answer = transact(hq.engine, made)
    read_decisions(hq, [answer.merge])
    return answer


def read_decisions(hq: Hq, shown: Iterable[Decision]) -> None:
    """Write down whose decisions are shown: a reason is free text, and may say who they are."""
    hq.access_log(STAFF, "merge", [each for one in shown for each in one.party_ids])


def _canonical(conn: Connection, decided: Decision) -> dict[str, str]:
    return {each: canonical(conn, each) for each in decided.party_ids}


MERGE_ROUTES: list[HTTPRouteHandler] = [
    post_preview,
    post_merge,
    post_undo,
    post_separation,
    get_merges,
    get_merge,
    get_candidates,
    post_accept,
    post_reject,
    *BLOCK_ROUTES,
]
