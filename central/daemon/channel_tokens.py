"""Tokens of channels: each opens one channel's own addresses, is shown once and kept as a hash.

A token's id is the beginning of its hash: it names the token to a person and opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from threading import Lock

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from agent.core.faults import InputFault
from central.channels.registry import channel_named
from central.daemon.ended_tokens import EndedTokens, end_again
from central.ledger.callers import ChannelCaller
from central.ledger.engine import reading
from central.ledger.tables import CHANNEL_TOKENS

TOKEN_BYTES = 32
ID_LENGTH = 12
"""Hexadecimal digits of a token's id: 48 bits tell the handful of a channel apart."""
_PURPOSE_CHARACTERS = 40
_VALID = select(CHANNEL_TOKENS).where(CHANNEL_TOKENS.c.ended_at.is_(None))


class ChannelToken(msgspec.Struct, frozen=True):
    """A token of a channel, as a list shows it."""

    id: str
    channel: str
    purposes: tuple[str, ...]
    """The uses of data it may ask about: `POST /v1/consent/check`."""
    issued: str
    """UTC, ISO 8601."""
    ended: str | None
    """When it was taken back; None while it opens."""


class ChannelTokens:
    """The valid tokens, as the gate asks for them."""

    def __init__(self, engine: Engine, ended: EndedTokens) -> None:
        """Read them; none of `ended` opens, whatever the database says."""
        self._ended = ended
        self._callers: dict[str, ChannelCaller] = {}
        self._one_at_a_time = Lock()
        self.refresh(engine)

    def speaker(self, token: str) -> ChannelCaller | None:
        """Tell whose token this is; None: no channel's."""
        fingerprint = _hash(token)
        return None if fingerprint in self._ended else self._callers.get(fingerprint)

    def refresh(self, engine: Engine) -> None:
        """Read them again: a command or another HQ process may have made or ended some."""
        # What was read first must not be put in the place of what was read later.
        with self._one_at_a_time, reading(engine) as conn:
            self._callers = {
                row.token_hash: ChannelCaller(row.channel_id, frozenset(row.purposes.split()))
                for row in conn.execute(_VALID)
            }


def issue(
    conn: Connection,
    channel: str,
    now: str,
    *,
    purposes: Sequence[str] = (),
) -> str:
    """Make a token; the others of the channel stay valid, so that it can be changed in peace.

    Args:
        conn: of `writing`.
        channel: which it is of.
        now: HQ's time.
        purposes: the uses of data it may ask about.

    Returns:
        The token; only its hash is kept.

    Raises:
        NotFoundFault: `unknown-channel`.
        InputFault: `bad-purpose`.
    """
    channel_named(conn, channel)
    words = " ".join(sorted({_checked(each) for each in purposes}))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"token_hash": _hash(token), "channel_id": channel, "purposes": words, "issued_at": now}
    conn.execute(insert(CHANNEL_TOKENS).values(row))
    return token


def listed(conn: Connection, channel: str) -> list[ChannelToken]:
    """List a channel's tokens, the oldest first; what was taken back stays in the list."""
    mine = select(CHANNEL_TOKENS).where(CHANNEL_TOKENS.c.channel_id == channel)
    query = mine.order_by(CHANNEL_TOKENS.c.issued_at, CHANNEL_TOKENS.c.token_hash)
    return [
        ChannelToken(
            row.token_hash[:ID_LENGTH],
            row.channel_id,
            tuple(row.purposes.split()),
            row.issued_at,
            row.ended_at,
        )
        for row in conn.execute(query)
    ]


def revoke(
    conn: Connection,
    ended: EndedTokens,
    channel: str,
    token_id: str | None,
    now: str,
    *,
    spare: str = "",
) -> int:
    """Take one token of a channel back, or all of them; gives how many were still valid.

    Args:
        conn: of `writing`.
        ended: where it is written down first.
        channel: whose.
        token_id: of the only one that is meant.
        now: HQ's time.
        spare: a token that stays.

    Raises:
        EndNotWrittenDown: nothing was taken back.
    """
    valid = _VALID.where(CHANNEL_TOKENS.c.channel_id == channel)
    found = {row.token_hash for row in conn.execute(valid)} - {_hash(spare)}
    gone = {each for each in found if token_id in (None, each[:ID_LENGTH])}
    ended.add(gone)
    return end_again(conn, gone, now)


def _checked(purpose: str) -> str:
    if not purpose or len(purpose) > _PURPOSE_CHARACTERS or purpose.split() != [purpose]:
        raise InputFault(
            f"{purpose[:60]!r} is no use of data",
            remedy="name one as consents do: --purpose marketing",
            name="bad-purpose",
        )
    return purpose


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
