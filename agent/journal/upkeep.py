"""What became of the work beside selling: each kind's last success, and what is wrong since.

Age is counted in business days that were closed since; clocks are only shown (P11).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.core.faults import Fault
from agent.journal.connection import Connection
from agent.journal.space import closed_days

VERIFY, INTEGRITY, BACKUP, PRUNE = "verify", "integrity", "backup", "prune"
TASKS = (VERIFY, INTEGRITY, BACKUP, PRUNE)
Place = Literal["", "second", "same"]


class Done(msgspec.Struct, frozen=True):
    """What became of one kind of work."""

    task: str
    """verify, integrity, backup or prune."""
    ok_at: str = ""
    """When it succeeded last, as the clock was then; empty while it never did."""
    days_since: int = 0
    """Business days closed since then."""
    detail: str = ""
    """What was done then."""
    place: Place = ""
    """Of a backup: on a `second` medium, or on the `same` as the journal."""
    fault_at: str = ""
    """When it failed after that; empty while nothing is wrong."""
    fault: str = ""
    """The fault's name."""
    reason: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong since the last success."""
        return not self.fault


def succeeded(conn: Connection, task: str, at: str, detail: str, place: Place = "") -> None:
    """Keep a success; an earlier fault is over.

    Args:
        conn: within the writer's transaction.
        task: one of `TASKS`.
        at: `Stamp.wall` of now.
        detail: what was done, in a sentence.
        place: of a backup.
    """
    conn.execute(
        "INSERT INTO upkeep (task, ok_at, ok_day, detail, place, fault_at, fault, reason, remedy)"
        " VALUES (?, ?, ?, ?, ?, '', '', '', '')"
        " ON CONFLICT (task) DO UPDATE SET ok_at = excluded.ok_at, ok_day = excluded.ok_day,"
        " detail = excluded.detail, place = excluded.place, fault_at = '', fault = '',"
        " reason = '', remedy = ''",
        (task, at, closed_days(conn), detail, place),
    )


def failed(conn: Connection, task: str, at: str, fault: Fault) -> None:
    """Keep a fault beside the last success."""
    conn.execute(
        "INSERT INTO upkeep (task, ok_at, ok_day, detail, place, fault_at, fault, reason, remedy)"
        " VALUES (?, '', ?, '', '', ?, ?, ?, ?)"
        " ON CONFLICT (task) DO UPDATE SET fault_at = excluded.fault_at, fault = excluded.fault,"
        " reason = excluded.reason, remedy = excluded.remedy",
        (task, closed_days(conn), at, fault.name, fault.detail, fault.remedy),
    )


def is_kept(conn: Connection) -> bool:
    """Tell whether the file is of a version that keeps it: a command may meet an older one."""
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'upkeep'"
    return conn.execute(sql).fetchone() is not None


def done(conn: Connection) -> dict[str, Done]:
    """Read what became of each kind; of one that was never done there is an empty one."""
    today = closed_days(conn)
    rows = conn.execute(
        "SELECT task, ok_at, ok_day, detail, place, fault_at, fault, reason, remedy FROM upkeep"
    ).fetchall()
    found = {row[0]: Done(row[0], row[1], today - row[2], *row[3:]) for row in rows}
    return {task: found.get(task, Done(task)) for task in TASKS}
