"""Identifiers that name nobody: the store's own phone, an address cashiers type to get on.

A blocked one joins nobody, finds nobody and proposes nobody, from now on and for what is held
already; taken off the list, it means again what it meant before.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from sqlalchemy import Connection, delete, select

from agent.core.history.graph import Block
from agent.core.history.graph_near import touched
from agent.core.recognition import normalise
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.graph import resettle
from central.identity.graph_facts import HeldFacts, book_of
from central.identity.merges import Asked
from central.ledger.engine import reading, transact
from central.ledger.graph_tables import BLOCKS
from central.ledger.hq import hq_of
from central.ledger.upserts import upsert

_REGION = "DE"
_KEEP = upsert(BLOCKS).on_conflict_do_nothing()


class BlockAsked(msgspec.Struct, frozen=True):
    """Which identifier names nobody, or somebody after all, and who says so."""

    type: IdentifierType
    value: str
    actor: str
    reason: str
    country: str = _REGION
    """ISO 3166-1 alpha-2, for phones without a country code."""


class Blocked(msgspec.Struct, frozen=True):
    """An identifier that names nobody."""

    type: str
    value: str
    """Normalised."""
    actor: str
    at: str
    reason: str


class BlockList(msgspec.Struct, frozen=True):
    """All of them, by type and value."""

    blocked: tuple[Blocked, ...]


@get("/v1/identifiers/blocked", sync_to_thread=True)
def get_blocked(request: Request[Any, Any, Any]) -> BlockList:
    """List the identifiers that name nobody."""
    with reading(hq_of(request).engine) as conn:
        return blocked(conn)


@post("/v1/identifiers/block", status_code=200, sync_to_thread=True)
def post_block(request: Request[Any, Any, Any], data: JSONBody[BlockAsked]) -> BlockList:
    """Say that an identifier names nobody: it joins, finds and proposes no customer."""
    hq = hq_of(request)
    asked = Asked(data.actor, data.reason).checked()
    identifier = normalise(data.type, data.value, data.country)

    def kept(conn: Connection) -> BlockList:
        block(conn, identifier, asked, hq.now())
        return blocked(conn)

    return transact(hq.engine, kept)


@post("/v1/identifiers/unblock", status_code=200, sync_to_thread=True)
def post_unblock(request: Request[Any, Any, Any], data: JSONBody[BlockAsked]) -> BlockList:
    """Take an identifier off the list: it means again what it meant before."""
    hq = hq_of(request)
    Asked(data.actor, data.reason).checked()
    identifier = normalise(data.type, data.value, data.country)

    def kept(conn: Connection) -> BlockList:
        unblock(conn, identifier)
        return blocked(conn)

    return transact(hq.engine, kept)


def block(conn: Connection, identifier: Identifier, asked: Asked, now: str) -> None:
    """Have an identifier name nobody."""
    row = {
        "type": identifier.type.value,
        "value": identifier.value,
        "actor": asked.actor,
        "at": now,
        "reason": asked.reason,
    }
    conn.execute(_KEEP, row)
    _settle(conn, identifier)


def unblock(conn: Connection, identifier: Identifier) -> None:
    """Have an identifier mean again what it meant before; one that means something stays so."""
    it = (BLOCKS.c.type == identifier.type.value) & (BLOCKS.c.value == identifier.value)
    conn.execute(delete(BLOCKS).where(it))
    _settle(conn, identifier)


def blocked(conn: Connection) -> BlockList:
    """List the identifiers that name nobody."""
    rows = conn.execute(select(BLOCKS).order_by(BLOCKS.c.type, BLOCKS.c.value)).mappings()
    return BlockList(tuple(Blocked(**row) for row in rows))


def _settle(conn: Connection, identifier: Identifier) -> None:
    said = Block(identifier, event="block")
    resettle(conn, touched(HeldFacts(conn), [said], book_of(conn)))


BLOCK_ROUTES: list[HTTPRouteHandler] = [get_blocked, post_block, post_unblock]
