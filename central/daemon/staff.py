"""Staff tokens: shown once, kept as a hash, valid until replaced."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Connection, Engine, insert, select

from central.daemon.ended_tokens import EndedTokens, end_again
from central.ledger.engine import reading, writing
from central.ledger.tables import STAFF_TOKENS

TOKEN_BYTES = 24


class StaffTokens:
    """The tokens that open the staff API and the console."""

    def __init__(
        self,
        hashes: frozenset[str],
        ended: EndedTokens,
        preset: frozenset[str] = frozenset(),
    ) -> None:
        """Keep the hashes; those of `preset` are stored nowhere, those of `ended` open nothing."""
        self.ended = ended
        self._hashes = hashes
        self._preset = preset

    def admits(self, token: str) -> bool:
        """Tell whether a token is valid; comparing hashes gives nothing of it away by its time."""
        fingerprint = _hash(token)
        is_stored = fingerprint in self._hashes and fingerprint not in self.ended
        return is_stored or fingerprint in self._preset

    def refresh(self, engine: Engine) -> None:
        """Read the valid tokens again: another HQ process may have replaced them."""
        with reading(engine) as conn:
            self._hashes = _known(conn)


def staff_tokens(
    engine: Engine, ended: EndedTokens, now: str, *, preset: str = "", replace: bool = False
) -> tuple[StaffTokens, str | None]:
    """Read the valid tokens, and make the first one.

    Args:
        engine: the ledger.
        ended: tokens that open nothing, whatever the ledger says; settled with it before.
        now: HQ's time.
        preset: a token valid for this run alone, stored nowhere.
        replace: make a new token and forget the older ones.

    Returns:
        The tokens, and a new one to be shown once, if one was made.

    Raises:
        EndNotWrittenDown: the older ones are as valid as before.
    """
    with reading(engine) as conn:
        hashes = _known(conn)
    if preset and not replace:
        return StaffTokens(hashes, ended, frozenset({_hash(preset)})), None
    if hashes and not replace:
        return StaffTokens(hashes, ended), None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with writing(engine) as conn:
        older = _known(conn)
        ended.add(older)
        end_again(conn, older, now)
        conn.execute(insert(STAFF_TOKENS).values(token_hash=_hash(token), issued_at=now))
    return StaffTokens(frozenset({_hash(token)}), ended), token


def _known(conn: Connection) -> frozenset[str]:
    return frozenset(conn.execute(select(STAFF_TOKENS.c.token_hash)).scalars())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
