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
KEEP_PAYLOAD = ("queued", "sending", "held", "uncertain", "failed")
"""What a confirmed or expired job would have printed is nobody's business any more (P9)."""


class PrintJob(msgspec.Struct, frozen=True):
    """One thing for a printer to do."""

    print_id: PrintId
    till: TillId
    device: DeviceId
    kind: str
    """`document` (a `ReceiptDocument` as JSON), `raw` (printer bytes) or `drawer` (no payload)."""
    payload: bytes | None
    """Deleted once confirmed: a reprint is made from the sale."""
    digest: str
    """SHA-256 of the payload, hexadecimal; stays."""
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
        kind: `document`, `raw` or `drawer`.
        payload: what to print, None for a drawer.
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
        digest=sha256(payload or b"").hexdigest(),
        state="queued",
        reason="",
        sale_id=sale_id,
        copy=copy,
        created=at,
        updated=at,
    )
    turn = _put_last(conn, job)
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
    row = conn.execute(
        "SELECT * FROM print_job WHERE device = ? AND state IN ('queued', 'held')"
        " ORDER BY turn LIMIT 1",
        (device,),
    ).fetchone()
    return None if row is None else _job(row)[1]


def unfinished(conn: Connection, device: DeviceId) -> list[PrintJob]:
    """List the device's jobs that are queued, being sent, held or uncertain, oldest first."""
    rows = conn.execute(
        "SELECT * FROM print_job WHERE device = ? ORDER BY turn", (device,)
    ).fetchall()
    return [_job(row)[1] for row in rows]


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
    _take_out(conn, print_id)
    if state == "queued" != job.state:
        _put_last(conn, moved)
    else:
        _put(conn, turn, moved)
    return moved


def prune(conn: Connection, before: int) -> None:
    """Drop up to `PRUNE_STEP` jobs that are over, of turns up to `before`, oldest first."""
    conn.execute(
        "DELETE FROM print_done WHERE turn <= ? AND turn < (SELECT min(turn) FROM print_done) + ?",
        (before, PRUNE_STEP),
    )


def _find(conn: Connection, print_id: PrintId) -> tuple[int, PrintJob] | None:
    row = conn.execute("SELECT * FROM print WHERE print_id = ?", (print_id,)).fetchone()
    return None if row is None else _job(row)


def _put_last(conn: Connection, job: PrintJob) -> int | None:
    """Insert a job behind all others; its turn is greater than any there ever was.

    Returns:
        The turn; None where there is a job of this id, queued or over.
    """
    row = conn.execute(
        "INSERT INTO print_job SELECT 1 + max("
        " coalesce((SELECT max(turn) FROM print_job), 0),"
        " coalesce((SELECT max(turn) FROM print_done), 0)),"
        " ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
        " WHERE NOT EXISTS (SELECT 1 FROM print_done WHERE print_id = ?1)"
        " ON CONFLICT (print_id) DO NOTHING RETURNING turn",
        _columns(job),
    ).fetchall()
    return row[0][0] if row else None


def _put(conn: Connection, turn: int, job: PrintJob) -> None:
    sql = "INSERT INTO print_job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    if job.state in OVER:
        sql = "INSERT INTO print_done VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    conn.execute(sql, (turn, *_columns(job)))


def _take_out(conn: Connection, print_id: PrintId) -> None:
    conn.execute("DELETE FROM print_job WHERE print_id = ?", (print_id,))
    conn.execute("DELETE FROM print_done WHERE print_id = ?", (print_id,))


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
