"""`till-agent pair`: tokens for till pages and POS software: made, listed, taken back."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from urllib.parse import quote

import msgspec

from agent.core.faults import NotFoundFault
from agent.core.identifiers import TillId
from agent.daemon.clock import SystemClock
from agent.daemon.control import DaemonAway, ask, base_url
from agent.daemon.files import opened_journal
from agent.journal import pairing
from agent.journal.pairing import Pairing
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load


def pair_till(config: Path, till: str, *, json: bool) -> None:
    """Issue a token for one till; works with and without the daemon.

    Raises:
        NotFoundFault: the settings have no such till.
    """
    settings = _settings(config, till)
    token = _issue(settings, TillId(till))
    page = f"{base_url(settings)}/#token={token}&till={till}"
    if json:
        print_json({"till": till, "token": token, "page": page, "id": _id(token)})
    else:
        say(f"Open this once in the browser of {till}; it is shown only now:")
        say(page)


def unpair_till(config: Path, till: str, token_id: str | None, *, json: bool) -> None:
    """Take one token of a till back, or all of them; what they hold open is closed at once.

    Raises:
        NotFoundFault: the settings have no such till, or the till no such token.
    """
    settings = _settings(config, till)
    count = _revoke(settings, TillId(till), token_id)
    if json:
        print_json({"till": till, "revoked": count})
    else:
        say(f"{count} token(s) of {till} taken back; pair its page again.")


def list_tokens(config: Path, till: str, *, json: bool) -> None:
    """Show a till's tokens: id, when they were made, when they were last used.

    Raises:
        NotFoundFault: the settings have no such till.
    """
    tokens = _listed(_settings(config, till), TillId(till))
    if json:
        print_json(tokens)
        return
    for token in tokens:
        say(f"{token.id}  made {token.issued}, last used {token.used or 'never'}")
    if not tokens:
        say_aside(f"nobody may speak for {till} yet: till-agent pair {till}")


def _settings(config: Path, till: str) -> Settings:
    settings = load(config)
    if till not in {known.id for known in settings.tills}:
        raise NotFoundFault(
            f"there is no till {till!r} in {config}",
            remedy="name one of: " + ", ".join(known.id for known in settings.tills),
        )
    return settings


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[: pairing.ID_LENGTH]


def _issue(settings: Settings, till: TillId) -> str:
    try:
        answer = ask(settings, "POST", f"/v1/tills/{till}/pair")
        return str(answer["token"])
    except DaemonAway:
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        at = SystemClock().stamp().wall
        with opened_journal(settings) as (journal, _):
            journal.write_blocking(lambda conn: pairing.issue(conn, till, digest, at))
        return token


def _listed(settings: Settings, till: TillId) -> list[Pairing]:
    try:
        return msgspec.convert(ask(settings, "GET", f"/v1/tills/{till}/pair"), list[Pairing])
    except DaemonAway:
        with opened_journal(settings) as (journal, _):
            return [
                each for _, each in journal.read_blocking(lambda conn: pairing.listed(conn, till))
            ]


def _revoke(settings: Settings, till: TillId, token_id: str | None) -> int:
    path = f"/v1/tills/{till}/pair" + (f"/{quote(token_id, safe='')}" if token_id else "")
    try:
        answer = ask(settings, "DELETE", path)
        return int(answer["revoked"])
    except DaemonAway:
        with opened_journal(settings) as (journal, _):
            gone = journal.write_blocking(lambda conn: pairing.revoke(conn, till, token_id))
    if token_id and not gone:
        raise NotFoundFault(
            f"till {till} has no token {token_id[:40]!r}",
            remedy=f"list its tokens: till-agent pair {till} --list",
            name="no-such-token",
        )
    return len(gone)
