"""What a person at HQ must look at: each thing once, however often a till repeats it."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, update

from agent.core.exchange.wire import Batch, Fork
from central.ledger.tables import INCIDENTS
from central.ledger.upserts import upsert


def note_fork(conn: Connection, batch: Batch, fork: Fork, now: str) -> None:
    """Note that a till holds another record than HQ under one number, or lives twice."""
    keep_incident(
        conn,
        ("fork", batch.journal_id, str(fork.seq), batch.incarnation),
        journal_id=batch.journal_id,
        at=now,
        detail=f"the till's journal differs from HQ's at seq {fork.seq}, or runs on two machines "
        f"(incarnation {batch.incarnation[:40]})",
        remedy="find out whether the till's disk was copied or its state directory put back from "
        "a backup; keep the machine that stands in the shop, enrol it with a new code",
    )


def keep_incident(
    conn: Connection,
    key: tuple[str, ...],
    *,
    at: str,
    detail: str,
    remedy: str,
    journal_id: str | None = None,
) -> None:
    """Note an incident once; its key begins with its name and says which one it is."""
    row = {
        "incident_id": _id(key),
        "at": at,
        "name": key[0],
        "journal_id": journal_id,
        "detail": detail,
        "remedy": remedy,
    }
    conn.execute(upsert(INCIDENTS).values(row).on_conflict_do_nothing())


def rewrite_incident(
    conn: Connection, key: tuple[str, ...], detail: str, *, closed_at: str | None
) -> None:
    """Say anew how an incident stands; with a time, that it is over."""
    conn.execute(
        update(INCIDENTS)
        .where(INCIDENTS.c.incident_id == _id(key))
        .values(detail=detail, closed_at=closed_at)
    )


def _id(key: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
