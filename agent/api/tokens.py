"""Endpoints of a till's tokens: made, listed, taken back at once; for the admin alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from agent.api.access import Sender, loop_for, token_hash
from agent.api.backend import Backend, Served
from agent.api.bodies import EmptyBody, Json
from agent.api.described import ANSWERS, TillPath
from agent.api.events import Watchers
from agent.core.faults import NotFoundFault
from agent.core.identifiers import TillId
from agent.journal import pairing
from agent.journal.pairing import Pairing

TOKEN_BYTES = 32
Watching = NamedDependency[Watchers]
TokenPath = Annotated[str, PathParameter(description="A token's id, as the list gives it.")]


class Paired(msgspec.Struct, frozen=True):
    """A new token for a till; shown this once."""

    till: str
    token: str
    id: str
    """Names it in the list, and to take it back."""


class Revoked(msgspec.Struct, frozen=True):
    """How many tokens of a till were taken back."""

    till: str
    revoked: int


@post("/v1/tills/{till:str}/pair", dto=Json[EmptyBody], responses=ANSWERS)
async def pair(
    till: TillPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> Paired:
    """Make a token for a till page or POS software (admin only)."""
    del data
    speaker.require_admin()
    loop = loop_for(backend, speaker, till)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    digest, at = token_hash(token), backend.clock.stamp().wall
    await backend.journal.write(lambda conn: pairing.issue(conn, loop.till, digest, at))
    return Paired(loop.till, token, digest[: pairing.ID_LENGTH])


@get("/v1/tills/{till:str}/pair", responses=ANSWERS)
async def list_tokens(till: TillPath, backend: Served, speaker: Sender) -> list[Pairing]:
    """List a till's tokens with their last use, the oldest first (admin only)."""
    speaker.require_admin()
    loop = loop_for(backend, speaker, till)
    kept = await backend.journal.read(lambda conn: pairing.listed(conn, loop.till))
    return [
        msgspec.structs.replace(each, used=backend.uses.last(digest) or each.used)
        for digest, each in kept
    ]


@delete("/v1/tills/{till:str}/pair", dto=Json[EmptyBody], status_code=200, responses=ANSWERS)
async def unpair(
    till: TillPath,
    data: JSONBody[EmptyBody],
    backend: Served,
    speaker: Sender,
    watchers: Watching,
) -> Revoked:
    """Take back all tokens of a till (admin only); what they hold open is closed at once."""
    del data
    speaker.require_admin()
    loop = loop_for(backend, speaker, till)
    gone = await backend.journal.write(lambda conn: pairing.revoke(conn, loop.till))
    await _end(backend, watchers, gone)
    return Revoked(loop.till, len(gone))


@delete(
    "/v1/tills/{till:str}/pair/{token_id:str}",
    dto=Json[EmptyBody],
    status_code=200,
    responses=ANSWERS,
)
async def unpair_one(
    till: TillPath,
    token_id: TokenPath,
    data: JSONBody[EmptyBody],
    backend: Served,
    speaker: Sender,
    watchers: Watching,
) -> Revoked:
    """Take back one token of a till (admin only); what it holds open is closed at once."""
    del data
    speaker.require_admin()
    loop = loop_for(backend, speaker, till)
    gone = await backend.journal.write(lambda conn: pairing.revoke(conn, loop.till, token_id))
    if not gone:
        raise no_such_token(loop.till, token_id)
    await _end(backend, watchers, gone)
    return Revoked(loop.till, len(gone))


def no_such_token(till: TillId, token_id: str) -> NotFoundFault:
    """Say that a token is not there, or not any more."""
    return NotFoundFault(
        f"till {till} has no token {token_id[:40]!r}",
        remedy=f"list its tokens: till-agent pair {till} --list",
        name="no-such-token",
    )


async def _end(backend: Backend, watchers: Watchers, gone: Sequence[str]) -> None:
    for digest in gone:
        watchers.cut(digest)
        backend.pace.forget(digest)
        backend.uses.forget(digest)
    await backend.claims.end_tokens(gone)


ENDPOINTS = (pair, list_tokens, unpair, unpair_one)
