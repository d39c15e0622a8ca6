"""The till's day: what was recorded since it was last closed, and the number of the next Z."""

from __future__ import annotations

from agent.core.entries.bodies import Body
from agent.core.entries.kinds import SALES
from agent.core.identifiers import TillId
from agent.journal import chains
from agent.journal.connection import Connection


def since_opened(conn: Connection, till: TillId) -> list[Body]:
    """Read the `sales` facts after the till's last `till.closed`, in order."""
    row = conn.execute(
        "SELECT closed_seq FROM head WHERE till = ? AND lane = ? AND sealed = 0", (till, SALES)
    ).fetchone()
    closed_seq = 0 if row is None else row[0]
    return [body for _, body in chains.entries(conn, till, SALES, closed_seq)]


def z_number(conn: Connection, till: TillId) -> int:
    """Give the number of the till's next Z report, contiguous from 1; taken by appending it."""
    row = conn.execute(
        "SELECT z_number + 1 FROM head WHERE till = ? AND lane = ? AND sealed = 0",
        (till, SALES),
    ).fetchone()
    return 1 if row is None else int(row[0])
