"""Staff tokens: shown once, kept as a hash, valid until replaced."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Engine, delete, insert, select

from central.ledger.engine import reading, writing
from central.ledger.tables import STAFF_TOKENS

TOKEN_BYTES = 24


class StaffTokens:
    """The tokens that open the staff API and the console."""

    def __init__(self, hashes: frozenset[str]) -> None:
        """Keep the hashes."""
        self._hashes = hashes

    def admits(self, token: str) -> bool:
        """Tell whether a token is valid; comparing hashes gives nothing of it away by its time."""
        return _hash(token) in self._hashes


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
        hashes = frozenset(conn.execute(select(STAFF_TOKENS.c.token_hash)).scalars())
    if preset and not replace:
        return StaffTokens(hashes | {_hash(preset)}), None
    if hashes and not replace:
        return StaffTokens(hashes), None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with writing(engine) as conn:
        conn.execute(delete(STAFF_TOKENS))
        conn.execute(insert(STAFF_TOKENS).values(token_hash=_hash(token), issued_at=now))
    return StaffTokens(frozenset({_hash(token)})), token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
