"""What the rights of persons need of who holds HQ's root key, and of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from litestar import Request
from sqlalchemy import Connection

from agent.core.consent.erasure import ErasePerson
from central.privacy.settings import PrivacySettings


class Authority(Protocol):
    """What only HQ's root key can do."""

    def order(self, conn: Connection, scope: str, body: ErasePerson, reason: str) -> str:
        """Sign an order to erase, carry it out here, publish it; gives its id."""
        ...

    def forget_stretches(self, conn: Connection, party_ids: Sequence[str]) -> None:
        """Take out what was stretched for tills, while what persons are known by is held."""
        ...

    def token(self, contact: str, value: str) -> str:
        """Give the keyed token of a contact point."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Sign a proof."""
        ...


def authority_of(request: Request[Any, Any, Any]) -> Authority:
    """Give a handler its `Authority`: start-up alone knows who it is."""
    return cast("Authority", request.app.state.authority)


def privacy_of(request: Request[Any, Any, Any]) -> PrivacySettings:
    """Give a handler `[privacy]` of the settings."""
    return cast("PrivacySettings", request.app.state.privacy)
