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
from central.daemon.ended_tokens import EndedTokens, settle
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
    with ledger(config) as (settings, engine):
        now, ended = utc_now(), EndedTokens(Path(settings.central.state_dir))
        with writing(engine) as conn:
            register(conn, settings.channels, now)
            token = channel_tokens.issue(conn, channel, now, purposes=purposes)
            if replace:
                channel_tokens.revoke(conn, ended, channel, None, now, spare=token)
        if replace:
            settle(engine, ended, now)
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
        EndNotWrittenDown: next to the root key, and nothing is taken back; or beside a backup.
    """
    with ledger(config) as (settings, engine):
        now, ended = utc_now(), EndedTokens(Path(settings.central.state_dir))
        with writing(engine) as conn:
            gone = channel_tokens.revoke(conn, ended, channel, token_id, now)
        settle(engine, ended, now)
    if token_id is not None and not gone:
        raise NotFoundFault(
            f"channel {channel!r} has no valid token {token_id[:40]!r}",
            remedy=f"list its tokens: till-central channel-token {channel} --list",
            name="no-such-token",
        )
    return Revoked(channel, gone)
