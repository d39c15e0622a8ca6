"""Staff tokens: shown once, kept as a hash, valid until replaced."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Connection, Engine, delete, insert, select

from central.ledger.engine import reading, writing
from central.ledger.tables import STAFF_TOKENS

TOKEN_BYTES = 24


class StaffTokens:
    """The tokens that open the staff API and the console."""

    def __init__(self, hashes: frozenset[str], preset: frozenset[str] = frozenset()) -> None:
        """Keep the hashes; those of `preset` are stored nowhere."""
        self._hashes = hashes
        self._preset = preset

    def admits(self, token: str) -> bool:
        """Tell whether a token is valid; comparing hashes gives nothing of it away by its time."""
        return _hash(token) in self._hashes | self._preset

    def refresh(self, engine: Engine) -> None:
        """Read the valid tokens again: another HQ process may have replaced them."""
        with reading(engine) as conn:
            self._hashes = _known(conn)


def staff_tokens(
    engine: Engine, now: str, *, preset: str = "", replace: bool = False
) -> tuple[StaffTokens, str | None]:
    """Read the valid tokens, and make the first one.

    Args:
        engine: the ledger.
        now: HQ's time.
        preset: a token valid for this run alone, stored nowhere.
        replace: make a new token and forget the older ones.

    Returns:
        The tokens, and a new one to be shown once, if one was made.
    """
    with reading(engine) as conn:
        hashes = _known(conn)
    if preset and not replace:
        return StaffTokens(hashes, frozenset({_hash(preset)})), None
    if hashes and not replace:
        return StaffTokens(hashes), None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with writing(engine) as conn:
        conn.execute(delete(STAFF_TOKENS))
        conn.execute(insert(STAFF_TOKENS).values(token_hash=_hash(token), issued_at=now))
    return StaffTokens(frozenset({_hash(token)})), token


def _known(conn: Connection) -> frozenset[str]:
    return frozenset(conn.execute(select(STAFF_TOKENS.c.token_hash)).scalars())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
