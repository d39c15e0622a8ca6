"""How a command reaches the running daemon: its local API, with the admin token of its state.

The token file is readable by the state directory's owner (and root) only, so whoever may read the
journal may also steer the daemon, and nobody else.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import httpx

from agent.core.faults import AccessFault, Fault, UnavailableFault
from agent.settings import Settings

TOKEN_FILE = "admin.token"  # noqa: S105 - the name of a file, not a token
TIMEOUT_S = 15.0


class DaemonAway(UnavailableFault):
    """No daemon answers at the address of the settings."""

    name = "daemon-not-running"
    title = "till-agent is not running"


class DaemonAnswered(Fault):
    """The daemon answered with a problem, shown as it stands."""

    name = "daemon-refused"
    title = "till-agent refused"


def make_admin_token(state_dir: Path) -> str:
    """Write a new admin token for this start of the daemon, readable by the owner only."""
    token = secrets.token_urlsafe(32)
    path = state_dir / TOKEN_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(token, encoding="ascii")
    return token


def read_admin_token(state_dir: Path) -> str:
    """Read the running daemon's admin token.

    Raises:
        AccessFault: this user may not read it.
        DaemonAway: there is none, so no daemon ever ran on this state directory.
    """
    path = state_dir / TOKEN_FILE
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise DaemonAway(
            f"{path} does not exist", remedy="start it: systemctl start till-agent"
        ) from error
    except PermissionError as error:
        raise AccessFault(
            f"{path} cannot be read by this user",
            remedy="run the command as root, or: sudo -u till-agent till-agent …",
        ) from error


def base_url(settings: Settings) -> str:
    """Give the address at which this machine reaches the daemon."""
    host, _, port = settings.agent.listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in {'0.0.0.0', '[::]'} else host}:{port}"  # noqa: S104


def ask(settings: Settings, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """Call the running daemon and give its JSON answer.

    Raises:
        DaemonAway: nothing listens there.
        DaemonAnswered: it refused, with its own detail and remedy.
    """
    headers = {"Authorization": f"Bearer {read_admin_token(Path(settings.agent.state_dir))}"}
    url = base_url(settings) + path
    try:
        answer = httpx.request(
            method,
            url,
            json={} if body is None and method != "GET" else body,
            headers=headers,
            timeout=TIMEOUT_S,
            trust_env=False,
        )
    except httpx.TransportError as error:
        raise DaemonAway(
            f"nothing answers at {url}", remedy="start it: systemctl start till-agent"
        ) from error
    return _opened(answer)


def _opened(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise DaemonAnswered(
        problem.get("detail", f"status {answer.status_code}"),
        remedy=problem.get("remedy", "see: journalctl -u till-agent"),
    )
