"""Entries that could not be applied: kept with name and reason, never in another's way."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.core.faults import Fault
from central.histories.pending import Received
from central.ledger.tables import QUARANTINE

REASON_CHARACTERS = 500
"""Enough to say what is wrong; a body never gets into it."""


class BodyMissing(Fault):
    """The chain has the entry, but its body is neither here nor erased by an order."""

    name = "body-missing"
    title = "An entry's body is missing"

    def __init__(self, received: Received) -> None:
        """Name the entry."""
        super().__init__(
            f"the body of entry {received.seq} of journal {received.journal_id} is missing",
            remedy="run `till-central ledger verify`, then restore the body from a backup",
        )


def put(conn: Connection, received: Received, error: Exception, now: str) -> None:
    """Set an entry aside, or count another failed try."""
    new = upsert(QUARANTINE).values(
        journal_id=received.journal_id,
        seq=received.seq,
        name=error.name if isinstance(error, Fault) else type(error).__name__,
        reason=_reason(error),
        tries=1,
        since=now,
    )
    changed = {
        "name": new.excluded.name,
        "reason": new.excluded.reason,
        "tries": QUARANTINE.c.tries + 1,
    }
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id", "seq"], set_=changed))


def release(conn: Connection, journal_id: str, seq: int) -> None:
    """Take an entry out; whoever does so applies it in the same transaction."""
    conn.execute(
        delete(QUARANTINE).where(QUARANTINE.c.journal_id == journal_id, QUARANTINE.c.seq == seq)
    )


def held(conn: Connection) -> list[tuple[str, int]]:
    """List what is set aside, per journal in order."""
    query = select(QUARANTINE.c.journal_id, QUARANTINE.c.seq).order_by(
        QUARANTINE.c.journal_id, QUARANTINE.c.seq
    )
    return [(row.journal_id, row.seq) for row in conn.execute(query)]


def _reason(error: Exception) -> str:
    """Say what went wrong, in one line, without the values of a failed statement."""
    if isinstance(error, Fault):
        return error.detail[:REASON_CHARACTERS]
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}"[:REASON_CHARACTERS]
