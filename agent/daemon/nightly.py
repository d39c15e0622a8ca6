"""What the agent does at night, when nobody sells: every link and every body checked once.

The start checks only the newest links, so that a till is up in a second; this finds what a failing
disk did to the older ones before anybody needs them.
"""

from __future__ import annotations

import asyncio

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from agent.journal import Journal
from agent.journal.verify import JournalReport, verify

log = structlog.get_logger(__name__)

AT_HOUR = 3
JITTER_S = 3600
"""So that a thousand shops on shared storage do not all read their disks in the same minute."""
LATE_S = 6 * 3600
"""A machine that slept through the hour still checks, up to so much later."""


async def run_nightly(journal: Journal, timezone: str) -> None:
    """Check the journals once a night, at the store's own time, until cancelled."""
    scheduler = AsyncIOScheduler(timezone=timezone)
    trigger = CronTrigger(hour=AT_HOUR, jitter=JITTER_S, timezone=timezone)
    scheduler.add_job(
        check, trigger, args=[journal], misfire_grace_time=LATE_S, coalesce=True, max_instances=1
    )
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)


async def check(journal: Journal) -> list[JournalReport]:
    """Verify every journal beside the running tills; what does not hold is an error in the log."""
    reports = await journal.read_aside(verify)
    for report in reports:
        if report.ok:
            log.info("journal checked", till=report.till, lane=report.lane, entries=report.tail_seq)
        else:
            log.error(
                "journal is damaged",
                till=report.till,
                lane=report.lane,
                fault=report.fault,
                remedy="copy the state directory away, then: till-agent journal verify",
            )
    return reports
