"""The feed's address: a page at once if there is one, else as soon as there is (long poll)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from agent.core.exchange.faults import FeedGone
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.snapshots import SignedManifest
from agent.core.exchange.wire import FeedPage
from agent.core.faults import AccessFault
from central.feed.pages import PAGE_ITEMS_MAX
from central.ledger.engine import reading, transact
from central.ledger.hq import Device, Hq, hq_of, signed_message
from central.ledger.outbox import GLOBAL, store_scope
from central.ledger.reaching import reach_of

WAIT_S_MAX = 25
"""Shorter than the half minute after which proxies tend to give up on a silent connection."""


class ForeignScope(AccessFault):
    """A scope that is not for the sender's store."""

    name = "not-your-scope"
    title = "The feed is not for this till"


@get("/v1/feeds/{feed_scope:str}")
async def get_feed(
    request: Request[Any, Any, Any],
    feed_scope: FromPath[str],
    after: FromQuery[str] = "",
    wait: Annotated[int, QueryParameter(ge=0, le=WAIT_S_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_MAX,
) -> FeedPage:
    """Read the changes of a scope after a cursor, waiting up to `wait` seconds for the first."""
    hq = hq_of(request)
    await _admit(request, feed_scope)
    return await _next(hq, feed_scope, after, limit, wait)


async def _next(hq: Hq, scope: str, after: str, limit: int, wait_s: int) -> FeedPage:
    """Look, and look again whenever something was published, until there is something."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    while True:
        seen = hq.feed_changed.seen(scope)
        async with hq.sealing.turns:
            found = await sync_to_thread(_page, hq, scope, after, limit)
        left_s = until - loop.time()
        if found.items or left_s <= 0 or not await hq.feed_changed.wait(scope, seen, left_s):
            return found


def _check_scope(hq: Hq, device: Device, scope: str) -> None:
    if scope in {GLOBAL, store_scope(device.store)}:
        return
    own = _scopes(hq, device)
    if scope not in own:
        raise ForeignScope(
            f"till {device.till} of {device.store} may not read {scope[:80]!r}",
            remedy=f"read {' and '.join(own)}",
        )


def _scopes(hq: Hq, device: Device) -> tuple[str, ...]:
    with reading(hq.engine) as conn:
        return reach_of(conn).scopes_of(device.store)


def _page(hq: Hq, scope: str, after: str, limit: int) -> FeedPage:
    try:
        return hq.sealing.page(scope, after, limit)
    except FeedGone:
        transact(hq.engine, lambda conn: hq.place_lost(conn, scope, after))
        raise


@get("/v1/snapshots/{feed_scope:str}")
async def get_snapshot(
    request: Request[Any, Any, Any], feed_scope: FromPath[str]
) -> SignedManifest:
    """Say which snapshot of a scope there is: chunks with their hashes, under HQ's root key."""
    hq = hq_of(request)
    await _admit(request, feed_scope)
    return await sync_to_thread(hq.snapshots.manifest, feed_scope)


@get("/v1/snapshots/{feed_scope:str}/{snapshot_id:str}/{number:int}")
async def get_snapshot_chunk(
    request: Request[Any, Any, Any],
    feed_scope: FromPath[str],
    snapshot_id: FromPath[str],
    number: FromPath[int],
) -> Response[bytes]:
    """Give a piece of a snapshot; it never changes, so that whoever has it need not ask again."""
    hq = hq_of(request)
    await _admit(request, feed_scope)
    etag = f'"{snapshot_id}/{number}"'
    if request.headers.get("If-None-Match") == etag:
        return Response(b"", status_code=304, headers={"ETag": etag})
    content = await sync_to_thread(hq.snapshots.chunk, feed_scope, snapshot_id, number)
    # It holds customers: whoever caches it for others must ask HQ whether they may have it.
    headers = {"ETag": etag, "Cache-Control": "private, max-age=86400, immutable"}
    return Response(content, headers=headers, media_type="application/octet-stream")


@get("/v1/keys")
async def get_keys(request: Request[Any, Any, Any]) -> SignedKeys:
    """Give the device that signed this request the keys of its feed's scopes, sealed to its key."""
    device = await _sender(request)
    return await sync_to_thread(_keys, hq_of(request), device)


def _keys(hq: Hq, device: Device) -> SignedKeys:
    return hq.give_keys(device.keyid, _scopes(hq, device))


async def _admit(request: Request[Any, Any, Any], scope: str) -> None:
    device = await _sender(request)
    await sync_to_thread(_check_scope, hq_of(request), device, scope)


async def _sender(request: Request[Any, Any, Any]) -> Device:
    message = signed_message(request, await request.body())
    return await sync_to_thread(hq_of(request).authenticate, message)


ROUTES: list[HTTPRouteHandler] = [get_feed, get_snapshot, get_snapshot_chunk, get_keys]
