"""The addresses of the intake: enrolment, batches, and how far each store is in."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from agent.core.exchange.coding import ENCODED_BYTES_MAX
from agent.core.exchange.wire import Ack, Behind, EnrolAnswer, EnrolRequest, Fork
from central.intake.batches import receive
from central.intake.content import check_headers, read_batch, too_large
from central.intake.enrolment import enrol
from central.intake.lag import StoreLag, stores
from central.intake.root_key import RootKey
from central.ledger.engine import reading, transact
from central.ledger.hq import hq_of, signed_message

ENROL_BYTES_MAX = 16 << 10
_STATUS = {"behind": 409, "fork": 409, "epoch": 410}


def root_key_of(connection: ASGIConnection[Any, Any, Any, Any]) -> RootKey:
    """Give a handler HQ's root key, which `central.daemon` puts beside the `Hq`."""
    root = connection.app.state.root_key
    if not isinstance(root, RootKey):
        raise TypeError(root)
    return root


@post("/v1/enrol", status_code=200, request_max_body_size=ENROL_BYTES_MAX, sync_to_thread=True)
def post_enrol(request: Request[Any, Any, Any], data: JSONBody[EnrolRequest]) -> EnrolAnswer:
    """Trade a one-time code, or a credential HQ has forgotten, for a credential."""
    hq = hq_of(request)
    root, now = root_key_of(request), hq.now()
    return transact(hq.engine, lambda conn: enrol(conn, data, root, now))


@post(
    "/v1/journals/{journal_id:str}/batches",
    status_code=200,
    request_max_body_size=ENCODED_BYTES_MAX,
)
async def post_batch(
    request: Request[Any, Any, Any], journal_id: FromPath[str]
) -> Response[Ack | Behind | Fork]:
    """Take in a batch (zstd of MessagePack, signed); 200 means it is durable here."""
    check_headers(request.headers)
    try:
        content = await request.body()
    except ClientException as error:
        raise too_large(f"more than {ENCODED_BYTES_MAX} bytes") from error
    reply = await sync_to_thread(_take_in, request, journal_id, content)
    status = 200 if isinstance(reply, Ack) else _STATUS[reply.name]
    return Response(reply, status_code=status)


@get("/v1/stores", sync_to_thread=True)
def get_stores(request: Request[Any, Any, Any]) -> tuple[StoreLag, ...]:
    """Tell of every store, till and lane how far it is in, and since when."""
    with reading(hq_of(request).engine) as conn:
        return stores(conn)


def _take_in(
    request: Request[Any, Any, Any], journal_id: str, content: bytes
) -> Ack | Behind | Fork:
    hq = hq_of(request)
    device = hq.authenticate(signed_message(request, content))
    batch = read_batch(content, journal_id)
    reply = receive(hq.engine, root_key_of(request), device, batch, hq.now())
    if isinstance(reply, Ack) and batch.records:
        # A backlog comes in faster when nobody else wants the database meanwhile.
        (hq.apply_later if reply.seq < batch.tail_seq else hq.wake_applier)()
    return reply


ROUTES: list[HTTPRouteHandler] = [post_enrol, post_batch, get_stores]
