"""The way between tills and HQ, with everything a way can do to a message.

The till's own HTTP link sends through this instead of a socket, HQ's own application answers it.
What travels are the real bytes: each direction may lose, delay, cut short or flip them, and a
request may come twice, the second time long after. What no signature of HQ's covers (a page of a
feed) names the digest of its content. Half-open: HQ has done it, the till hears nothing until its
own patience ends. And somebody else may answer in HQ's place (`forger`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from tests.simulation.forger import Forger

SILENCE_S = 30


@dataclass
class Weather:
    """What goes wrong, as chances per message."""

    lose_request: float = 0.0
    lose_reply: float = 0.0
    again: float = 0.0
    """The request arrives once more, up to `again_s` later."""
    again_s: float = 60.0
    truncate: float = 0.0
    flip: float = 0.0
    hang: float = 0.0
    forge: float = 0.0
    """A batch never reaches HQ, and is answered all the same."""
    slow_s: float = 0.05
    offline: bool = False


class Wire(httpx.AsyncBaseTransport):
    """One machine's way to HQ."""

    def __init__(self, hq, weather, rng, alive, watch):
        self._hq, self.weather, self._rng = hq, weather, rng
        self._alive, self._watch = alive, watch
        self._forger = Forger()
        self.life = 0
        """Which start of this machine it is."""
        self.cut = False
        """This machine alone has no network."""

    async def handle_async_request(self, request):
        content = await request.aread()
        message = Message(request, content, self._watch.world.restores)
        self._watch.sent(message)
        await self._travel(request, self.weather.lose_request)
        if message.path.endswith("/batches") and self._is_forged(message):
            status, headers, body = self._forger.forged(message, self._rng)
        else:
            status, headers, body = await self._answered(request, message)
        await self._travel(request, self.weather.lose_reply)
        return httpx.Response(status, headers=headers, content=self._worn(body))

    def _is_forged(self, message):
        if self.weather.forge > 0:
            self._forger.listen(message)
        return self._happens(self.weather.forge)

    async def _answered(self, request, message):
        message = self._damaged(message)
        if self._happens(self.weather.again):
            life = self.life
            later_s = self._rng.uniform(0.1, self.weather.again_s)
            self._hq.later(later_s, message, lambda: self.life == life)
        reply = await self._hq.ask(message)
        if reply is None:
            await self._silence(request)
        self._watch.answered(message, *reply)
        self._watch.heard(self)
        if self._happens(self.weather.hang):
            await self._silence(request)
        return reply

    async def _travel(self, request, loss):
        await asyncio.sleep(self._rng.uniform(0.001, self.weather.slow_s))
        if not self._alive():
            await asyncio.get_running_loop().create_future()
        if self.weather.offline or self.cut:
            raise httpx.ConnectError("no way to HQ", request=request)
        if self._happens(loss):
            await self._silence(request)

    async def _silence(self, request):
        await asyncio.sleep(SILENCE_S)
        raise httpx.ReadTimeout("nothing came", request=request)

    def _damaged(self, message):
        body = self._worn(message.content)
        return message if body is message.content else message.with_content(body)

    def _worn(self, body):
        if body and self._happens(self.weather.truncate):
            return body[: self._rng.randrange(len(body))]
        if body and self._happens(self.weather.flip):
            return flipped(body, self._rng)
        return body

    def _happens(self, chance):
        return chance > 0 and self._rng.random() < chance


class Client:
    """What the till's link sends by: httpx's own requests and answers, and no connections."""

    build_request = staticmethod(
        lambda method, url, *, content, headers, timeout: httpx.Request(
            method, url, content=content, headers=headers, extensions={"timeout": timeout.as_dict()}
        )
    )

    def __init__(self, wire):
        self._wire = wire

    async def send(self, request, *, stream):
        del stream
        return await self._wire.handle_async_request(request)

    async def aclose(self):
        """Nothing is held."""


class Message:
    """A request as it travels; `restores` says how often HQ had been put back when it was sent."""

    def __init__(self, request, content, restores, *, is_damaged=False):
        self.request, self.content, self.is_damaged = request, content, is_damaged
        self.restores = restores
        self.method, self.path = request.method, request.url.path

    def with_content(self, content):
        return Message(self.request, content, self.restores, is_damaged=True)

    def scope(self):
        url = self.request.url
        headers = [(name.lower(), value) for name, value in self.request.headers.raw]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("hq", 80),
        }


def flipped(data, rng):
    """Flip one bit."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


async def answer_of(app, message):
    """Have an ASGI application answer one message: status, headers, body."""
    sent = {"status": 500, "headers": [], "body": b""}
    asked = False

    async def receive():
        nonlocal asked
        if asked:
            await asyncio.get_running_loop().create_future()
        asked = True
        return {"type": "http.request", "body": message.content, "more_body": False}

    async def send(event):
        if event["type"] == "http.response.start":
            sent["status"], sent["headers"] = event["status"], event.get("headers", [])
        else:
            sent["body"] += event.get("body", b"")

    await app(message.scope(), receive, send)
    return sent["status"], sent["headers"], sent["body"]
