"""Who speaks to HQ's API: its staff, or a channel with a token of its own.

The gate knows them by their token and says so here; the routes that a channel may call ask.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar.connection import ASGIConnection

from agent.core.faults import AccessFault

STAFF = "staff"
"""How staff stand in the access log."""


class NotForChannel(AccessFault):
    """A channel's token came with a call that is not that channel's."""

    name = "not-for-channel"
    title = "This token is for one channel's own calls"


class ChannelCaller(NamedTuple):
    """A channel that speaks by its own token."""

    channel: str
    purposes: frozenset[str]
    """The uses of data it may ask about."""


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> ChannelCaller | None:
    """Give the channel that calls, as the gate left it in the scope; None: staff do."""
    caller = connection.scope.get("auth")
    return caller if isinstance(caller, ChannelCaller) else None


def reader_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Name who reads, for the access log: `staff`, or `channel:ID`."""
    caller = caller_of(connection)
    return STAFF if caller is None else f"channel:{caller.channel}"


def require_purpose(connection: ASGIConnection[Any, Any, Any, Any], purpose: str) -> None:
    """Let a channel ask only of uses it has.

    Raises:
        NotForChannel: its token was not made for this one.
    """
    caller = caller_of(connection)
    if caller is not None and purpose not in caller.purposes:
        raise NotForChannel(
            f"the token of channel {caller.channel!r} does not ask about {purpose!r}",
            remedy=f"at HQ: till-central channel-token {caller.channel} --purpose {purpose}",
        )
