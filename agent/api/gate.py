"""The gate before every request: Host, Origin, body type, body size, body pace.

A browser on the till's machine runs pages of anybody's. The Host check stops DNS rebinding, the
Origin check stops foreign pages (also on WebSockets, which no browser protects), and JSON-only
bodies stop plain HTML forms. All of it happens before a token is looked at.
"""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.problems import MEDIA_TYPE, MediaTypeFault, TooSlowFault, problem_of
from agent.core.faults import AccessFault, Fault, NotFoundFault
from agent.settings import AgentSettings

BODY_S = 8.0
"""How long a body may take to arrive: a till page sends its few hundred bytes at once."""
BODY_BYTES_MAX = 1024 * 1024
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on
_ALLOWED_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"
_ALLOWED_HEADERS = b"authorization, content-type"
_PREFLIGHT_KEPT_S = b"600"

_TRICKS = re.compile(
    rb"//|\\|%(?:2f|5c|25|2e|[01].|7f)|/\.{1,2}(?:/|$)|[\x00-\x20\x7f-\xff]", re.IGNORECASE
)
"""Empty and dotted segments, separators and dots in disguise, and what no path is written with."""
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^\[\]:@/]+))(?::(?P<port>[0-9]*))?")
"""RFC 3986, 3.2.2 and 3.2.3, as far as a Host header goes (RFC 9110, 7.2)."""
_POLICY = (
    b"default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Gate:
    """Lets a request through to the application, or answers it with a problem."""

    def __init__(self, app: ASGIApp, settings: AgentSettings) -> None:
        self._app = app
        host = _split_host(settings.listen)[0]
        self._any_address = host in WILDCARDS
        self._names = LOOPBACK_NAMES | ({host} - {""})
        self._hosts = frozenset(each.lower() for each in settings.allowed_hosts)
        self._origins = frozenset(each.lower().rstrip("/") for each in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one connection and hand it on."""
        headers = _Headers(scope)
        try:
            _check_path(scope)
            self._check_host(headers)
            foreign = self._check_origin(headers)
            _check_media_type(scope, headers)
        except Fault as fault:
            await _refuse(scope, receive, send, fault)
            return
        if foreign is not None and _is_preflight(scope, headers):
            await _allow_preflight(send, foreign, asks_private=_asks_private(headers))
            return
        if scope["type"] == ScopeType.HTTP:
            receive, send = _Paced(receive), _Dressed(send, foreign)
        await self._app(scope, receive, send)

    def _check_host(self, headers: _Headers) -> None:
        sent = headers.one(b"host").lower()
        name = _split_host(sent)[0]
        by_address = self._any_address and _is_address(name)
        if name in self._names or by_address or sent in self._hosts or name in self._hosts:
            return
        raise AccessFault(
            f"the agent is not called {sent[:100]!r}",
            remedy="use its own address, or add this one to [agent] allowed_hosts",
            name="foreign-host",
        )

    def _check_origin(self, headers: _Headers) -> str | None:
        """Let the agent's own page and the listed ones pass; give the origin if it is a listed one.

        Raises:
            AccessFault: `foreign-origin`.
        """
        sent = headers.one(b"origin").lower()
        if not sent or sent in self._origins:
            return sent or None
        scheme, _, place = sent.partition("://")
        if scheme in {"http", "https"} and place == headers.one(b"host").lower():
            return None
        raise AccessFault(
            f"pages of {sent[:100]!r} may not call this agent",
            remedy="open the till page of the agent itself, or add the origin to "
            "[agent] allowed_origins",
            name="foreign-origin",
        )


class _Headers:
    """The few headers that are looked at, read once."""

    def __init__(self, scope: Scope) -> None:
        self._sent: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            self._sent.setdefault(name.lower(), []).append(value)

    def one(self, name: bytes) -> str:
        """Give a header's text; one that was sent twice is no header one can trust."""
        values = self._sent.get(name, [])
        return values[0].decode("latin-1") if len(values) == 1 else "," * len(values)


class _Paced:
    """Receives a body within a time: a connection that trickles is not waited for."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._deadline = asyncio.get_running_loop().time() + BODY_S
        self._complete = False

    async def __call__(self) -> Any:  # noqa: ANN401 - an ASGI message
        """Give the next part of the body, and after it the end of the connection.

        Raises:
            TooSlowFault: the body did not arrive in time.
        """
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise TooSlowFault(
                f"the body did not arrive within {BODY_S:.0f} s", remedy="send it at once"
            ) from None
        self._complete = not message.get("more_body", False)
        return message


class _Dressed:
    """Adds the security headers, and for listed origins those of CORS (Fetch, 3.2)."""

    def __init__(self, send: Send, origin: str | None) -> None:
        self._send = send
        self._headers = SECURITY_HEADERS if origin is None else (*SECURITY_HEADERS, *_cors(origin))

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            added = [pair for pair in self._headers if pair[0] not in own]
            message["headers"] = [*message["headers"], *added]
        await self._send(message)


def _check_path(scope: Scope) -> None:
    """Refuse a path that could mean two things: no address of this API needs one.

    Raises:
        NotFoundFault: `no-such-path`.
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    if _TRICKS.search(path) is None:
        return
    raise NotFoundFault(
        f"there is nothing at {path[:100].decode('latin-1')!r}",
        remedy="write the path plainly, as in /schema/openapi.json",
        name="no-such-path",
    )


def _check_media_type(scope: Scope, headers: _Headers) -> None:
    if scope["type"] != ScopeType.HTTP or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return
    has_body = headers.one(b"content-length") not in {"", "0"} or headers.one(b"transfer-encoding")
    media_type = headers.one(b"content-type").partition(";")[0].strip().lower()
    if not has_body or media_type == "application/json":
        return
    raise MediaTypeFault(
        f"a body of type {media_type[:100]!r} was sent",
        remedy="send JSON with Content-Type: application/json",
    )


def _is_preflight(scope: Scope, headers: _Headers) -> bool:
    return (
        scope["type"] == ScopeType.HTTP
        and scope["method"] == "OPTIONS"
        and bool(headers.one(b"access-control-request-method"))
    )


def _cors(origin: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"Origin"),
    )


def _asks_private(headers: _Headers) -> bool:
    """Tell whether an older Chromium asks by header (Private Network Access, before 142)."""
    return headers.one(b"access-control-request-private-network") == "true"


async def _allow_preflight(send: Send, origin: str, *, asks_private: bool) -> None:
    headers = [
        *_cors(origin),
        (b"access-control-allow-methods", _ALLOWED_METHODS),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", _PREFLIGHT_KEPT_S),
    ]
    if asks_private:
        headers.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(scope: Scope, receive: Receive, send: Send, fault: Fault) -> None:
    """Answer before the application: on a WebSocket the handshake is refused (RFC 8441 or not)."""
    body = msgspec.json.encode(problem_of(fault))
    prefix, status = "http.response", int(fault.status)
    if scope["type"] == ScopeType.WEBSOCKET:
        await receive()
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008, "reason": fault.detail[:100]})
            return
        prefix = "websocket.http.response"
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *SECURITY_HEADERS,
    ]
    start: Any = {"type": f"{prefix}.start", "status": status, "headers": headers}
    end: Any = {"type": f"{prefix}.body", "body": body, "more_body": False}
    await send(start)
    await send(end)


def _split_host(text: str) -> tuple[str, str]:
    """Split `host:port`, `[v6]:port` or a bare host; the port may be missing.

    What is none of these gives an empty name, which nothing is called.
    """
    found = _AUTHORITY.fullmatch(text)
    return (found["v6"] or found["name"], found["port"] or "") if found else ("", "")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
