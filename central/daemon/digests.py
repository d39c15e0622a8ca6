"""Every answer to a device names the digest of its content (RFC 9530, 2.).

A line that flips a byte may leave valid JSON behind: TCP's own checksum lets one in 65,536 through,
and where a proxy ends TLS nothing else is looked at.
"""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from agent.core.exchange.coding import content_digest
from central.daemon.gate import DEVICE_PATHS


class Digests:
    """An ASGI application around another one: adds `Content-Digest` to what devices are sent."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; of a device, hold back the head of the answer until its content is there."""
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(DEVICE_PATHS):
            send = _Digesting(send)
        await self._app(scope, receive, send)


class _Digesting:
    """A `send` that knows the whole content before the head leaves; answers come in one piece."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        if message["type"] == "http.response.body" and self._head is not None:
            if not message.get("more_body", False):
                fields = MutableScopeHeaders.from_message(self._head)
                fields["Content-Digest"] = content_digest(message.get("body", b""))
            await self._send(self._head)
            self._head = None
        await self._send(message)
