"""Fingerprints of tokens that were ended: none of them opens an HQ put back to before that.

Tokens stand in the database, and a backup of it still holds as valid what was ended since. So each
ending stands in a file besides, before anybody is told of it: next to `root.key`, and in every
directory that holds a backup of the list. Every HQ process on PostgreSQL keeps such a file next to
its own `root.key`. A fingerprint is the token's SHA-256 in hexadecimal, which opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, delete, select, update

from agent.core.faults import Fault
from central.daemon.line_book import append
from central.ledger.backups import kept
from central.ledger.bulk import among
from central.ledger.engine import reading, writing
from central.ledger.tables import CHANNEL_TOKENS, FACTS, STAFF_TOKENS
from central.ledger.upserts import upsert

FILE = "ended-tokens"
_FACT = "ended_tokens"
_LOG = structlog.get_logger("central")
_FINGERPRINT = re.compile(rb"[0-9a-f]{64}")


class EndNotWrittenDown(Fault):
    """A token would be valid again in an HQ that is restored."""

    name = "token-end-not-written-down"
    title = "The end of a token cannot be written down"


class EndedUnreadable(Fault):
    """Nobody can tell which tokens were ended after a backup."""

    name = "ended-tokens-unreadable"
    title = "The list of ended tokens cannot be read"


class EndedTokens:
    """The book next to the root key, and what a serving HQ knows of it."""

    def __init__(self, directory: Path) -> None:
        """Stand for the book of a directory, which may have none yet."""
        self._path = directory / FILE
        self._known: frozenset[str] = frozenset()

    def __contains__(self, fingerprint: str) -> bool:
        """Tell whether a token was ended, as far as `add` and `refresh` have seen."""
        return fingerprint in self._known

    def held(self) -> frozenset[str]:
        """Read the fingerprints; what is no whole line says nothing.

        Raises:
            EndedUnreadable: the book is there.
        """
        return _fingerprints(self._content())

    def add(self, fingerprints: Collection[str]) -> None:
        """Have them on disk, before the tokens are said to be ended.

        Raises:
            EndedUnreadable: the book is there.
            EndNotWrittenDown: they are not on disk.
        """
        self._known |= frozenset(fingerprints)
        there = self._content()
        held = _fingerprints(there)
        self._known |= held
        try:
            append(self._path, there, [each.encode() for each in sorted(self._known - held)])
        except OSError as error:
            raise EndNotWrittenDown(
                f"{self._path} cannot be written: {error.strerror}",
                remedy="make it writable for the user till-central runs as, and make room; then "
                "end the token again, or start HQ again",
            ) from error

    def refresh(self, engine: Engine) -> None:
        """Write down what a command or another HQ process has ended; this process goes on."""
        with reading(engine) as conn:
            ended = ended_in(conn)
        if ended <= self._known:
            return
        try:
            self.add(ended)
        except Fault as fault:
            _LOG.error(fault.name, reason=fault.detail, remedy=fault.remedy)

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise EndedUnreadable(
                f"{self._path} cannot be read: {error.strerror}",
                remedy="make it readable for the user till-central runs as; without it, a token "
                "that was ended could open HQ again",
            ) from error


def ended_in(conn: Connection) -> frozenset[str]:
    """Tell which tokens a database holds as ended; it may be of before there were any."""
    ended = select(CHANNEL_TOKENS.c.token_hash).where(CHANNEL_TOKENS.c.ended_at.is_not(None))
    return frozenset(conn.execute(ended).scalars()) | _noted(conn)


def end_again(conn: Connection, fingerprints: Collection[str], now: str) -> int:
    """End in a database what was ended; gives how many tokens were valid in it.

    Args:
        conn: of a writing transaction.
        fingerprints: of tokens of any kind; that there are none of some is remembered, too.
        now: HQ's time, for show.
    """
    gone = sorted(set(fingerprints) - ended_in(conn))
    if not gone:
        return 0
    channels = among(conn, CHANNEL_TOKENS.c.token_hash, gone)
    ended = conn.execute(update(CHANNEL_TOKENS).where(channels).values(ended_at=now)).rowcount
    staff = among(conn, STAFF_TOKENS.c.token_hash, gone)
    ended += conn.execute(delete(STAFF_TOKENS).where(staff)).rowcount
    noted = upsert(FACTS).values(key=_FACT, value=" ".join(sorted(_noted(conn).union(gone))))
    taken = {"value": noted.excluded.value}
    conn.execute(noted.on_conflict_do_update(index_elements=["key"], set_=taken))
    return ended


def settle(engine: Engine, book: EndedTokens, now: str) -> None:
    """Let database and books say the same: at a start of HQ, after an ending, with a backup.

    Raises:
        EndedUnreadable: the book next to the root key.
        EndNotWrittenDown: into it, or beside a backup; all else is done.
    """
    with reading(engine) as conn:
        homes = dict.fromkeys(Path(each.place).parent for each in kept(conn))
        ended = ended_in(conn)
    book.add(ended)
    problems = [_evened(book, EndedTokens(home)) for home in homes if home.is_dir()]
    with writing(engine) as conn:
        end_again(conn, book.held(), now)
    if found := [problem for problem in problems if problem]:
        raise EndNotWrittenDown(
            f"ends of tokens are not beside every backup: {', '.join(found)}",
            remedy=f"make {FILE} there writable for the user till-central runs as, and make room; "
            "then till-central backup, or a restart of HQ, writes what is missing",
        )


def _evened(book: EndedTokens, beside: EndedTokens) -> str:
    """Let each of two books have what the other one has; gives what was in the way."""
    try:
        book.add(beside.held())
        beside.add(book.held())
    except Fault as fault:
        return fault.detail
    return ""


def _noted(conn: Connection) -> frozenset[str]:
    """Read what was ended and has no row of its own any more, or never had one here."""
    query = select(FACTS.c.value).where(FACTS.c.key == _FACT)
    return frozenset((conn.execute(query).scalar_one_or_none() or "").split())


def _fingerprints(content: bytes) -> frozenset[str]:
    lines = content.splitlines()
    return frozenset(line.decode() for line in lines if _FINGERPRINT.fullmatch(line))
