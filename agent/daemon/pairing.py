"""`till-agent pair`: a token for a till page or POS software, and taking all of them back."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from agent.core.faults import NotFoundFault
from agent.core.identifiers import TillId
from agent.daemon.clock import SystemClock
from agent.daemon.control import DaemonAway, ask, base_url
from agent.daemon.files import opened_journal
from agent.journal import pairing
from agent.program.terminal import print_json, say
from agent.settings import Settings, load


def pair_till(config: Path, till: str, *, revoke: bool, json: bool) -> None:
    """Issue a token for one till, or revoke all of it; works with and without the daemon.

    Raises:
        NotFoundFault: the settings have no such till.
    """
    settings = load(config)
    if till not in {known.id for known in settings.tills}:
        raise NotFoundFault(
            f"there is no till {till!r} in {config}",
            remedy="name one of: " + ", ".join(known.id for known in settings.tills),
        )
    if revoke:
        _show_revoked(_revoke(settings, TillId(till)), till, json=json)
        return
    token = _issue(settings, TillId(till))
    page = f"{base_url(settings)}/#token={token}&till={till}"
    if json:
        print_json({"till": till, "token": token, "page": page})
    else:
        say(f"Open this once in the browser of {till}; it is shown only now:")
        say(page)


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


def _revoke(settings: Settings, till: TillId) -> int:
    try:
        answer = ask(settings, "DELETE", f"/v1/tills/{till}/pair")
        return int(answer["revoked"])
    except DaemonAway:
        with opened_journal(settings) as (journal, _):
            return journal.write_blocking(lambda conn: pairing.revoke(conn, till))


def _show_revoked(count: int, till: str, *, json: bool) -> None:
    if json:
        print_json({"till": till, "revoked": count})
    else:
        say(f"{count} token(s) of {till} taken back; pair its page again.")
