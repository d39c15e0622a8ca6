"""Print jobs: receipts, reports, copies, raw bytes, and the drawer behind the printer.

A job is only put down here, in the transaction of what it belongs to; `agent.devices` works it
off. A receipt is laid out when it is printed, from the sale that is durable by then. Any other
paper may name somebody: it waits enciphered, and this machine alone can read it. Whatever is asked
twice under one id is printed once.
"""

from __future__ import annotations

import msgspec

from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.identifiers import DeviceId, PrintId, SaleId
from agent.core.receipt.document import ReceiptDocument
from agent.core.sale.model import Stamp
from agent.core.space import Work
from agent.journal import commitments, prints, sales
from agent.journal.connection import Connection
from agent.journal.prints import PrintJob
from agent.till.commands import OpenDrawer, Print
from agent.till.desk import Desk
from agent.till.documents import Papers
from agent.till.earning import read_back
from agent.till.numbers import print_id_for
from agent.till.replies import Printing
from agent.till.telling import Event


async def print_job(desk: Desk, ask: Print) -> Printing:
    """Print a document, raw bytes, or a copy of a sale's receipt.

    Raises:
        InputFault: not exactly one of the three.
        StateFault: `no-printer`, `print-id-reused`.
        NotFoundFault: `no-such-sale`.
        NoRoom: `disk-full`: what is not a sale's receipt would have to be kept until it is printed.
    """
    given = [each for each in (ask.document, ask.raw, ask.sale_id) if each is not None]
    if len(given) != 1:
        raise InputFault(
            f"a print job needs one thing to print, not {len(given)}",
            remedy='send exactly one of "document", "raw" (base64) and "sale_id"',
            name="nothing-to-print",
        )
    device = desk.till.printer
    if device is None:
        raise no_device(desk, "printer")
    if ask.sale_id is None:
        desk.require_room(Work.PICTURES, "only receipts of sales are printed")
    stamp = desk.clock.stamp()
    job = await desk.commit(lambda conn: _put(desk, conn, ask, device, stamp))
    # Whoever asks again is answered what the first was answered; where the job stands by now is
    # told by events, and by asking for it.
    return msgspec.structs.replace(view_of(job), state="queued", reason=None, ask=False)


async def open_drawer(desk: Desk, ask: OpenDrawer) -> Printing:
    """Open the drawer outside a sale; who did it when stays in the events.

    Raises:
        StateFault: `no-drawer`.
    """
    if desk.till.drawer is None:
        raise no_device(desk, "drawer")
    print_id = ask.print_id or PrintId(desk.clock.uuid7())
    stamp = desk.clock.stamp()

    def write(conn: Connection) -> Printing:
        known = prints.get(conn, print_id)
        job = put_drawer(desk, conn, print_id, stamp)
        if job is None:
            raise no_device(desk, "drawer")
        if known is None:
            data: dict[str, object] = {"print_id": print_id, "actor": desk.actor, "why": "asked"}
            desk.tell(conn, Event("drawer", data), stamp.wall)
        return view_of(job)

    return await desk.commit(write)


def put_document(
    desk: Desk,
    conn: Connection,
    print_id: PrintId,
    document: ReceiptDocument,
    stamp: Stamp,
) -> PrintId | None:
    """Queue a document within the caller's transaction; None where the till has no printer."""
    if desk.till.printer is None:
        return None
    job = prints.enqueue(
        conn,
        print_id=print_id,
        till=desk.till.id,
        device=desk.till.printer,
        kind="document",
        payload=desk.directory.keyring.conceal(msgspec.json.encode(document), print_id),
        at=stamp.wall,
        stamp=stamp,
    )
    return job.print_id


def put_receipt(
    desk: Desk,
    conn: Connection,
    print_id: PrintId,
    stamp: Stamp,
    sale_id: SaleId,
    *,
    points: bytes | None = None,
) -> PrintId | None:
    """Queue a sale's receipt within its transaction; None where the till has no printer.

    What it says of points goes with the job (`earning.shown_on`), and is gone once it is printed.
    """
    if desk.till.printer is None:
        return None
    job = prints.enqueue(
        conn,
        print_id=print_id,
        till=desk.till.id,
        device=desk.till.printer,
        kind=prints.RECEIPT,
        payload=points,
        at=stamp.wall,
        stamp=stamp,
        sale_id=sale_id,
    )
    return job.print_id


def receipt(papers: Papers, conn: Connection, sale_id: SaleId, *, copy: bool) -> ReceiptDocument:
    """Lay out the receipt of a completed sale of any till of this agent.

    Raises:
        NotFoundFault: `no-such-sale`.
    """
    body = sales.completed(conn, sale_id)
    if body is None:
        raise _no_such_sale(sale_id)
    job = None if copy else prints.get(conn, print_id_for("receipt", sale_id))
    earned = read_back(job.payload) if job else None
    digest = commitments.of_sale(conn, sale_id)
    return papers.sale(body, copy=copy, digest=digest, earned=earned)


def put_drawer(
    desk: Desk, conn: Connection, print_id: PrintId, stamp: Stamp, sale_id: SaleId | None = None
) -> PrintJob | None:
    """Queue a kick of the drawer within the caller's transaction; None where there is none."""
    if desk.till.drawer is None:
        return None
    return prints.enqueue(
        conn,
        print_id=print_id,
        till=desk.till.id,
        device=desk.till.drawer,
        kind="drawer",
        payload=None,
        at=stamp.wall,
        stamp=stamp,
        sale_id=sale_id,
    )


def view_of(job: PrintJob) -> Printing:
    """Show a job without its payload."""
    return Printing(
        print_id=job.print_id,
        till=job.till,
        device=job.device,
        kind=job.kind,
        state=job.state,
        reason=job.reason or None,
        sale_id=job.sale_id,
        copy=job.copy,
        ask=job.asks,
    )


def no_device(desk: Desk, kind: str) -> StateFault:
    """Say that the till lacks a device, and where it is set."""
    return StateFault(
        f"till {desk.till.id} has no {kind}",
        remedy=f'name a device as "{kind}" of this [[till]] in the settings',
        name=f"no-{kind}",
    )


def _put(desk: Desk, conn: Connection, ask: Print, device: DeviceId, stamp: Stamp) -> PrintJob:
    if ask.sale_id is not None and sales.completed(conn, ask.sale_id) is None:
        raise _no_such_sale(ask.sale_id)
    kind, paper = _content(ask)
    payload = None if paper is None else desk.directory.keyring.conceal(paper, ask.print_id)
    return prints.enqueue(
        conn,
        print_id=ask.print_id,
        till=desk.till.id,
        device=device,
        kind=kind,
        payload=payload,
        at=stamp.wall,
        stamp=stamp,
        sale_id=ask.sale_id,
        copy=ask.sale_id is not None,
    )


def _content(ask: Print) -> tuple[str, bytes | None]:
    if ask.sale_id is not None:
        return prints.RECEIPT, None
    if ask.raw is not None:
        return "raw", ask.raw
    return "document", msgspec.json.encode(ask.document)


def _no_such_sale(sale_id: SaleId) -> NotFoundFault:
    return NotFoundFault(
        f"no completed sale {sale_id} is held here",
        remedy="complete the sale first, or check the id",
        name="no-such-sale",
    )
