"""The addresses of points and gift cards; a read of a person is logged before the answer leaves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection

from agent.core.faults import StateFault
from agent.core.loyalty import POINTS, Programme, gift_owner, read_programme
from agent.core.loyalty.bookings import adjusted
from agent.core.loyalty.rules import VALUE_MAX
from central.identity.cards import publish_card
from central.identity.parties import canonical, members_of
from central.ledger.engine import reading, transact
from central.ledger.hq import hq_of
from central.value import leasing, programme, worklist
from central.value.balances import ValueView, view_of
from central.value.books import SqlBooks
from central.value.expiring import upcoming
from central.value.opening import open_books
from central.value.worklist import Finding

STAFF = "staff"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class GiftAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gift card, by the number on it."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Value given, or with a negative amount taken, without a sale."""

    booking_id: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    """Made by the caller: repeated under it, it is booked once."""
    value: Annotated[int, msgspec.Meta(ge=-VALUE_MAX, le=VALUE_MAX)]
    reason: Word
    actor: Word
    """Who decides."""
    unit: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] = POINTS


class Worklist(msgspec.Struct, frozen=True):
    """What a person should look at."""

    findings: tuple[Finding, ...]


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that is dealt with."""

    event: Word
    line: Word
    actor: Word
    reason: Word


@get("/v1/parties/{any_id:str}/value", sync_to_thread=True)
def get_value(request: Request[Any, Any, Any], any_id: FromPath[str]) -> ValueView:
    """Show what a person has: points and what tills hold of them, all merged ids added up."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        party_id = canonical(conn, any_id)
        view = _person_view(conn, party_id, hq.now())
    hq.access_log(STAFF, "value", [party_id])
    return view


@post("/v1/parties/{any_id:str}/value", status_code=200, sync_to_thread=True)
def post_value(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[Adjustment]
) -> ValueView:
    """Give a person value, or take some, for a reason: goodwill, or what a worklist asked for."""
    hq = hq_of(request)

    def book(conn: Connection) -> tuple[str, ValueView]:
        event = f"booking/{data.booking_id}"
        party_id = worklist.booked_for(conn, event) or any_id
        _require_one(conn, party_id, any_id)
        open_books(conn, [party_id])
        booked = adjusted(party_id, data.unit, data.value, event=event)
        if SqlBooks(conn).post(booked, hq.now()):
            said = {"by": data.actor, "reason": data.reason, "now": hq.now()}
            worklist.note_decided(conn, event, booked[0], **said)
        chosen = canonical(conn, party_id)
        publish_card(conn, chosen)
        return chosen, _person_view(conn, chosen, hq.now())

    party_id, view = transact(hq.engine, book)
    hq.access_log(STAFF, "value", [party_id])
    return view


@post("/v1/gift-cards/balance", status_code=200, sync_to_thread=True)
def post_gift_balance(request: Request[Any, Any, Any], data: JSONBody[GiftAsked]) -> ValueView:
    """Show what is on a gift card; its number travels in the body and is kept nowhere."""
    owner = gift_owner(data.number)
    with reading(hq_of(request).engine) as conn:
        return view_of(conn, [owner])


@post("/v1/leases/{lease_id:str}/write-off", status_code=200, sync_to_thread=True)
def post_write_off(request: Request[Any, Any, Any], lease_id: FromPath[str]) -> ValueView:
    """Give back what a till that is gone for good has not spent of a lease, as far as HQ knows."""
    hq = hq_of(request)

    def write_off(conn: Connection) -> ValueView:
        lease = leasing.write_off(conn, lease_id, hq.now())
        return view_of(conn, [lease.owner])

    view = transact(hq.engine, write_off)
    hq.access_log(STAFF, "value", list(view.owners))
    return view


@get("/v1/loyalty/programme", sync_to_thread=True)
def get_programme(request: Request[Any, Any, Any]) -> Programme:
    """Show the loyalty programme in force."""
    with reading(hq_of(request).engine) as conn:
        return programme.current(conn)


@put("/v1/loyalty/programme", sync_to_thread=True)
def put_programme(request: Request[Any, Any, Any], data: JSONBody[Programme]) -> Programme:
    """Put a loyalty programme in force at every till, as soon as it hears of it."""
    hq = hq_of(request)
    meant = read_programme(msgspec.json.encode(data))
    return transact(hq.engine, lambda conn: programme.put(conn, meant, hq.now()))


@get("/v1/loyalty/worklist", sync_to_thread=True)
def get_worklist(request: Request[Any, Any, Any]) -> Worklist:
    """List who owes value, and which leases and refunds do not add up."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = worklist.worklist(conn)
    hq.access_log(STAFF, "value", [each.owner for each in found if each.owner])
    return Worklist(found)


@post("/v1/loyalty/worklist/settle", status_code=200, sync_to_thread=True)
def post_settle(request: Request[Any, Any, Any], data: JSONBody[Settlement]) -> Worklist:
    """Take a person's word that a finding is dealt with."""
    hq = hq_of(request)

    def settle(conn: Connection) -> Worklist:
        said = {"by": data.actor, "reason": data.reason, "now": hq.now()}
        worklist.settle(conn, data.event, data.line, **said)
        return Worklist(worklist.worklist(conn))

    left = transact(hq.engine, settle)
    hq.access_log(STAFF, "value", [each.owner for each in left.findings])
    return left


def _person_view(conn: Connection, party_id: str, now: str) -> ValueView:
    owners = members_of(conn, party_id)
    ends = upcoming(conn, owners, now[:10])
    return msgspec.structs.replace(view_of(conn, owners), expiring=ends)


def _require_one(conn: Connection, booked: str, asked: str) -> None:
    """Refuse to take the booking of one person for another's."""
    if canonical(conn, booked) != canonical(conn, asked):
        raise StateFault(
            "under this booking_id somebody else was given value, or had it taken",
            remedy="make a new booking_id for each, and send it again only to repeat it",
            name="booking-id-taken",
        )


ROUTES: list[HTTPRouteHandler] = [
    get_value,
    post_value,
    post_gift_balance,
    post_write_off,
    get_programme,
    put_programme,
    get_worklist,
    post_settle,
]
