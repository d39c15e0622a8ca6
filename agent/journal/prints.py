"""Print jobs: durable from the transaction that wanted the print until the paper is out (P7).

A job is never printed again by itself once a byte of it was sent: what became of it is then
`uncertain`, and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec

from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import DeviceId, PrintId, SaleId, TillId
from agent.journal.connection import Connection

FINISHED_KEPT = 100_000
"""How many turns back a job that is over can still be asked for: months of a busy shop."""
PRUNE_EVERY = 256
PRUNE_STEP = 512
"""More than `PRUNE_EVERY`, so that pruning always catches up; few enough to cost no sale's time."""

RECEIPT = "receipt"
"""The kind of a job that is made from its sale when it is printed."""

MOVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "queued": ("sending", "held", "failed", "expired"),
        "sending": ("confirmed", "held", "uncertain", "failed"),
        "held": ("sending", "queued", "failed", "expired"),
        "uncertain": ("confirmed", "queued", "failed", "expired"),
        "failed": ("queued",),
        "confirmed": (),
        "expired": (),
    }
)
"""State → the states a job may go to from it."""
OVER = ("confirmed", "failed", "expired")
"""Nobody waits for these any more; a failed one can still be queued again, with its payload."""
NEXT = ("queued", "sending")
"""About to be printed: kept in a table so small that it needs no index."""
KEEP_PAYLOAD = ("queued", "sending", "held", "uncertain", "failed")
"""What a confirmed or expired job would have printed is nobody's business any more (P9)."""

_UNFINISHED = (
    "SELECT * FROM print_job WHERE device = ?1 UNION ALL SELECT * FROM print_aside"
    " WHERE device = ?1 AND state IN ('held', 'uncertain') ORDER BY turn"
)
# A turn greater than any there ever was (those aside are pruned from the oldest on), and whether
# there is a job of an id already.
_PLACE = (
    "SELECT 1 + max(coalesce((SELECT max(turn) FROM print_job), 0),"
    " coalesce((SELECT max(turn) FROM print_aside), 0)),"
    " EXISTS (SELECT 1 FROM print_job WHERE print_id = ?1)"
    " OR EXISTS (SELECT 1 FROM print_aside WHERE print_id = ?1)"
)
_INSERT = {
    "print_job": "INSERT INTO print_job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "print_aside": "INSERT INTO print_aside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
}


class PrintJob(msgspec.Struct, frozen=True):
    """One thing for a printer to do."""

    print_id: PrintId
    till: TillId
    device: DeviceId
    kind: str
    """`receipt` (made from its sale when it is printed), `document` (a `ReceiptDocument` as JSON),
    `raw` (printer bytes) or `drawer`; only a document and raw bytes have a payload."""
    payload: bytes | None
    """Deleted once confirmed."""
    digest: str
    """SHA-256 of what is to be printed, hexadecimal; stays."""
    state: str
    """A key of `MOVES`."""
    reason: str
    sale_id: SaleId | None
    copy: bool
    """Must be marked as a copy on paper."""
    created: str
    updated: str


def enqueue(
    conn: Connection,
    *,
    print_id: PrintId,
    till: TillId,
    device: DeviceId,
    kind: str,
    payload: bytes | None,
    at: str,
    sale_id: SaleId | None = None,
    copy: bool = False,
) -> PrintJob:
    """Put a job at the end of its device's queue, or return the job that has this id already.

    Args:
        conn: within the writer's transaction.
        print_id: made by whoever wants the print; repeating it prints nothing twice.
        till: on whose behalf.
        device: the printer.
        kind: `receipt`, `document`, `raw` or `drawer`.
        payload: the document or the raw bytes, else None.
        at: `Stamp.wall` of now.
        sale_id: whose receipt it is.
        copy: mark it as a copy.

    Raises:
        StateFault: `print-id-reused`, the id belongs to a job with another content.
    """
    job = PrintJob(
        print_id=print_id,
        till=till,
        device=device,
        kind=kind,
        payload=payload,
        digest=_digest(kind, payload, sale_id, copy=copy),
        state="queued",
        reason="",
        sale_id=sale_id,
        copy=copy,
        created=at,
        updated=at,
    )
    turn = _put_new(conn, job)
    if turn is None:
        return _same(get(conn, print_id), job)
    if turn % PRUNE_EVERY == 0:
        prune(conn, turn - FINISHED_KEPT)
    return job


def get(conn: Connection, print_id: PrintId) -> PrintJob | None:
    """Read one job, also one that is over."""
    found = _find(conn, print_id)
    return None if found is None else found[1]


def next_for(conn: Connection, device: DeviceId) -> PrintJob | None:
    """Give the device's oldest job that nothing was sent of yet: `queued` or `held`."""
    left = unfinished(conn, device)
    return next((job for job in left if job.state in ("queued", "held")), None)


def unfinished(conn: Connection, device: DeviceId) -> list[PrintJob]:
    """List the device's jobs that are queued, being sent, held or uncertain, oldest first."""
    return [_job(row)[1] for row in conn.execute(_UNFINISHED, (device,)).fetchall()]


def set_state(
    conn: Connection, print_id: PrintId, state: str, *, at: str, reason: str = ""
) -> PrintJob:
    """Move a job on; a confirmed one loses its payload, a queued one goes to the queue's end.

    Repeating the present state changes only the reason.

    Raises:
        NotFoundFault: `no-such-print`.
        StateFault: `print-state`, the job cannot go there from where it is (`MOVES`).
    """
    found = _find(conn, print_id)
    if found is None:
        raise NotFoundFault(
            f"there is no print job {print_id}",
            remedy="print the receipt again from its sale",
            name="no-such-print",
        )
    turn, job = found
    if state != job.state and state not in MOVES[job.state]:
        raise StateFault(
            f"print job {print_id} is {job.state} and cannot become {state}",
            remedy="ask for a new print, which gets its own id",
            name="print-state",
        )
    payload = job.payload if state in KEEP_PAYLOAD else None
    moved = msgspec.structs.replace(job, state=state, reason=reason, updated=at, payload=payload)
    if state == "queued" != job.state:
        # Asked for while the job still stands there: its own turn is never given again.
        turn = conn.execute(_PLACE, (print_id,)).fetchall()[0][0]
    _take_out(conn, print_id)
    _put(conn, turn, moved)
    return moved


def prune(conn: Connection, before: int) -> None:
    """Drop up to `PRUNE_STEP` jobs that are over, of turns up to `before`, oldest first."""
    conn.execute(
        "DELETE FROM print_aside WHERE turn IN (SELECT turn FROM print_aside WHERE turn <= ?"
        " AND state NOT IN ('held', 'uncertain') ORDER BY turn LIMIT ?)",
        (before, PRUNE_STEP),
    )


def _find(conn: Connection, print_id: PrintId) -> tuple[int, PrintJob] | None:
    row = conn.execute("SELECT * FROM print WHERE print_id = ?", (print_id,)).fetchone()
    return None if row is None else _job(row)


def _put_new(conn: Connection, job: PrintJob) -> int | None:
    """Insert a job behind all others.

    Returns:
        The turn; None where there is a job of this id.
    """
    turn, known = conn.execute(_PLACE, (job.print_id,)).fetchall()[0]
    if known:
        return None
    conn.execute(_INSERT["print_job"], (turn, *_columns(job)))
    return int(turn)


def _put(conn: Connection, turn: int, job: PrintJob) -> None:
    table = "print_job" if job.state in NEXT else "print_aside"
    conn.execute(_INSERT[table], (turn, *_columns(job)))


def _take_out(conn: Connection, print_id: PrintId) -> None:
    conn.execute("DELETE FROM print_job WHERE print_id = ?", (print_id,))
    conn.execute("DELETE FROM print_aside WHERE print_id = ?", (print_id,))


def _digest(kind: str, payload: bytes | None, sale_id: SaleId | None, *, copy: bool) -> str:
    content = f"{sale_id} {copy}".encode() if kind == RECEIPT else payload or b""
    return sha256(content).hexdigest()


def _same(known: PrintJob | None, wanted: PrintJob) -> PrintJob:
    if known is None or (known.kind, known.digest) != (wanted.kind, wanted.digest):
        raise StateFault(
            f"print id {wanted.print_id} belongs to a job with another content",
            remedy="make a new id (UUIDv7) for each print; repeat an id only to repeat its request",
            name="print-id-reused",
        )
    return known


def _columns(job: PrintJob) -> tuple[object, ...]:
    """Give the columns in the order of the table, behind `turn`; the payload stands last."""
    return (
        job.print_id,
        job.till,
        job.device,
        job.kind,
        job.digest,
        job.state,
        job.reason,
        job.sale_id,
        job.copy,
        job.created,
        job.updated,
        job.payload,
    )


def _job(row: tuple[Any, ...]) -> tuple[int, PrintJob]:
    turn, print_id, till, device, kind, digest, state, reason, sale_id, copy, *rest = row
    created, updated, payload = rest
    return turn, PrintJob(
        print_id=print_id,
        till=till,
        device=device,
        kind=kind,
        payload=payload,
        digest=digest,
        state=state,
        reason=reason,
        sale_id=sale_id,
        copy=bool(copy),
        created=created,
        updated=updated,
    )
