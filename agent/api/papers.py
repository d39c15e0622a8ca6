"""Papers as documents: what a print job or a sale's receipt says, as a page, as text or as data."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from litestar import Request, Response, get
from litestar.datastructures.state import State
from litestar.params import QueryParameter

from agent.api.access import Sender
from agent.api.backend import Served
from agent.api.described import ANSWERS, PrintPath, SaleIdPath
from agent.api.printing import document_of, job_of, receipt_of
from agent.core.identifiers import PrintId, SaleId
from agent.core.receipt import LaidLine, ReceiptDocument, html, lay_out, plain_text
from agent.core.receipt.direction import is_rtl
from agent.core.receipt.html import policy, stylesheet

JSON, HTML, TEXT = "application/json", "text/html", "text/plain"

Columns = Annotated[
    int, QueryParameter(ge=16, le=256, description="Narrow characters of a line: 42, 48 or 32.")
]
Copy = Annotated[bool, QueryParameter(description="Whether to mark it as a copy.")]
Asked = Request[object, object, State]


class LaidDocument(msgspec.Struct, frozen=True):
    """A paper, line by line, as every device shows it."""

    language: str
    """BCP 47."""
    direction: str
    """`ltr` or `rtl`."""
    columns: int
    lines: tuple[LaidLine, ...]


@get("/v1/print-jobs/{print_id:str}/document", responses=ANSWERS)
async def show_document(
    print_id: PrintPath,
    backend: Served,
    speaker: Sender,
    request: Asked,
    columns: Columns = 42,
) -> Response[LaidDocument | str]:
    """Show what a print job says: JSON, or text/html and text/plain where Accept asks for them."""
    job = await job_of(backend, speaker, PrintId(print_id))
    return await _answer(request, await document_of(backend, job), columns)


@get("/v1/sales/{sale_id:str}/receipt", responses=ANSWERS)
async def show_sale_receipt(
    sale_id: SaleIdPath,
    backend: Served,
    speaker: Sender,
    request: Asked,
    columns: Columns = 42,
    copy: Copy = False,
) -> Response[LaidDocument | str]:
    """Show a completed sale's receipt: JSON, or text/html and text/plain where Accept asks."""
    del speaker
    document = await receipt_of(backend, SaleId(sale_id), copy=copy)
    return await _answer(request, document, columns)


async def _answer(
    request: Asked, document: ReceiptDocument, columns: int
) -> Response[LaidDocument | str]:
    """Answer in the form that is asked for; JSON where none of ours is (RFC 9110, 15.5.7)."""
    form = request.accept.best_match([JSON, HTML, TEXT], default=JSON) or JSON
    return await asyncio.to_thread(_written, form, document, columns)


def _written(form: str, document: ReceiptDocument, columns: int) -> Response[LaidDocument | str]:
    vary = {"vary": "accept"}
    if form == HTML:
        allowed = f"{policy(stylesheet(columns))}; frame-ancestors 'none'; base-uri 'none'"
        headers = {**vary, "content-security-policy": allowed}
        page = html(document, columns)
        return Response(page, media_type=HTML, headers=headers)
    if form == TEXT:
        text = plain_text(document, columns)
        return Response(text, media_type=TEXT, headers=vary)
    direction = "rtl" if is_rtl(document.language) else "ltr"
    laid = LaidDocument(document.language, direction, columns, lay_out(document, columns))
    return Response(laid, media_type=JSON, headers=vary)


ENDPOINTS = (show_document, show_sale_receipt)
