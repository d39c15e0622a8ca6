"""What `till-central channel-token` does; a serving HQ hears of it within a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent.core.faults import NotFoundFault
from central.channels.registry import channel_named, register
from central.daemon import channel_tokens
from central.daemon.channel_tokens import ChannelToken
from central.daemon.commands import ledger
from central.daemon.state import utc_now
from central.ledger.engine import reading, writing


class Made(msgspec.Struct, frozen=True):
    """A new token; shown this once."""

    channel: str
    token: str


class Revoked(msgspec.Struct, frozen=True):
    """How many tokens were taken back."""

    channel: str
    revoked: int


def run_issue(config: Path, channel: str, purposes: Sequence[str], *, replace: bool) -> Made:
    """Make a token; a channel that was written into the settings just now is registered.

    Raises:
        NotFoundFault: `unknown-channel`.
        InputFault: `bad-purpose`.
    """
    with ledger(config) as (settings, engine), writing(engine) as conn:
        register(conn, settings.channels, utc_now())
        token = channel_tokens.issue(conn, channel, utc_now(), purposes=purposes, replace=replace)
    return Made(channel, token)


def run_list(config: Path, channel: str) -> list[ChannelToken]:
    """List a channel's tokens.

    Raises:
        NotFoundFault: `unknown-channel`.
    """
    with ledger(config) as (_, engine), reading(engine) as conn:
        channel_named(conn, channel)
        return channel_tokens.listed(conn, channel)


def run_revoke(config: Path, channel: str, token_id: str | None) -> Revoked:
    """Take tokens back; a channel that is in no settings any more may have some.

    Raises:
        NotFoundFault: `no-such-token`: it has none of this id, or not any more.
    """
    with ledger(config) as (_, engine), writing(engine) as conn:
        gone = channel_tokens.revoke(conn, channel, token_id, utc_now())
    if token_id is not None and not gone:
        raise NotFoundFault(
            f"channel {channel!r} has no valid token {token_id[:40]!r}",
            remedy=f"list its tokens: till-central channel-token {channel} --list",
            name="no-such-token",
        )
    return Revoked(channel, gone)
