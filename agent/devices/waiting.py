"""How long a print job has waited, and whether that is too long to print it by itself (R6).

Within one boot the monotonic clock decides, which nobody can set. Over a reboot there is only the
wall clock; where it makes no sense the job counts as too old, since a wrong answer must never be
a pile of old receipts. The worst that a wrong clock does is to ask a person needlessly.
"""

from __future__ import annotations

from datetime import datetime

from agent.core.sale.model import Stamp
from agent.journal.prints import PrintJob

_NS = 1_000_000_000


def waited_s(job: PrintJob, now: Stamp) -> float | None:
    """Tell for how many seconds a job has waited; None where no clock can tell."""
    if job.asked_boot and job.asked_boot == now.boot_id:
        return max(0, now.mono_ns - job.asked_ns) / _NS
    try:
        passed = datetime.fromisoformat(now.wall) - datetime.fromisoformat(job.created)
    except ValueError:
        return None
    seconds = passed.total_seconds()
    return seconds if seconds >= 0 else None


def left_s(job: PrintJob, now: Stamp, within_s: float) -> float:
    """Tell for how many seconds a job may still be printed by itself; 0 if it may not any more."""
    waited = waited_s(job, now)
    return 0.0 if waited is None else max(0.0, within_s - waited)


def too_late(job: PrintJob, now: Stamp) -> str:
    """Say why a job is not printed by itself any more, and what to do."""
    waited = waited_s(job, now)
    long = "for an unknown time" if waited is None else f"for {waited / 60:.0f} minutes"
    return (
        f"it has waited {long} and is not printed by itself any more, nothing of it was sent; "
        "say whether to print it, or to drop it"
    )
