"""What a person at HQ must look at: each thing once, however often a till repeats it."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.core.exchange.intake import Rewound
from agent.core.exchange.wire import Batch, Fork
from central.ledger.tables import INCIDENTS


def note_fork(conn: Connection, batch: Batch, fork: Fork, now: str) -> None:
    """Note that a till holds another record than HQ under one number, or lives twice."""
    _note(
        conn,
        ("fork", batch.journal_id, str(fork.seq), batch.incarnation),
        journal_id=batch.journal_id,
        at=now,
        detail=f"the till's journal differs from HQ's at seq {fork.seq}, or runs on two machines "
        f"(incarnation {batch.incarnation[:40]})",
        remedy="find out whether the till's disk was copied or its state directory put back from "
        "a backup; keep the machine that stands in the shop, enrol it with a new code",
    )


def note_rewind(conn: Connection, batch: Batch, rewound: Rewound, epoch: str, now: str) -> None:
    """Note that this database has forgotten what HQ had signed."""
    _note(
        conn,
        ("rewind", epoch),
        journal_id=batch.journal_id,
        at=now,
        detail=f"this database holds the journal up to seq {rewound.have_seq}, but HQ had signed "
        f"seq {rewound.signed.seq} in epoch {rewound.signed.epoch}: it was restored from an older "
        f"state; epoch {epoch} has begun and the tills send again what is missing",
        remedy="nothing, if it was restored on purpose: watch till-central status until no store "
        "lags; otherwise find out who replaced the database",
    )


def _note(
    conn: Connection, key: tuple[str, ...], *, journal_id: str, at: str, detail: str, remedy: str
) -> None:
    row = {
        "incident_id": hashlib.sha256("\0".join(key).encode()).hexdigest()[:32],
        "at": at,
        "name": key[0],
        "journal_id": journal_id,
        "detail": detail,
        "remedy": remedy,
    }
    conn.execute(upsert(INCIDENTS).values(row).on_conflict_do_nothing())
