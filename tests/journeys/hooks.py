"""Webhooks on their way from a web store to HQ: some are lost, some told twice, none in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
TENTH = 0.1


class Hooks:
    """Takes webhooks for HQ; of any ten one is lost and one told twice."""

    def __init__(self, client: httpx.AsyncClient, draw: random.Random, window: int = 50) -> None:
        """Hold nothing yet.

        Args:
            client: calls HQ.
            draw: chooses.
            window: how many are held back, so that each overtakes others.
        """
        self.url = self.target = ""
        self.headers: dict[str, str] = {}
        self.sent = self.lost = self.repeated = self.failed = 0
        self._client, self._draw, self._window = client, draw, window
        self._held: list[bytes] = []
        self._line: asyncio.Queue[bytes] = asyncio.Queue()

    def __str__(self) -> str:
        """Say what became of them."""
        return (
            f"webhooks: {self.sent} sent, {self.lost} lost, {self.repeated} told twice, "
            f"out of order; {self.failed} refused by HQ"
        )

    def heard(self, body: bytes) -> None:
        """Take one, and let go of whichever others."""
        drawn = self._draw.random()
        self.sent += 1
        self.lost += drawn < TENTH
        self.repeated += TENTH <= drawn < 2 * TENTH
        self._held += [body] * ((drawn >= TENTH) + (TENTH <= drawn < 2 * TENTH))
        self._let_go(self._window)

    async def flush(self) -> None:
        """Pass on all that is held; back when HQ has answered each."""
        self._let_go(0)
        await self._line.join()

    def _let_go(self, most: int) -> None:
        while len(self._held) > most:
            place = self._draw.randrange(len(self._held))
            self._line.put_nowait(self._held.pop(place))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
                self.heard(await reader.readexactly(int(length)))
                writer.write(_ACCEPTED)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _pass_on(self) -> None:
        while True:
            body = await self._line.get()
            try:
                said = await self._client.post(self.target, content=body, headers=self.headers)
                said.raise_for_status()
            except httpx.HTTPError:
                self.failed += 1
            self._line.task_done()


@asynccontextmanager
async def taking(hooks: Hooks, workers: int = 2) -> AsyncIterator[Hooks]:
    """Listen, and pass on."""
    server = await asyncio.start_server(hooks._answer, "127.0.0.1", 0)
    hooks.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    tasks = [asyncio.create_task(hooks._pass_on()) for _ in range(workers)]
    try:
        yield hooks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
