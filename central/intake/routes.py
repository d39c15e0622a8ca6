"""The addresses of the intake: enrolment and batches."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection

from agent.core.exchange.coding import ENCODED_BYTES_MAX
from agent.core.exchange.dictionary import CODINGS, PLAIN_CODING
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.wire import Ack, Behind, EnrolAnswer, EnrolRequest, Fork, Pace
from agent.core.faults import InputFault
from central.intake import leasing
from central.intake.admission import Admission, Note
from central.intake.batches import receive
from central.intake.content import check_headers, coding_of, read_batch, too_large
from central.intake.enrolment import enrol
from central.intake.line import Sender
from central.intake.root_key import RootKey
from central.ledger.engine import transact
from central.ledger.hq import hq_of, signed_message

ENROL_BYTES_MAX = 64 << 10
LEASE_BYTES_MAX = 8 << 10
BODY_S = 60
"""How long a batch may take to arrive: a megabyte over a line of 150 kbit/s."""
_STATUS = {"behind": 409, "fork": 409, "epoch": 410}


class TooSlow(InputFault):
    """A batch that did not arrive (RFC 9110, 15.5.9)."""

    name = "too-slow"
    status = 408
    title = "The batch did not arrive in time"


def root_key_of(connection: ASGIConnection[Any, Any, Any, Any]) -> RootKey:
    """Give a handler HQ's root key, which `central.daemon` puts beside the `Hq`."""
    root = connection.app.state.root_key
    if not isinstance(root, RootKey):
        raise TypeError(root)
    return root


def admission_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Admission:
    """Give a handler the line before the intake, which `central.daemon` puts beside the `Hq`."""
    admission = connection.app.state.admission
    if not isinstance(admission, Admission):
        raise TypeError(admission)
    return admission


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
    admission = admission_of(request)
    async with admission.space(_size(request)):
        content = await _content(request)
        async with admission.turn(journal_id, len(content)) as pace:
            reply, note = await sync_to_thread(_take_in, request, journal_id, content, pace)
            admission.heard(journal_id, note)
    status = 200 if isinstance(reply, Ack) else _STATUS[reply.name]
    return Response(reply, status_code=status, headers=_offer(request))


@post(
    "/v1/journals/{journal_id:str}/leases",
    status_code=200,
    request_max_body_size=LEASE_BYTES_MAX,
)
async def post_lease(request: Request[Any, Any, Any], journal_id: FromPath[str]) -> SignedOrder:
    """Give a till a part of a balance (signed): for one sale, or for when HQ is away.

    The body is JSON: `{lease_id, owner, unit, value, store, till, journal, sale_id?}`.
    """
    content = await request.body()
    return await sync_to_thread(_give_lease, request, journal_id, content)


def _give_lease(request: Request[Any, Any, Any], journal_id: str, content: bytes) -> SignedOrder:
    hq = hq_of(request)
    device = hq.authenticate(signed_message(request, content))
    asked = leasing.read_ask(content, journal_id)
    root, now = root_key_of(request), hq.now()
    return transact(hq.engine, lambda conn: leasing.ask(conn, root, device, asked, now))


class RecallAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which leases tills are to close."""

    lease_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=1000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Recalled(msgspec.Struct, frozen=True):
    """How many orders went out: one for each store."""

    orders: int


@post("/v1/leases/recall", status_code=200, sync_to_thread=True)
def post_recall(request: Request[Any, Any, Any], data: JSONBody[RecallAsked]) -> Recalled:
    """Have tills close leases, so that what they did not spend is free again."""
    hq, root = hq_of(request), root_key_of(request)

    def recall(conn: Connection) -> Recalled:
        said = {"reason": data.reason, "now": hq.now()}
        return Recalled(leasing.recall(conn, root, data.lease_ids, **said))

    return transact(hq.engine, recall)


def _offer(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Name the codings HQ reads (RFC 9110, 12.5.3) to whom it would save bytes, and to no other."""
    is_plain = coding_of(request.headers) == PLAIN_CODING
    return {"Accept-Encoding": ", ".join(CODINGS)} if is_plain else {}


def _size(request: Request[Any, Any, Any]) -> int:
    """Tell how much is coming; what does not say so may be as long as any."""
    said = request.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() else ENCODED_BYTES_MAX


async def _content(request: Request[Any, Any, Any]) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.body()
    except ClientException as error:
        raise too_large(f"more than {ENCODED_BYTES_MAX} bytes") from error
    except TimeoutError as error:
        raise TooSlow(
            f"the batch did not arrive within {BODY_S} s",
            remedy="send fewer records at once; the agent does so by itself",
        ) from error


def _take_in(
    request: Request[Any, Any, Any], journal_id: str, content: bytes, pace: Pace
) -> tuple[Ack | Behind | Fork, Note]:
    hq, began = hq_of(request), time.monotonic()
    device = hq.authenticate(signed_message(request, content))
    batch = read_batch(content, journal_id, coding_of(request.headers))
    received = receive(hq.engine, root_key_of(request), device, batch, hq.now(), pace)
    reply = received.reply
    more = isinstance(reply, Ack) and reply.seq < batch.tail_seq
    if isinstance(reply, Ack) and batch.records:
        # A backlog comes in faster when nobody else wants the database meanwhile.
        wait = more or admission_of(request).is_crowded
        (hq.apply_later if wait else hq.wake_applier)()
    sender = Sender(device.store, received.lane)
    return reply, Note(sender, received.records, more, time.monotonic() - began)


ROUTES: list[HTTPRouteHandler] = [post_enrol, post_batch, post_lease, post_recall]
