"""The way to HQ over HTTP: signed requests, zstd batches, long-polled feeds.

Timeouts are for lack of progress, not for the whole: a slow line may take as long as it moves.
Nothing here is repeated: `core.exchange` decides all waits of sync.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.contracts.hq import HqRefused, HqUnreachable, NoSnapshot
from agent.core.exchange.coding import BATCH_MEDIA_TYPE, FEED_ITEMS_MAX, is_intact
from agent.core.exchange.dictionary import DICTIONARY_CODING, PLAIN_CODING
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.snapshots import SignedManifest
from agent.core.exchange.versions import SYNC_VERSIONS, VERSIONS_HEADER, Versions, common, parse
from agent.core.exchange.wire import Ack, Batch, Behind, EnrolAnswer, EnrolRequest, FeedPage, Fork
from agent.core.faults import InputFault
from agent.links.address import hq_address
from agent.links.known_time import KnownTime
from agent.links.packing import packed
from agent.links.replies import altered, decoded, fault_of, position, unreachable
from agent.links.signing import DeviceSigner
from agent.links.trust import trust

CONNECT_S = 5
SILENCE_S = 30
"""No byte for so long is no answer."""
REPLY_BYTES_MAX = 64 << 20
"""More than any page of a feed: what sends more is not HQ."""
_INLINE_RECORDS = 16
"""Larger batches are packed in a thread, so that the till's loop keeps turning."""
IDLE_S = 90
"""A connection is kept for the next heartbeat: a new one costs more bytes than it carries."""

_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusted where HQ is called by plain HTTP: reading the system's authorities takes as long as the
rest of a link, and nobody would be judged by them."""

T = TypeVar("T")
_UNNEEDED = ("Accept", "Connection", "User-Agent")
"""What httpx adds to every request and nobody reads; a heartbeat a minute is paid for by byte."""

_NOT_READ = (
    httpx.codes.BAD_REQUEST,
    httpx.codes.FORBIDDEN,
    httpx.codes.UNSUPPORTED_MEDIA_TYPE,
    httpx.codes.NOT_IMPLEMENTED,
)
"""What a batch in another coding than plain zstd is sent once more for, as plain zstd."""
_READ = (httpx.codes.OK, httpx.codes.CONFLICT, httpx.codes.GONE)
"""How HQ answers a batch that it could read; see `replies.position`."""

Reply = tuple[int, httpx.Headers, bytes]
"""Status, headers, content."""


class HttpLink:
    """HQ over HTTP, as one device; implements `contracts.hq.HqLink`."""

    def __init__(
        self,
        url: str,
        *,
        private_key: Ed25519PrivateKey,
        keyid: str,
        ca_file: str | None = None,
        proxy: str | None = None,
        versions: Versions = SYNC_VERSIONS,
    ) -> None:
        """Prepare the way; nothing is sent yet.

        Args:
            url: HQ's address; plain http only to a loopback address.
            private_key: the device key.
            keyid: `core.exchange.credentials.key_id` of its public half.
            ca_file: PEM file of the one authority to trust, instead of the system's.
            proxy: address of an HTTP proxy; the environment's variables are not followed.
            versions: of journal sync; the highest that HQ understands, too, is spoken.

        Raises:
            InputFault: an address or file that cannot be used.
        """
        self._address = hq_address(url)
        self._signer = DeviceSigner(private_key, keyid)
        self._known_time = KnownTime()
        shows_nothing = self._address.scheme == "http" and ca_file is None and proxy is None
        trusted = _NOBODY if shows_nothing else trust(ca_file, self._known_time)
        self._client = _client(trusted, proxy)
        self._versions, self._version = versions, versions.highest
        self._coding, self._is_offered = PLAIN_CODING, True

    @property
    def version(self) -> int:
        """The sync version that is spoken: HQ's answers may lower or raise it."""
        return self._version

    def use_key(self, private_key: Ed25519PrivateKey, keyid: str) -> None:
        """Sign by another device key from the next request on."""
        self._signer = DeviceSigner(private_key, keyid)

    async def send(self, batch: Batch) -> Ack | Behind | Fork:
        """See `HqLink.send`."""
        coding = self._coding
        reply = await self._negotiated(lambda: self._post(batch, coding))
        if coding != PLAIN_CODING and reply[0] in _NOT_READ:
            reply = await self._sent_plain(batch)
        elif self._is_offered and DICTIONARY_CODING in _named(reply):
            self._coding = DICTIONARY_CODING
        return position(*reply, self._versions)

    async def _sent_plain(self, batch: Batch) -> Reply:
        """Try once more without the dictionary; if that was it, never again with it.

        HQ is an older one again, or something in between reads what passes.
        """
        reply = await self._negotiated(lambda: self._post(batch, PLAIN_CODING))
        if reply[0] in _READ:
            self._coding, self._is_offered = PLAIN_CODING, False
        return reply

    async def _post(self, batch: Batch, coding: str) -> Reply:
        batch = msgspec.structs.replace(batch, version=self._version)
        if len(batch.records) <= _INLINE_RECORDS:
            content = packed(batch, coding)
        else:
            content = await asyncio.to_thread(packed, batch, coding)
        headers = {"Content-Type": BATCH_MEDIA_TYPE, "Content-Encoding": coding}
        path = f"/v1/journals/{quote(batch.journal_id)}/batches"
        return await self._ask("POST", path, content=content, headers=headers)

    async def feed(self, scope: str, after: str, wait_s: int) -> FeedPage:
        """See `HqLink.feed`."""
        path = f"/v1/feeds/{quote(scope, safe=':')}"
        query = {"after": after, "wait": str(wait_s), "limit": str(FEED_ITEMS_MAX)}
        silence_s = SILENCE_S + wait_s
        reply = await self._negotiated(
            lambda: self._ask("GET", path, query=query, silence_s=silence_s)
        )
        return self._expected(reply, FeedPage)

    async def snapshot(self, scope: str) -> SignedManifest:
        """See `HqLink.snapshot`."""
        reply = await self._snapshot(f"/v1/snapshots/{quote(scope, safe=':')}")
        return self._expected(reply, SignedManifest)

    async def snapshot_chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """See `HqLink.snapshot_chunk`."""
        path = f"/v1/snapshots/{quote(scope, safe=':')}/{quote(snapshot_id)}/{number}"
        status, headers, content = await self._snapshot(path)
        if status != httpx.codes.OK:
            raise fault_of(status, headers, content, self._versions)
        return content

    async def _snapshot(self, path: str) -> Reply:
        reply = await self._negotiated(lambda: self._ask("GET", path))
        if reply[0] in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
            raise NoSnapshot(
                f"HQ has nothing at {path}", remedy="nothing: the feed is read page by page"
            )
        return reply

    async def keys(self) -> SignedKeys:
        """See `HqLink.keys`."""
        reply = await self._negotiated(lambda: self._ask("GET", "/v1/keys"))
        return self._expected(reply, SignedKeys)

    async def lease(self, asked: LeaseAsk) -> SignedOrder:
        """See `HqLink.lease`."""
        content = msgspec.json.encode(asked)
        headers = {"Content-Type": "application/json"}
        path = f"/v1/journals/{quote(asked.journal)}/leases"
        reply = await self._negotiated(
            lambda: self._ask("POST", path, content=content, headers=headers)
        )
        return self._expected(reply, SignedOrder)

    async def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """See `HqLink.enrol`."""
        content = msgspec.json.encode(request)
        headers = {"Content-Type": "application/json"}
        reply = await self._negotiated(
            lambda: self._ask("POST", "/v1/enrol", content=content, headers=headers)
        )
        return self._expected(reply, EnrolAnswer)

    async def aclose(self) -> None:
        """See `HqLink.aclose`."""
        await self._client.aclose()

    async def _negotiated(self, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """Ask, and once more at once where HQ names a version that both sides understand."""
        version = self._version
        reply = await ask()
        theirs = parse(reply[1].get(VERSIONS_HEADER, ""))
        self._version = (theirs and common(self._versions, theirs)) or self._version
        is_refused = reply[0] == httpx.codes.UPGRADE_REQUIRED and self._version != version
        return await ask() if is_refused else reply

    def _expected(self, reply: Reply, shape: type[T]) -> T:
        status, headers, content = reply
        if status in {httpx.codes.OK, httpx.codes.CREATED}:
            return decoded(content, shape)
        raise fault_of(status, headers, content, self._versions)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        silence_s: int = SILENCE_S,
    ) -> Reply:
        url = self._address.copy_with(raw_path=(self._address.path.rstrip("/") + path).encode())
        request = self._client.build_request(
            method,
            url.copy_merge_params(query or {}),
            content=content or None,
            headers=headers,
            timeout=_timeout(silence_s),
        )
        self._signer.sign(request, content, self._version)
        try:
            return await self._answer(request)
        except httpx.TransportError as error:
            raise unreachable(error, self._address) from error

    async def _answer(self, request: httpx.Request) -> Reply:
        response = await self._client.send(request, stream=True)
        self._known_time.heard(response.headers.get("Date"))
        try:
            content = await _content(response)
        except httpx.DecodingError as error:
            raise HqUnreachable(
                f"HQ's answer is damaged: {error}", remedy="check what stands between till and HQ"
            ) from error
        finally:
            await response.aclose()
        # Of the content as HQ sent it: a proxy that compresses leaves the field as it is.
        if not is_intact(response.headers.get("Content-Digest", ""), content):
            raise altered(self._address)
        return response.status_code, response.headers, content


def _client(trusted: ssl.SSLContext, proxy: str | None) -> httpx.AsyncClient:
    try:
        client = httpx.AsyncClient(
            verify=trusted,
            proxy=proxy,
            http2=False,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(keepalive_expiry=IDLE_S),
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise InputFault(
            f"[hq] proxy = {proxy!r} cannot be used: {error}",
            remedy="write it as http://proxy.example:3128",
            name="hq-proxy",
        ) from error
    for name in _UNNEEDED:
        del client.headers[name]
    return client


def _named(reply: Reply) -> set[str]:
    """List the codings that HQ says it reads (RFC 9110, 12.5.3)."""
    members = reply[1].get("Accept-Encoding", "").split(",")
    return {member.partition(";")[0].strip().lower() for member in members}


def _timeout(silence_s: int) -> httpx.Timeout:
    return httpx.Timeout(silence_s, connect=CONNECT_S)


async def _content(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > REPLY_BYTES_MAX:
            raise HqRefused(
                f"the answer is larger than {REPLY_BYTES_MAX} bytes",
                remedy="check [hq] url: this is not what HQ sends",
                name="answer-too-large",
            )
        parts.append(part)
    return b"".join(parts)
