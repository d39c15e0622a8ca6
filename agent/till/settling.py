"""Print jobs a person decides about: those that may be on paper, and those that waited too long.

The machine never prints such a job again by itself. What a person says is final and repeatable: the
same answer twice is one decision, another answer afterwards is refused.
"""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec

from agent.core.faults import InputFault, NotFoundFault, StateFault
from agent.core.identifiers import PrintId
from agent.core.receipt import ReceiptDocument
from agent.core.receipt.shop import copy_mark
from agent.core.sale.model import Stamp
from agent.journal import prints
from agent.journal.connection import Connection
from agent.journal.prints import PrintJob
from agent.till.commands import SettlePrint
from agent.till.desk import Desk
from agent.till.printing import no_device, view_of
from agent.till.replies import Printing, Settled
from agent.till.telling import Event

ANSWERS = ("printed", "print", "print-copy", "drop")
"""It came out whole; print it now after all; print a marked copy; nobody needs it."""
SETTLED = "settled: "
"""How the reason of a job begins that a person has decided about; the page looks for it."""
_INSTEAD = f"{SETTLED}copy "
UNSENT = ("held", "expired")
"""Nothing of these is on paper, so that printing them now is no second print."""
COPIED = ("held", "expired", "uncertain", "failed")
COPIES = UUID("0192c1f0-5a1e-7c3b-9d2e-6b0f4a7c8d15")
"""The namespace (RFC 9562, section 5.5) of ids of copies that were given none."""
OPEN = ("held", "expired", "uncertain")


async def settle(desk: Desk, ask: SettlePrint) -> Settled:
    """Take a person's word for a print job.

    Raises:
        NotFoundFault: `no-such-print`.
        InputFault: `bad-answer`.
        StateFault: `print-settled`, `print-under-way`, `print-id-reused`, `no-printer`.
    """
    if ask.answer not in ANSWERS:
        raise InputFault(
            f"{ask.answer!r} is no answer",
            remedy=f"say one of: {', '.join(ANSWERS)}",
            name="bad-answer",
        )
    stamp = desk.clock.stamp()
    return await desk.commit(lambda conn: _settle(desk, conn, ask, stamp))


def _settle(desk: Desk, conn: Connection, ask: SettlePrint, stamp: Stamp) -> Settled:
    job = prints.get(conn, ask.print_id)
    if job is None or job.till != desk.till.id or job.kind == prints.DRAWER:
        raise NotFoundFault(
            f"till {desk.till.id} has no print job {ask.print_id} to decide about",
            remedy="check the id; a drawer is opened by asking for it again",
            name="no-such-print",
        )
    if job.state in prints.NEXT and ask.answer != "print":
        raise StateFault(
            f"print job {job.print_id} is being printed just now",
            remedy="wait a moment for how it ends",
            name="print-under-way",
        )
    match ask.answer:
        case "print-copy":
            return _copied(desk, conn, job, ask.copy_id, stamp)
        case "print":
            return Settled(_after_all(desk, conn, job, stamp))
        case "printed":
            return Settled(
                _over(desk, conn, job, "confirmed", f"{SETTLED}printed, {_by(desk)}", stamp)
            )
        case _:
            return Settled(
                _over(desk, conn, job, "failed", f"{SETTLED}dropped, {_by(desk)}", stamp)
            )


def _over(
    desk: Desk, conn: Connection, job: PrintJob, state: str, reason: str, stamp: Stamp
) -> Printing:
    """End a job; ending it the same way again changes nothing."""
    if job.state not in OPEN:
        # Dropped and copied are one state, but not one answer.
        if job.state != state or job.reason.startswith(_INSTEAD):
            raise _settled(job)
        return view_of(job)
    now = prints.set_state(conn, job.print_id, state, at=stamp.wall, reason=reason)
    prints.forget_payload(conn, job.print_id)
    return _told(desk, conn, now, stamp)


def _after_all(desk: Desk, conn: Connection, job: PrintJob, stamp: Stamp) -> Printing:
    """Print a job that nothing was sent of, unmarked: it is the first of its paper."""
    if job.state in (*prints.NEXT, "confirmed"):
        return view_of(job)
    if job.state not in UNSENT:
        raise StateFault(
            f"print job {job.print_id} may be on paper already ({job.state})",
            remedy='look at the paper; if it is not whole, settle it by "print-copy"',
            name="print-settled",
        )
    if desk.till.printer is None:
        raise no_device(desk, "printer")
    now = prints.ask_again(
        conn,
        job.print_id,
        device=desk.till.printer,
        stamp=stamp,
        reason=f"asked for again, {_by(desk)}",
    )
    return _told(desk, conn, now, stamp)


def _copied(
    desk: Desk, conn: Connection, job: PrintJob, copy_id: PrintId | None, stamp: Stamp
) -> Settled:
    """Print the job's content as a new job, marked as a copy; the old one is over."""
    # Without an id of its own the copy has one that every repetition of the request gives.
    copy_id = copy_id or PrintId(str(uuid5(COPIES, job.print_id)))
    known = prints.get(conn, copy_id)
    if known is not None and known.copy and known.till == job.till and job.state == "failed":
        # Asked again after a lost answer; what the old job held is with the copy by now.
        return Settled(view_of(job), view_of(known))
    if job.state not in COPIED:
        raise _settled(job)
    copy = _put_copy(desk, conn, job, copy_id, stamp)
    reason = f"{_INSTEAD}{copy_id} is printed instead, {_by(desk)}"
    if job.state == "failed":
        return Settled(view_of(job), copy)
    return Settled(_over(desk, conn, job, "failed", reason, stamp), copy)


def _put_copy(
    desk: Desk, conn: Connection, job: PrintJob, copy_id: PrintId, stamp: Stamp
) -> Printing:
    if desk.till.printer is None:
        raise no_device(desk, "printer")
    if job.kind != prints.RECEIPT and job.payload is None:
        raise StateFault(
            f"what print job {job.print_id} would have printed is not kept any more",
            remedy="print it again from where it came from",
            name="nothing-kept",
        )
    copy = prints.enqueue(
        conn,
        print_id=copy_id,
        till=desk.till.id,
        device=desk.till.printer,
        kind=job.kind,
        payload=_marked(desk, job, copy_id),
        at=stamp.wall,
        stamp=stamp,
        sale_id=job.sale_id,
        copy=True,
    )
    return _told(desk, conn, copy, stamp)


def _marked(desk: Desk, job: PrintJob, copy_id: PrintId) -> bytes | None:
    """Mark a document as a copy; a receipt is marked when it is laid out, raw bytes when sent."""
    if job.kind == prints.RECEIPT or job.payload is None:
        return job.payload
    keyring = desk.directory.keyring
    paper = keyring.reveal(job.payload, job.print_id)
    if job.kind == "document" and not job.copy:
        document = msgspec.json.decode(paper, type=ReceiptDocument)
        blocks = (*copy_mark(desk.papers.shop), *document.blocks)
        paper = msgspec.json.encode(msgspec.structs.replace(document, blocks=blocks))
    return keyring.conceal(paper, copy_id)


def _told(desk: Desk, conn: Connection, job: PrintJob, stamp: Stamp) -> Printing:
    view = view_of(job)
    desk.tell(conn, Event("print", msgspec.to_builtins(view)), stamp.wall)
    return view


def _by(desk: Desk) -> str:
    return f"said {desk.actor} at {desk.till.id}" if desk.actor else f"said at {desk.till.id}"


def _settled(job: PrintJob) -> StateFault:
    why = f": {job.reason}" if job.reason else ""
    return StateFault(
        f"print job {job.print_id} is {job.state} already{why}",
        remedy="print the sale's receipt again if it is needed: it is marked as a copy",
        name="print-settled",
    )
