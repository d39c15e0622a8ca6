"""How old a print job is at least, without trusting a clock that can be set (P11).

An id must be remembered for thirty days, and a clock that jumps years ahead must not make the agent
forget any. So only time is counted that has certainly passed: from one mark to the next within a
boot the monotonic clock's difference, and after a reboot what the machine has been up since. The
sum is never more than the truth; a machine that is off at night forgets later, never earlier.
"""

from __future__ import annotations

from agent.core.sale.model import Stamp
from agent.journal.connection import Connection

KEPT_TURNS = 100_000
"""How many turns back a job that is over can still be asked for: months of a busy shop."""
KEPT_S = 30 * 24 * 3600
"""And for how long at least, whatever the number of turns."""
PRUNE_EVERY = 256
PRUNE_STEP = 512
"""More than `PRUNE_EVERY`, so that pruning always catches up; few enough to cost no sale's time."""
_NS = 1_000_000_000


def turned(conn: Connection, turn: int, now: Stamp) -> None:
    """Mark every `PRUNE_EVERY`th turn with its age, and drop some of what is old enough.

    Args:
        conn: within the writer's transaction.
        turn: the newest turn of the print queue.
        now: of its job.
    """
    if turn % PRUNE_EVERY:
        return
    lived_s = _mark(conn, turn, now)
    old = conn.execute(
        "SELECT max(turn) FROM print_age WHERE lived_s <= ?", (lived_s - KEPT_S,)
    ).fetchall()[0][0]
    if old is not None:
        prune(conn, min(old, turn - KEPT_TURNS))


def prune(conn: Connection, before: int) -> None:
    """Drop up to `PRUNE_STEP` jobs that are over, of turns up to `before`, oldest first."""
    conn.execute(
        "DELETE FROM print_aside WHERE turn IN (SELECT turn FROM print_aside WHERE turn <= ?"
        " AND state NOT IN ('held', 'uncertain') ORDER BY turn LIMIT ?)",
        (before, PRUNE_STEP),
    )
    conn.execute("DELETE FROM print_age WHERE turn < ?", (before,))


def _mark(conn: Connection, turn: int, now: Stamp) -> int:
    """Put down how long the queue has lived at this turn, in seconds, and give it."""
    mono_s, lived_s = now.mono_ns // _NS, 0
    last = conn.execute(
        "SELECT lived_s, boot_id, mono_s FROM print_age ORDER BY turn DESC LIMIT 1"
    ).fetchone()
    if last is not None:
        same_boot = last[1] == now.boot_id and mono_s >= last[2]
        # The clock of another boot began after the last mark: all that it shows lies between.
        lived_s = last[0] + (mono_s - last[2] if same_boot else mono_s)
    conn.execute("INSERT INTO print_age VALUES (?, ?, ?, ?)", (turn, lived_s, now.boot_id, mono_s))
    return lived_s
