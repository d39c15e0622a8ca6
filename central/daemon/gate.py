"""Who gets in: the Host and Origin of browsers, the staff token, the token of a channel.

Devices sign what they send; their addresses pass without a token and are checked by
`central.intake`. Everything else under `/v1/` needs the staff token; a web store's own token opens
what `channel_gate` lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from agent.core.faults import AccessFault
from central.daemon.channel_gate import require_own
from central.daemon.problems import MEDIA_TYPE, headers_of, problem_of
from central.ledger.callers import ChannelCaller

DEVICE_PATHS = ("/v1/enrol", "/v1/journals/", "/v1/feeds/", "/v1/snapshots/", "/v1/keys")
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class WrongHost(AccessFault):
    """A Host header HQ does not go by: DNS rebinding, or a name IT has not allowed."""

    name = "wrong-host"
    title = "HQ is not known under this name"


class WrongOrigin(AccessFault):
    """A page of another web origin calls."""

    name = "foreign-origin"
    title = "This web page may not call HQ"


class NoToken(AccessFault):
    """No token, or one that is not valid here (RFC 6750, 3.1)."""

    name = "no-token"
    status = 401
    title = "A staff token is needed"


class Gate:
    """The outermost ASGI application: refuses, or passes on."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        admits: Callable[[str], bool],
        speaker: Callable[[str], ChannelCaller | None],
        hosts: frozenset[str],
        origins: frozenset[str],
    ) -> None:
        """Stand before `app`.

        Args:
            app: what is guarded.
            admits: tells whether a staff token is valid.
            speaker: tells whose a channel's token is.
            hosts: host names HQ goes by, without port.
            origins: foreign web origins that may call.
        """
        self._app = app
        self._admits = admits
        self._speaker = speaker
        self._hosts = hosts | LOCAL_NAMES
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass; answer the rest with a problem."""
        if scope["type"] == ScopeType.HTTP:
            try:
                self._check(scope, Headers.from_scope(scope))
            except AccessFault as fault:
                await _refuse(fault, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: HTTPScope, headers: Headers) -> None:
        plain = re.sub("/+", "/", scope["path"])
        is_device = plain.startswith(DEVICE_PATHS)
        if not is_device:
            self._check_host(headers.get("host", ""))
        self._check_origin(headers.get("origin"), headers.get("host", ""))
        if plain.startswith("/v1/") and not is_device:
            self._check_token(scope, plain, headers.get("authorization", ""))

    def _check_host(self, host: str) -> None:
        name = _host_name(host)
        if name not in self._hosts:
            raise WrongHost(
                f"a request for the host {name[:80]!r} came here",
                remedy="if HQ goes by this name, add it to [central] allowed_hosts",
            )

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None or origin in self._origins:
            return
        if origin not in {f"http://{host}", f"https://{host}"}:
            raise WrongOrigin(
                f"a page of {origin[:80]} called HQ",
                remedy="open the console at HQ's own address, or add the page's origin to "
                "[central] allowed_origins",
            )

    def _check_token(self, scope: HTTPScope, path: str, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        is_bearer = scheme.lower() == "bearer"
        if is_bearer and self._admits(token.strip()):
            return
        caller = self._speaker(token.strip()) if is_bearer else None
        if caller is None:
            raise NoToken(
                "the request carries no valid staff token",
                remedy="send Authorization: Bearer and the token till-central serve printed; a "
                "lost one is replaced by: till-central serve --new-staff-token; a web "
                "store has one of its own: till-central channel-token CHANNEL",
            )
        require_own(caller, scope["method"], path)
        scope["auth"] = caller


def _host_name(host: str) -> str:
    """Take the port off a Host header (RFC 9110, 7.2); empty for anything that is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


async def _refuse(fault: AccessFault, send: Send) -> None:
    content = msgspec.json.encode(problem_of(fault))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(content))}
    headers |= headers_of(fault)
    await send(
        {
            "type": "http.response.start",
            "status": fault.status,
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content, "more_body": False})
