"""The addresses of households: who belongs to one, from when, until when."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection

from agent.core.history import Home
from agent.core.history.households import MEMBER, Household
from central.identity.households import affiliate, end, homes, household
from central.identity.merges import Asked
from central.identity.parties import canonical
from central.ledger.engine import reading, transact
from central.ledger.hq import Hq, hq_of

STAFF = "staff"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class MemberAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who belongs to a household, and who says so."""

    party_id: str
    """Any id of the person."""
    actor: str
    reason: str
    role: Word = MEMBER
    """`head`, `partner`, `child` … as the shop calls them."""
    membership_id: str = ""
    """Made by whoever asks, for example a UUID: the same again is the same membership."""


class EndAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who ends a membership."""

    actor: str
    reason: str


class Homes(msgspec.Struct, frozen=True):
    """The households of a person."""

    party_id: str
    """As asked for."""
    canonical_id: str
    households: tuple[Home, ...]


@get("/v1/households/{household_id:str}", sync_to_thread=True)
def get_household(request: Request[Any, Any, Any], household_id: FromPath[str]) -> Household:
    """Show a household with its people, each person once."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        return _read(hq, household(conn, household_id))


@post("/v1/households/{household_id:str}/members", status_code=201, sync_to_thread=True)
def post_member(
    request: Request[Any, Any, Any], household_id: FromPath[str], data: JSONBody[MemberAsked]
) -> Household:
    """Have a person belong to a household, which is made with its first member; joins nobody."""
    hq = hq_of(request)
    asked = Asked(data.actor, data.reason, data.membership_id).checked()

    def kept(conn: Connection) -> Household:
        affiliate(conn, data.party_id, household_id, data.role, asked, hq.now())
        return household(conn, household_id)

    return _read(hq, transact(hq.engine, kept))


@post(
    "/v1/households/{household_id:str}/members/{membership_id:str}/end",
    status_code=200,
    sync_to_thread=True,
)
def post_end(
    request: Request[Any, Any, Any],
    household_id: FromPath[str],
    membership_id: FromPath[str],
    data: JSONBody[EndAsked],
) -> Household:
    """End a membership: one of the `events` of whom it is; what was once is kept."""
    hq = hq_of(request)
    asked = Asked(data.actor, data.reason).checked()

    def ended(conn: Connection) -> Household:
        end(conn, household_id, membership_id, asked, hq.now())
        return household(conn, household_id)

    return _read(hq, transact(hq.engine, ended))


@get("/v1/parties/{any_id:str}/households", sync_to_thread=True)
def get_homes(request: Request[Any, Any, Any], any_id: FromPath[str]) -> Homes:
    """List the households of a person, over all their ids."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        chosen = canonical(conn, any_id)
        found = homes(conn, chosen)
    hq.access_log(STAFF, "households", [chosen])
    return Homes(any_id, chosen, found)


def _read(hq: Hq, shown: Household) -> Household:
    hq.access_log(STAFF, "household", [each.canonical_id for each in shown.members])
    return shown


HOUSEHOLD_ROUTES: list[HTTPRouteHandler] = [get_household, post_member, post_end, get_homes]
