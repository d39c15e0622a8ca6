"""Print jobs: durable from the transaction that wanted the print until the paper is out (P7).

A job is never printed again by itself once a byte of it was sent: what became of it is then
`uncertain`, and a person decides. One that waited too long is `expired`: nothing of it was sent,
nothing of it is printed by itself any more, and a person decides likewise (R6). No move of the
table leads from a state in which something may be on paper back into the queue, so an unmarked
second print cannot even be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec

from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import DeviceId, PrintId, SaleId, TillId
from agent.core.sale.model import Stamp
from agent.journal import print_ages
from agent.journal.connection import Connection
from agent.journal.memory import memory_of

RECEIPT = "receipt"
"""The kind of a job that is made from its sale when it is printed."""
DRAWER = "drawer"
"""The kind of a job that opens a drawer, at once or never."""

MOVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "queued": ("sending", "held", "failed", "expired"),
        "sending": ("confirmed", "held", "uncertain", "failed"),
        "held": ("sending", "queued", "confirmed", "failed", "expired"),
        "uncertain": ("confirmed", "failed"),
        "expired": ("queued", "confirmed", "failed"),
        "failed": (),
        "confirmed": (),
    }
)
"""State → the states a job may go to from it."""
OVER = ("confirmed", "failed", "expired")
"""The printer's worker is done with these; an expired one may still wait for a person."""
ASKED = ("uncertain", "expired")
"""A person is to say what becomes of these, drawers excepted: nobody wants one opened later."""
NEXT = ("queued", "sending")
"""About to be printed: kept in a table so small that it needs no index."""
KEEP_PAYLOAD = ("queued", "sending", "held", "uncertain", "failed", "expired")
"""What a confirmed job has printed is nobody's business any more (P9)."""

_UNFINISHED = (
    "SELECT * FROM print_job WHERE device = ?1 UNION ALL SELECT * FROM print_aside"
    " WHERE device = ?1 AND state IN ('held', 'uncertain') ORDER BY turn"
)
# The greatest turn there ever was: those aside are pruned from the oldest on.
_NEWEST = (
    "SELECT max(coalesce((SELECT max(turn) FROM print_job), 0),"
    " coalesce((SELECT max(turn) FROM print_aside), 0))"
)
_VALUES = "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT = {
    "print_job": f"INSERT INTO print_job {_VALUES}",
    "print_aside": f"INSERT INTO print_aside {_VALUES}",
}
_KNOWN = (
    "SELECT EXISTS (SELECT 1 FROM print_job WHERE print_id = ?1)"
    " OR EXISTS (SELECT 1 FROM print_aside WHERE print_id = ?1)"
)
_OPEN = (
    "SELECT * FROM print_aside WHERE till = ? AND state IN ('held', 'uncertain', 'expired')"
    " AND kind <> 'drawer' ORDER BY turn DESC LIMIT ?"
)


class PrintJob(msgspec.Struct, frozen=True):
    """One thing for a printer to do; its fields stand as the columns behind `turn` do."""

    print_id: PrintId
    till: TillId
    device: DeviceId
    kind: str
    """`receipt` (made from its sale when it is printed), `document` (a `ReceiptDocument` as JSON),
    `raw` (printer bytes) or `drawer`; a document and raw bytes have a payload, and a receipt that
    says something of points."""
    digest: str
    """SHA-256 of the payload, hexadecimal; of a receipt, its sale and whether it is a copy."""
    state: str
    """A key of `MOVES`."""
    reason: str
    sale_id: SaleId | None
    copy: bool
    """Must be marked as a copy on paper."""
    created: str
    updated: str
    payload: bytes | None
    """Deleted once confirmed."""
    asked_ns: int = 0
    """`Stamp.mono_ns` of when it was asked for; asking for an expired one again counts anew."""
    asked_boot: str = ""
    """`Stamp.boot_id` of then; without it, `created` tells how long the job has waited."""

    @property
    def asks(self) -> bool:
        """Whether a person is to say what becomes of it."""
        return self.state in ASKED and self.kind != DRAWER


_COPY = PrintJob.__struct_fields__.index("copy")


def enqueue(
    conn: Connection,
    *,
    print_id: PrintId,
    till: TillId,
    device: DeviceId,
    kind: str,
    payload: bytes | None,
    at: str,
    stamp: Stamp | None = None,
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
        stamp: now by all clocks; without it the job's age is known by the wall clock alone.
        sale_id: whose receipt it is.
        copy: mark it as a copy.

    Raises:
        StateFault: `print-id-reused`, the id belongs to a job of another content or till.
    """
    digest = _digest(kind, payload, sale_id, copy=copy)
    asked = (stamp.mono_ns, stamp.boot_id) if stamp else (0, "")
    what = (print_id, till, device, kind, digest, "queued", "", sale_id, copy, at, at, payload)
    job = PrintJob(*what, *asked)
    turn = _put_new(conn, job)
    if turn is None:
        return _same(get(conn, print_id), job)
    if stamp is not None:
        print_ages.turned(conn, turn, stamp)
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


def open_of(conn: Connection, till: TillId, limit: int) -> list[PrintJob]:
    """List a till's newest jobs that are held, uncertain or expired, oldest first."""
    rows = conn.execute(_OPEN, (till, limit)).fetchall()
    return [_job(row)[1] for row in reversed(rows)]


def waiting_devices(conn: Connection) -> list[DeviceId]:
    """List the devices that have jobs nobody has worked off yet."""
    rows = conn.execute(
        "SELECT device FROM print_job UNION"
        " SELECT device FROM print_aside WHERE state IN ('held', 'uncertain')"
    ).fetchall()
    return [device for (device,) in rows]


def ask_again(
    conn: Connection, print_id: PrintId, *, device: DeviceId, stamp: Stamp, reason: str
) -> PrintJob:
    """Queue a job that nothing was sent of, at this printer, as if it were asked for now.

    Raises:
        NotFoundFault, StateFault: as `set_state`.
    """
    set_state(conn, print_id, "queued", at=stamp.wall, reason=reason)
    conn.execute(
        "UPDATE print_job SET device = ?, created = ?, asked_ns = ?, asked_boot = ?"
        " WHERE print_id = ?",
        (device, stamp.wall, stamp.mono_ns, stamp.boot_id, print_id),
    )
    return _require(conn, print_id)[1]


def newest_turn(conn: Connection) -> int:
    """Give the greatest turn the queue has ever given; 0 while there is none."""
    memory = memory_of(conn)
    if memory.turn is None:
        memory.turn = int(conn.execute(_NEWEST).fetchall()[0][0])
    return memory.turn


def forget_payload(conn: Connection, print_id: PrintId) -> None:
    """Delete what a job would have printed: it was dropped, or is printed by another job (P9)."""
    conn.execute("UPDATE print_aside SET payload = NULL WHERE print_id = ?", (print_id,))


def set_state(
    conn: Connection, print_id: PrintId, state: str, *, at: str, reason: str = ""
) -> PrintJob:
    """Move a job on; a confirmed one loses its payload, a queued one goes to the queue's end.

    Repeating the present state changes only the reason.

    Raises:
        NotFoundFault: `no-such-print`.
        StateFault: `print-state`, the job cannot go there from where it is (`MOVES`).
    """
    turn, job = _require(conn, print_id)
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
        turn = _next_turn(conn)
    _take_out(conn, print_id)
    _put(conn, turn, moved)
    return moved


def _find(conn: Connection, print_id: PrintId) -> tuple[int, PrintJob] | None:
    row = conn.execute("SELECT * FROM print WHERE print_id = ?", (print_id,)).fetchone()
    return None if row is None else _job(row)


def _require(conn: Connection, print_id: PrintId) -> tuple[int, PrintJob]:
    found = _find(conn, print_id)
    if found is None:
        raise NotFoundFault(
            f"there is no print job {print_id}",
            remedy="print the receipt again from its sale",
            name="no-such-print",
        )
    return found


def _put_new(conn: Connection, job: PrintJob) -> int | None:
    """Insert a job behind all others.

    Returns:
        The turn; None where there is a job of this id.
    """
    if conn.execute(_KNOWN, (job.print_id,)).fetchall()[0][0]:
        return None
    turn = _next_turn(conn)
    conn.execute(_INSERT["print_job"], (turn, *msgspec.structs.astuple(job)))
    return turn


def _next_turn(conn: Connection) -> int:
    """Take the next turn of the queue, greater than any there ever was."""
    turn = newest_turn(conn) + 1
    memory_of(conn).turn = turn
    return turn


def _put(conn: Connection, turn: int, job: PrintJob) -> None:
    table = "print_job" if job.state in NEXT else "print_aside"
    conn.execute(_INSERT[table], (turn, *msgspec.structs.astuple(job)))


def _take_out(conn: Connection, print_id: PrintId) -> None:
    conn.execute("DELETE FROM print_job WHERE print_id = ?", (print_id,))
    conn.execute("DELETE FROM print_aside WHERE print_id = ?", (print_id,))


def _digest(kind: str, payload: bytes | None, sale_id: SaleId | None, *, copy: bool) -> str:
    if kind == RECEIPT:
        return f"{sale_id} {copy}"
    return sha256(payload or b"").hexdigest()


def _same(known: PrintJob | None, wanted: PrintJob) -> PrintJob:
    if known is None or _what(known) != _what(wanted):
        raise StateFault(
            f"print id {wanted.print_id} belongs to a job with another content or of another till",
            remedy="make a new id (UUIDv7) for each print; repeat an id only to repeat its request",
            name="print-id-reused",
        )
    return known


def _what(job: PrintJob) -> tuple[str, ...]:
    return job.till, job.kind, job.digest


def _job(row: tuple[Any, ...]) -> tuple[int, PrintJob]:
    turn, *what = row
    what[_COPY] = bool(what[_COPY])
    return turn, PrintJob(*what)
