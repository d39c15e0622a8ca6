"""The addresses of channels: their events in, and the registry."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from agent.core.faults import InputFault, NotFoundFault
from central.channels.described import TakesEvents
from central.channels.event_rows import Outcome
from central.channels.intake import take
from central.channels.linking import Standing
from central.channels.person import new_party_id
from central.channels.registry import (
    Channel,
    TouchPoint,
    channel_named,
    channels_of,
    touch_points_of,
)
from central.ledger.engine import reading, writing
from central.ledger.hq import hq_of

EVENTS_MAX = 500
"""Of one call: a transaction of at most a second or two."""
EVENTS_BYTES_MAX = 8 << 20


class Heard(msgspec.Struct, frozen=True):
    """What a webhook says: where to look. Whatever else stands in it is passed over."""

    order_no: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class Registry(msgspec.Struct, frozen=True):
    """Where customers of this chain are met."""

    channels: tuple[Channel, ...]
    touch_points: tuple[TouchPoint, ...]
    connectors: tuple[Standing, ...] = ()
    """Web stores HQ asks by itself: when it last could, and why it cannot."""


@post(
    "/v1/channels/{channel:str}/events",
    status_code=200,
    request_max_body_size=EVENTS_BYTES_MAX,
    operation_class=TakesEvents,
)
async def post_events(request: Request[Any, Any, Any], channel: FromPath[str]) -> list[Outcome]:
    """Take a list of events; the answer has one outcome for each, in the same order."""
    bodies = read_list(await request.body())
    return await sync_to_thread(_take, request, channel, bodies)


@post("/v1/channels/{channel:str}/webhook", status_code=202, sync_to_thread=True)
def post_webhook(
    request: Request[Any, Any, Any], channel: FromPath[str], data: JSONBody[Heard]
) -> None:
    """Have a web store asked for one of its orders at once; nothing else is believed of a webhook.

    For channels with `[channel.connector]`; others send their events themselves.
    """
    if not hq_of(request).look_at(channel, data.order_no):
        raise NotFoundFault(
            f"channel {channel[:64]!r} has no connector",
            remedy="write [channel.connector] into the settings of till-central, or send events: "
            "POST /v1/channels/{channel}/events",
            name="no-connector",
        )


@get("/v1/channels", sync_to_thread=True)
def get_channels(request: Request[Any, Any, Any]) -> Registry:
    """Show the channels and every touch point, unregistered ones as `other`."""
    hq = hq_of(request)
    connectors = tuple(each for each in hq.web_stores() if isinstance(each, Standing))
    with reading(hq.engine) as conn:
        return Registry(tuple(channels_of(conn)), tuple(touch_points_of(conn)), connectors)


def read_list(content: bytes) -> list[bytes]:
    """Split a call into its events, each as received; a single event counts as a list of one.

    Raises:
        InputFault: no JSON list of objects, or too many.
    """
    try:
        events = msgspec.json.decode(content, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputFault(
            f"the body is no JSON list of events: {problem}",
            remedy='send [{"event_id": …, "type": …, "occurred_at": …}, …]',
            name="bad-events",
        ) from problem
    if isinstance(events, dict):
        return [content]
    if len(events) > EVENTS_MAX:
        raise InputFault(
            f"{len(events)} events in one call", remedy=f"send at most {EVENTS_MAX} at once"
        )
    return [bytes(event) for event in events]


def _take(request: Request[Any, Any, Any], channel: str, bodies: list[bytes]) -> list[Outcome]:
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        channel_named(conn, channel)
        return take(conn, channel, bodies, hq.now(), new_party_id)


ROUTES: list[HTTPRouteHandler] = [post_events, post_webhook, get_channels]
