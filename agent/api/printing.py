"""Endpoints of print jobs, and pictures of what is on the paper."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from agent.api.access import Sender, Speaker, loop_for
from agent.api.backend import Backend, Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, PrintPath, SaleIdPath, TillPath
from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import PrintId, SaleId
from agent.core.receipt import ReceiptDocument
from agent.journal import prints
from agent.journal.prints import PrintJob
from agent.till import commands
from agent.till.printing import receipt, view_of
from agent.till.replies import Printing, Settled
from agent.till.requests import UUID_PATTERN, Words

PNG = "image/png"
OPEN_MAX = 100
"""More questions than this nobody answers one by one."""


class PrintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Prints exactly one of: a document, raw bytes, a copy of a sale's receipt."""

    print_id: Annotated[PrintId, msgspec.Meta(pattern=UUID_PATTERN)]
    """UUIDv7 made by the caller; repeated, it is printed once."""
    till: Words | None = None
    """Needed only with the admin token."""
    document: ReceiptDocument | None = None
    raw: bytes | None = None
    """Bytes in the printer's own language, as base64 (RFC 4648)."""
    sale_id: Annotated[SaleId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Of a completed sale; its receipt is printed again and marked as a copy."""


@post("/v1/print-jobs", dto=Json[PrintBody], responses=ANSWERS)
async def print_something(data: JSONBody[PrintBody], backend: Served, speaker: Sender) -> Printing:
    """Print something; durable before the answer, never twice under one id."""
    loop = loop_for(backend, speaker, data.till)
    return await loop.ask(commands.Print(data.print_id, data.document, data.raw, data.sale_id))


class SettleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person says of a print job that is uncertain, expired or held."""

    answer: Literal["printed", "print", "print-copy", "drop"]
    """`printed`: it came out whole. `print`: print it after all, where nothing of it was sent.
    `print-copy`: print it as a new job that is marked as a copy. `drop`: nobody needs it."""
    copy_id: Annotated[PrintId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Of the copy, a UUIDv7 made by the caller; repeated, it is printed once. Without it the copy's
    id follows from the job's, so that a repeated request still prints one."""


@post(
    "/v1/print-jobs/{print_id:str}/settle", dto=Json[SettleBody], status_code=200, responses=ANSWERS
)
async def settle_print(
    print_id: PrintPath, data: JSONBody[SettleBody], backend: Served, speaker: Sender
) -> Settled:
    """Decide about a print job nobody can be sure of; the same answer again changes nothing."""
    job = await job_of(backend, speaker, PrintId(print_id))
    loop = loop_for(backend, speaker, job.till)
    return await loop.ask(commands.SettlePrint(job.print_id, data.answer, data.copy_id))


@get("/v1/tills/{till:str}/print-jobs", responses=ANSWERS)
async def list_prints(till: TillPath, backend: Served, speaker: Sender) -> list[Printing]:
    """List a till's jobs that are held, uncertain or expired, oldest first, the newest 100."""
    loop = loop_for(backend, speaker, till)
    jobs = await backend.journal.read(lambda conn: prints.open_of(conn, loop.till, OPEN_MAX))
    return [view_of(job) for job in jobs]


@get("/v1/print-jobs/{print_id:str}", responses=ANSWERS)
async def show_print(print_id: PrintPath, backend: Served, speaker: Sender) -> Printing:
    """Show where a print job stands."""
    return view_of(await job_of(backend, speaker, PrintId(print_id)))


@get(
    "/v1/print-jobs/{print_id:str}/image",
    media_type=PNG,
    responses=ANSWERS,
)
async def show_picture(print_id: PrintPath, backend: Served, speaker: Sender) -> Response[bytes]:
    """Show what is on the paper as a PNG; a receipt is made from its sale."""
    job = await job_of(backend, speaker, PrintId(print_id))
    return await _picture(backend, await document_of(backend, job))


@get("/v1/sales/{sale_id:str}/image", media_type=PNG, responses=ANSWERS)
async def show_receipt(sale_id: SaleIdPath, backend: Served, speaker: Sender) -> Response[bytes]:
    """Show the receipt of a completed sale as a PNG, also of a till without a printer."""
    del speaker
    return await _picture(backend, await receipt_of(backend, SaleId(sale_id), copy=False))


async def job_of(backend: Backend, speaker: Speaker, print_id: PrintId) -> PrintJob:
    """Find a print job, if its sender may see it.

    Raises:
        NotFoundFault: `no-such-print`.
        AccessFault: `wrong-till`.
    """
    job = await backend.journal.read(lambda conn: prints.get(conn, print_id))
    if job is None:
        raise NotFoundFault(
            f"there is no print job {print_id}",
            remedy="check the id; jobs long finished are forgotten, print the sale again",
            name="no-such-print",
        )
    loop_for(backend, speaker, job.till)
    return job


async def document_of(backend: Backend, job: PrintJob) -> ReceiptDocument:
    """Give what a job prints; a receipt is made from its sale.

    Raises:
        StateFault: `no-picture`.
        KeptUnreadable: the machine's key is another one by now.
    """
    if job.kind == "document" and job.payload is not None:
        paper = backend.directory.keyring.reveal(job.payload, job.print_id)
        return msgspec.json.decode(paper, type=ReceiptDocument)
    if job.kind == prints.RECEIPT and job.sale_id is not None:
        return await receipt_of(backend, job.sale_id, copy=job.copy)
    why = "is on paper, and its document is not kept" if job.kind == "document" else job.kind
    raise StateFault(
        f"print job {job.print_id} has no picture: it {why}",
        remedy="pictures are made of documents waiting for paper, and of receipts at any time",
        name="no-picture",
    )


async def receipt_of(backend: Backend, sale_id: SaleId, *, copy: bool) -> ReceiptDocument:
    """Lay out the receipt of a completed sale.

    Raises:
        NotFoundFault: `no-such-sale`.
    """
    return await backend.journal.read(
        lambda conn: receipt(backend.papers, conn, sale_id, copy=copy)
    )


async def _picture(backend: Backend, document: ReceiptDocument) -> Response[bytes]:
    png = await asyncio.to_thread(backend.picture, document)
    return Response(png, media_type=PNG)


ENDPOINTS = (
    print_something,
    settle_print,
    list_prints,
    show_print,
    show_picture,
    show_receipt,
)
