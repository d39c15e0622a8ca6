"""Who speaks, and for which till: bearer tokens (RFC 6750), hashed at rest.

A till's token speaks for that till alone. The admin token, which only the owner of the state
directory can read, speaks for all; it is what the command line uses.
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from agent.api.backend import Backend
from agent.api.problems import UnauthenticatedFault
from agent.core.faults import AccessFault, InputFault, NotFoundFault
from agent.core.identifiers import SaleId, TillId
from agent.journal import Connection, pairing, sales
from agent.till import TillLoop

SCHEME = "bearer "
TOKEN_REMEDY = "send Authorization: Bearer TOKEN; a token comes from `till-agent pair TILL`"  # noqa: S105


class Speaker(msgspec.Struct, frozen=True):
    """Whoever sent a request."""

    till: TillId | None
    """The till a token is for; None is the admin."""
    token: str | None = None
    """Hash of a till's token; None of the admin's, which no claim and no stream outlives."""

    @property
    def admin(self) -> bool:
        """Whether this is the owner of the state directory."""
        return self.till is None

    def require_admin(self) -> None:
        """Insist on the admin token.

        Raises:
            AccessFault: `admin-only`.
        """
        if not self.admin:
            raise AccessFault(
                "this needs the admin token",
                remedy="use the command line on the till's machine: till-agent --help",
                name="admin-only",
            )


Sender = NamedDependency[Speaker]
"""An endpoint's parameter `speaker`."""


def token_hash(token: str) -> str:
    """Give what is kept of a token."""
    return sha256(token.encode()).hexdigest()


async def speaker_of(backend: Backend, token: str) -> Speaker:
    """Tell who holds a token.

    Raises:
        UnauthenticatedFault: nobody does, or not any more.
    """
    if hmac.compare_digest(token.encode(), backend.admin_token.encode()):
        return Speaker(None)
    digest = token_hash(token)
    till = await backend.journal.read(lambda conn: pairing.find(conn, digest))
    if till is None or till not in backend.tills:
        raise UnauthenticatedFault(
            "the token is unknown or was revoked", remedy=TOKEN_REMEDY, name="unknown-token"
        )
    backend.uses.note(backend.journal, digest, backend.clock.stamp().wall)
    return Speaker(till, digest)


async def require_token(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Guard: let nobody past without a token; who it is stands in the request's state.

    Raises:
        UnauthenticatedFault: no token, or an unknown one.
        TooOftenFault: too many changes with this token.
    """
    token = bearer(connection)
    if token is None:
        raise UnauthenticatedFault("the request carries no token", remedy=TOKEN_REMEDY)
    backend: Backend = connection.app.state.backend
    speaker = await speaker_of(backend, token)
    if connection.scope.get("method") not in {"GET", "HEAD"}:
        backend.pace.spend(speaker.token or "", time.monotonic())
    connection.state.speaker = speaker


def bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Read the token of the Authorization header."""
    header = connection.headers.get("authorization", "")
    if not header.lower().startswith(SCHEME):
        return None
    return header[len(SCHEME) :].strip() or None


def loop_for(backend: Backend, speaker: Speaker, till: str | None) -> TillLoop:
    """Find the till a request is about, if its sender may speak for it.

    Args:
        backend: has the tills.
        speaker: who asks.
        till: as named by the request; None means the token's own, or the only one there is.

    Raises:
        AccessFault: `wrong-till`.
        NotFoundFault: `no-such-till`.
        InputFault: `till-missing`.
    """
    wanted = TillId(till) if till is not None else speaker.till
    if wanted is None:
        wanted = _only_till(backend)
    if not speaker.admin and wanted != speaker.till:
        raise AccessFault(
            f"this token speaks for till {speaker.till}, not for {wanted}",
            remedy="use the token of that till: till-agent pair TILL",
            name="wrong-till",
        )
    loop = backend.tills.get(wanted)
    if loop is None:
        raise NotFoundFault(
            f"there is no till {wanted}",
            remedy=f"tills of this agent: {', '.join(backend.tills)}",
            name="no-such-till",
        )
    return loop


async def loop_of_sale(backend: Backend, speaker: Speaker, sale_id: SaleId) -> TillLoop:
    """Find the till that holds a sale; a till's own token always means that till."""
    if speaker.till is not None:
        return backend.tills[speaker.till]
    for loop in backend.tills.values():
        if loop.holds(sale_id):
            return loop

    def read(conn: Connection) -> TillId | None:
        body = sales.completed(conn, sale_id)
        return body.till if body else None

    till = await backend.journal.read(read)
    if till is None or till not in backend.tills:
        raise NotFoundFault(
            f"no sale {sale_id} is held here",
            remedy="check the id; sales of other stores are at HQ",
            name="no-such-sale",
        )
    return backend.tills[till]


def _only_till(backend: Backend) -> TillId:
    if len(backend.tills) == 1:
        return next(iter(backend.tills))
    raise InputFault(
        "with the admin token the till must be named",
        remedy=f'send "till": one of {", ".join(backend.tills)}',
        name="till-missing",
    )
