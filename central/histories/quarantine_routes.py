"""The addresses of the quarantine: what is set aside, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from agent.core.faults import InputFault
from central.histories import quarantine
from central.histories.applier import Applier
from central.histories.parking import parked
from central.histories.replaying import Replayed, Selection, replay_all
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of


class Quarantine(msgspec.Struct, frozen=True):
    """A page of what is set aside."""

    waiting: int
    """Entries that wait for a decision."""
    names: dict[str, int]
    """What is wrong with them, and how often."""
    parked: int
    """Applied entries that wait for another one still on its way, for example a return for its
    sale; no decision is needed."""
    entries: tuple[quarantine.Aside, ...]
    after: str | None
    """Ask with this for the next page; None at the end."""


class Reason(msgspec.Struct, frozen=True):
    """Who decides, and why: both stay in the audit."""

    actor: str
    reason: str


class ReplayRequest(msgspec.Struct, frozen=True):
    """Which entries are tried again: all of one name, all of a store, or all."""

    actor: str
    reason: str
    name: str | None = None
    store: str | None = None


@get("/v1/quarantine", sync_to_thread=True)
def get_quarantine(
    request: Request[Any, Any, Any],
    name: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=quarantine.PAGE)] = quarantine.PAGE,
) -> Quarantine:
    """List what could not be applied, and what is wrong with it."""
    with reading(hq_of(request).engine) as conn:
        found = quarantine.listed(
            conn, name=name, store=store, after=_place(after), limit=limit + 1
        )
        last = found[limit - 1] if len(found) > limit else None
        return Quarantine(
            waiting=quarantine.count(conn),
            names=quarantine.names(conn),
            parked=parked(conn),
            entries=tuple(found[:limit]),
            after=None if last is None else f"{last.journal_id}:{last.seq}",
        )


@get("/v1/quarantine/audit", sync_to_thread=True)
def get_audit(
    request: Request[Any, Any, Any],
    journal_id: FromQuery[str | None] = None,
    seq: FromQuery[int | None] = None,
) -> list[quarantine.Decision]:
    """Tell who replayed, voided or took back what, newest first."""
    with reading(hq_of(request).engine) as conn:
        return quarantine.decisions(conn, journal_id=journal_id, seq=seq)


@post("/v1/quarantine/replay", status_code=200, sync_to_thread=True)
def post_replay_all(request: Request[Any, Any, Any], data: JSONBody[ReplayRequest]) -> Replayed:
    """Try again everything of one name or store, or everything."""
    hq = hq_of(request)
    selection = Selection(data.name, data.store)
    return replay_all(applier_of(hq), hq.engine, _person(hq, data), selection)


@post("/v1/quarantine/{journal_id:str}/{seq:int}/replay", status_code=200, sync_to_thread=True)
def post_replay(
    request: Request[Any, Any, Any],
    journal_id: FromPath[str],
    seq: quarantine.Seq,
    data: JSONBody[Reason],
) -> quarantine.Decision:
    """Try one entry again; it is applied at most once."""
    hq = hq_of(request)
    return applier_of(hq).replay(journal_id, seq, _person(hq, data))


@post("/v1/quarantine/{journal_id:str}/{seq:int}/void", status_code=200, sync_to_thread=True)
def post_void(
    request: Request[Any, Any, Any],
    journal_id: FromPath[str],
    seq: quarantine.Seq,
    data: JSONBody[Reason],
) -> quarantine.Aside:
    """Decide that one entry must never count."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        return quarantine.void(conn, journal_id, seq, _person(hq, data))


@post("/v1/quarantine/{journal_id:str}/{seq:int}/un-void", status_code=200, sync_to_thread=True)
def post_unvoid(
    request: Request[Any, Any, Any],
    journal_id: FromPath[str],
    seq: quarantine.Seq,
    data: JSONBody[Reason],
) -> quarantine.Aside:
    """Take a void back."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        return quarantine.unvoid(conn, journal_id, seq, _person(hq, data))


def applier_of(hq: Hq) -> Applier:
    """Make an applier for one request: the replay is a transaction of its own."""
    return Applier(hq.engine, hq.now, take_back=hq.take_back, open_body=hq.open_body)


def _person(hq: Hq, said: Reason | ReplayRequest) -> quarantine.Person:
    return quarantine.Person(said.actor, said.reason, hq.now())


def _place(after: str | None) -> tuple[str, int] | None:
    if after is None:
        return None
    place = quarantine.place_of(after)
    if place is None:
        raise InputFault(
            f"{after[:80]!r} is no place in the quarantine",
            remedy="use `after` of the page before, or leave it out",
        )
    return place


QUARANTINE_ROUTES: list[HTTPRouteHandler] = [
    get_quarantine,
    get_audit,
    post_replay_all,
    post_replay,
    post_void,
    post_unvoid,
]
