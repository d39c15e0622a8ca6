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
"""How many turns back a finished job can still be asked for: months of a busy shop."""
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
    digest = sha256(payload or b"").hexdigest()
    known = get(conn, print_id)
    if known is not None:
        return _same(known, kind, digest)
    turn = _next_turn(conn)
    conn.execute(
        "INSERT INTO print_job (turn, print_id, till, device, kind, payload, digest, state,"
        " reason, sale_id, copy, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', '', ?, ?, ?, ?)",
        (turn, print_id, till, device, kind, payload, digest, sale_id, copy, at, at),
    )
    if turn % PRUNE_EVERY == 0:
        prune(conn, turn - FINISHED_KEPT)
    return PrintJob(
        print_id, till, device, kind, payload, digest, "queued", "", sale_id, copy, at, at
    )


def get(conn: Connection, print_id: PrintId) -> PrintJob | None:
    """Read one job."""
    row = conn.execute(
        "SELECT print_id, till, device, kind, payload, digest, state, reason, sale_id, copy,"
        " created, updated FROM print_job WHERE print_id = ?",
        (print_id,),
    ).fetchone()
    return None if row is None else _job(row)


def next_for(conn: Connection, device: DeviceId) -> PrintJob | None:
    """Give the device's oldest job that nothing was sent of yet: `queued` or `held`."""
    row = conn.execute(
        "SELECT print_id, till, device, kind, payload, digest, state, reason, sale_id, copy,"
        " created, updated FROM print_job"
        " WHERE device = ? AND state IN ('queued', 'held') ORDER BY turn LIMIT 1",
        (device,),
    ).fetchone()
    return None if row is None else _job(row)


def unfinished(conn: Connection, device: DeviceId) -> list[PrintJob]:
    """List the device's jobs that are queued, being sent, held or uncertain, oldest first."""
    rows = conn.execute(
        "SELECT print_id, till, device, kind, payload, digest, state, reason, sale_id, copy,"
        " created, updated FROM print_job"
        " WHERE device = ? AND state IN ('queued', 'sending', 'held', 'uncertain') ORDER BY turn",
        (device,),
    ).fetchall()
    return [_job(row) for row in rows]


def set_state(
    conn: Connection, print_id: PrintId, state: str, *, at: str, reason: str = ""
) -> PrintJob:
    """Move a job on; a confirmed one loses its payload, a queued one goes to the queue's end.

    Repeating the present state changes only the reason.

    Raises:
        NotFoundFault: `no-such-print`.
        StateFault: `print-state`, the job cannot go there from where it is (`MOVES`).
    """
    job = get(conn, print_id)
    if job is None:
        raise NotFoundFault(
            f"there is no print job {print_id}",
            remedy="print the receipt again from its sale",
            name="no-such-print",
        )
    if state != job.state and state not in MOVES[job.state]:
        raise StateFault(
            f"print job {print_id} is {job.state} and cannot become {state}",
            remedy="ask for a new print, which gets its own id",
            name="print-state",
        )
    return _move(conn, job, state, at=at, reason=reason)


def prune(conn: Connection, before: int) -> None:
    """Drop up to `PRUNE_STEP` finished jobs of turns up to `before`, oldest first."""
    conn.execute(
        "DELETE FROM print_job WHERE turn <= ?"
        " AND turn < (SELECT min(turn) FROM print_job) + ?"
        " AND state IN ('confirmed', 'failed', 'expired')",
        (before, PRUNE_STEP),
    )


def _move(conn: Connection, job: PrintJob, state: str, *, at: str, reason: str) -> PrintJob:
    if state == "queued" and job.state != "queued":
        conn.execute(
            "UPDATE print_job SET turn = ? WHERE print_id = ?", (_next_turn(conn), job.print_id)
        )
    payload = None if state == "confirmed" else job.payload
    conn.execute(
        "UPDATE print_job SET state = ?, reason = ?, updated = ?, payload = ? WHERE print_id = ?",
        (state, reason, at, payload, job.print_id),
    )
    return msgspec.structs.replace(job, state=state, reason=reason, updated=at, payload=payload)


def _next_turn(conn: Connection) -> int:
    row = conn.execute("SELECT coalesce(max(turn), 0) + 1 FROM print_job").fetchall()[0]
    turn: int = row[0]
    return turn


def _same(known: PrintJob, kind: str, digest: str) -> PrintJob:
    if (known.kind, known.digest) != (kind, digest):
        raise StateFault(
            f"print id {known.print_id} belongs to a job with another content",
            remedy="make a new id (UUIDv7) for each print; repeat an id only to repeat its request",
            name="print-id-reused",
        )
    return known


def _job(row: tuple[Any, ...]) -> PrintJob:
    # SQLite has no booleans: `copy`, the tenth column, comes as a number.
    return PrintJob(*(*row[:9], bool(row[9]), *row[10:]))
