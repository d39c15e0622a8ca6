"""How a command reaches the running daemon: its local API, with the admin token of its state.

The token file is readable by the state directory's owner (and root) only, so whoever may read the
journal may also steer the daemon, and nobody else.
"""

from __future__ import annotations

import secrets
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from agent.core.faults import AccessFault, Fault, UnavailableFault
from agent.settings import Settings

TOKEN_FILE = "admin.token"  # noqa: S105 - the name of a file, not a token
PATIENCE_S = 15.0
"""A till loop answers within milliseconds; a disk that hangs is given this long."""
GREETING_S = 3.0
_FIRST_REFUSAL = 400


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
        return path.read_text(encoding="ascii", errors="ignore").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DaemonAway(
            f"{path} does not exist", remedy="start it: systemctl start till-agent"
        ) from error
    except PermissionError as error:
        raise no_access(path) from error


def no_access(path: Path) -> AccessFault:
    """Say that a file of the state directory is not this user's to read."""
    return AccessFault(
        f"{path} cannot be read by this user",
        remedy="run the command as root, or: sudo -u till-agent till-agent …",
    )


def base_url(settings: Settings) -> str:
    """Give the address at which this machine reaches the daemon."""
    host, _, port = settings.agent.listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in {'0.0.0.0', '[::]'} else host}:{port}"  # noqa: S104


def ask(
    settings: Settings,
    method: str,
    path: str,
    body: object = None,
    *,
    patience_s: float = PATIENCE_S,
) -> Any:  # noqa: ANN401 - JSON
    """Call the running daemon and give its JSON answer.

    Args:
        settings: of the daemon.
        method: of HTTP.
        path: `/v1/…`.
        body: sent as JSON; where a method needs one and it is None, an empty object.
        patience_s: how long the daemon may take.

    Raises:
        DaemonAway: nothing listens there, or what does is no till-agent.
        DaemonAnswered: it refused, with its own detail and remedy.
    """
    token = read_admin_token(Path(settings.agent.state_dir))
    content = b"" if body is None and method == "GET" else msgspec.json.encode(body or {})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    status, answer = _call(settings, method, path, content, headers, patience_s)
    try:
        read = msgspec.json.decode(answer) if answer else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        read = None
    if status < _FIRST_REFUSAL:
        return read
    problem: dict[str, str] = read if isinstance(read, dict) else {}
    raise DaemonAnswered(
        problem.get("detail", f"status {status}"),
        remedy=problem.get("remedy", "see: journalctl -u till-agent"),
    )


def greeting(settings: Settings) -> dict[str, Any] | None:
    """Ask whoever listens at the daemon's address how it is, without a token.

    Returns:
        `ok` and `version` of a till-agent; None where nobody answers, or something else does.
    """
    try:
        status, answer = _call(settings, "GET", "/v1/status", b"", {}, GREETING_S)
        told = msgspec.json.decode(answer)
    except (DaemonAway, msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_agent = status < _FIRST_REFUSAL and isinstance(told, dict) and {"ok", "version"} <= {*told}
    return told if is_agent else None


def _call(
    settings: Settings,
    method: str,
    path: str,
    content: bytes,
    headers: dict[str, str],
    patience_s: float,
) -> tuple[int, bytes]:
    """Make one request on the loopback: `http.client`, since a command should answer at once."""
    address = urlsplit(base_url(settings))
    link = HTTPConnection(address.hostname or "", address.port, timeout=patience_s)
    try:
        link.request(method, path, content or None, headers)
        answer = link.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException) as error:
        raise DaemonAway(
            f"no till-agent answers at {base_url(settings)}: {str(error) or type(error).__name__}",
            remedy="start it: systemctl start till-agent; or see what is wrong: till-agent doctor",
        ) from error
    finally:
        link.close()
