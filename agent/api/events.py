"""The events of a till over a WebSocket: first what was missed, then what happens.

A watcher says after which cursor to begin; events come from the journal page by page, so a slow
reader costs one page of memory and, once it stops reading, its connection: it loses nothing, since
it comes back with its last cursor. The newest 100 000 events of all tills are kept; a watcher that
was away for longer is told so in its first frame (`sync`, `what: "events-dropped"`). A token that
is revoked ends its streams at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from agent.api.access import TOKEN_REMEDY, bearer, loop_for, speaker_of
from agent.api.backend import Backend, Served
from agent.api.problems import UnauthenticatedFault
from agent.core.faults import Fault, InputFault, UnavailableFault
from agent.core.identifiers import TillId
from agent.journal import Connection, events, pairing
from agent.journal.events import Event

PAGE_EVENTS = 200
FIRST_FRAME_S = 5.0
"""How long a watcher may take to say its token."""
SEND_S = 5.0
"""How long one frame may wait for the reader: a till page on the same machine needs none."""
WATCHERS_MAX = 64
"""Of one agent: a page and a piece of POS software per till, and some that were left open."""
STRANGERS_MAX = 64
"""Connected, but without a token yet: they take no place of those who have one."""
FRAME_BYTES_MAX = 4096
PROTOCOL = "bearer."
CLOSE_BASE = 4000
"""Close codes are 4000 + the HTTP status that says the same (RFC 6455, 7.4.2: private use)."""
REASON_BYTES_MAX = 120
"""RFC 6455, 5.5: a close frame carries at most 123 bytes of reason."""

Socket = WebSocket[Any, Any, Any]


class Watchers:
    """The streams that are open, and by whose token: so that a revoked one is cut off at once."""

    def __init__(self) -> None:
        self.count = 0
        self._strangers = 0
        self._ends: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """Count one who has not said a token yet.

        Raises:
            UnavailableFault: `too-many-watchers`.
        """
        if self._strangers >= STRANGERS_MAX:
            raise _too_many(f"{STRANGERS_MAX} others have connected and said no token")
        self._strangers += 1
        try:
            yield
        finally:
            self._strangers -= 1

    @contextmanager
    def watching(self, digest: str | None) -> Iterator[asyncio.Event]:
        """Count one stream; the event given is set when its token is revoked.

        Raises:
            UnavailableFault: `too-many-watchers`.
        """
        if self.count >= WATCHERS_MAX:
            raise _too_many(f"{WATCHERS_MAX} watchers follow this agent already")
        self.count += 1
        ended, mine = asyncio.Event(), self._ends.setdefault(digest or "", set())
        mine.add(ended)
        try:
            yield ended
        finally:
            self.count -= 1
            mine.discard(ended)
            if not mine:
                self._ends.pop(digest or "", None)

    def cut(self, digest: str) -> None:
        """End every stream of a token."""
        for ended in self._ends.get(digest, ()):
            ended.set()


def _too_many(why: str) -> UnavailableFault:
    return UnavailableFault(
        why, remedy="close till pages that are not used", name="too-many-watchers"
    )


class Hello(msgspec.Struct, frozen=True):
    """The first frame of a watcher that sent no token in its handshake."""

    token: str


@websocket("/v1/tills/{till:str}/events")
async def follow(
    socket: Socket, till: FromPath[str], backend: Served, watchers: NamedDependency[Watchers]
) -> None:
    """Stream a till's events after `?after=CURSOR`; without it, only what happens from now on."""
    offered = _offered_protocol(socket)
    await socket.accept(subprotocols=offered)
    try:
        token = _handshake_token(socket, offered)
        if token is None:
            with watchers.stranger():
                token = await _first_frame(socket)
        speaker = await speaker_of(backend, token)
        loop = loop_for(backend, speaker, till)
        with watchers.watching(speaker.token) as revoked:
            stream = _Stream(socket, backend, loop.till, speaker.token)
            await stream.run(_after(socket), revoked)
    except WebSocketDisconnect:
        return
    except Fault as fault:
        await _close(socket, fault)


class _Stream:
    """One watcher of one till."""

    def __init__(self, socket: Socket, backend: Backend, till: TillId, digest: str | None) -> None:
        self._socket = socket
        self._backend = backend
        self._till = till
        self._digest = digest

    async def run(self, after: int | None, revoked: asyncio.Event) -> None:
        """Send events until the watcher leaves, is too slow, or its token is revoked.

        Raises:
            Fault: why the stream ends.
            WebSocketDisconnect: the watcher left.
        """
        sending = asyncio.create_task(self._send_from(after), name=f"events-{self._till}")
        leaving = asyncio.create_task(self._watch_for_leaving())
        ending = asyncio.create_task(_end(revoked))
        tasks = {sending, leaving, ending}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_from(self, after: int | None) -> None:
        oldest, newest = await self._backend.journal.read(events.span)
        # A cursor from another journal file would wait for ever; such a watcher begins now.
        cursor = newest if after is None else min(after, newest)
        if 0 < cursor < oldest - 1:
            await self._send(self._dropped(cursor, oldest))
        while True:
            seen = self._backend.journal.signals.events.value
            page = await self._page(cursor)
            for event in page:
                await self._send(event)
                cursor = event.cursor
            if not page:
                await self._backend.journal.signals.events.wait(seen)

    async def _page(self, cursor: int) -> list[Event]:
        def read(conn: Connection) -> list[Event]:
            if self._digest is not None and pairing.find(conn, self._digest) != self._till:
                raise _revoked()
            return events.after(conn, self._till, cursor, PAGE_EVENTS)

        return await self._backend.journal.read(read)

    def _dropped(self, cursor: int, oldest: int) -> Event:
        data = {
            "what": "events-dropped",
            "after": cursor,
            "oldest": oldest,
            "remedy": "read the till afresh: GET /v1/tills/{till}",
        }
        return Event(oldest - 1, "sync", self._backend.clock.stamp().wall, data)

    async def _send(self, event: Event) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_text(msgspec.json.encode(event).decode())
        except TimeoutError:
            raise UnavailableFault(
                f"the watcher did not read for {SEND_S:.0f} s",
                remedy="connect again after the last cursor",
                name="too-slow-reader",
            ) from None

    async def _watch_for_leaving(self) -> None:
        while True:
            await self._socket.receive_data("text")


async def _end(revoked: asyncio.Event) -> None:
    await revoked.wait()
    raise _revoked()


def _revoked() -> UnauthenticatedFault:
    return UnauthenticatedFault("the token was revoked", remedy=TOKEN_REMEDY, name="token-revoked")


def _offered_protocol(socket: Socket) -> str | None:
    """Find the subprotocol that carries a token, the way browsers can send one."""
    offered = socket.scope.get("subprotocols") or []
    return next((each for each in offered if each.startswith(PROTOCOL)), None)


def _handshake_token(socket: Socket, offered: str | None) -> str | None:
    return offered.removeprefix(PROTOCOL) if offered is not None else bearer(socket)


async def _first_frame(socket: Socket) -> str:
    try:
        async with asyncio.timeout(FIRST_FRAME_S):
            frame = await socket.receive_text()
        return msgspec.json.decode(frame[:FRAME_BYTES_MAX], type=Hello).token
    except (TimeoutError, msgspec.MsgspecError) as error:
        raise UnauthenticatedFault(
            "no token came with the first frame",
            remedy=f'send {{"token": "…"}} within {FIRST_FRAME_S:.0f} s of connecting',
        ) from error


def _after(socket: Socket) -> int | None:
    text = socket.query_params.get("after")
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InputFault(
            f"{text[:40]!r} is no cursor", remedy="send ?after= with the last cursor received"
        )
    return int(text)


async def _close(socket: Socket, fault: Fault) -> None:
    """Say why, in the close code and reason; a reader that reads nothing is left anyway."""
    code = CLOSE_BASE + HTTPStatus(int(fault.status))
    reason = f"{fault.name}: {fault.detail}".encode()[:REASON_BYTES_MAX].decode(errors="ignore")
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(SEND_S):
            await socket.close(code=code, reason=reason)


ENDPOINTS = (follow,)
