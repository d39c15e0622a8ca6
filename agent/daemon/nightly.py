"""When the work beside selling is done: by night, soon after the start, and the disk all day long.

The start checks only the newest links, so that a till is up in a second; what is older is checked
half a minute later, and every night: what a failing disk does to it is found before anybody needs
it. One schedule for all of it; a night's work is not repeated by anybody else.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from agent.core.faults import Fault
from agent.daemon.upkeep import Upkeep

AT_HOUR = 3
JITTER_S = 3600
"""So that a thousand shops on shared storage do not all read their disks in the same minute."""
LATE_S = 6 * 3600
"""A machine that slept through the hour still checks, up to so much later."""
AFTER_START_S = 30
"""The devices have been found by then, and the first customer served."""
TENDED_S = 10
"""How often the disk is looked at: nobody tells when another program fills it."""


async def run_nightly(upkeep: Upkeep, timezone: str) -> None:
    """Keep the schedule, at the store's own time, until cancelled."""
    scheduler = AsyncIOScheduler(timezone=timezone, job_defaults={"coalesce": True})
    night = CronTrigger(hour=AT_HOUR, jitter=JITTER_S, timezone=timezone)
    scheduler.add_job(upkeep.night, night, misfire_grace_time=LATE_S)
    soon = datetime.now(scheduler.timezone) + timedelta(seconds=AFTER_START_S)
    scheduler.add_job(_verify, DateTrigger(soon), args=[upkeep], misfire_grace_time=None)
    scheduler.add_job(_tend, IntervalTrigger(seconds=TENDED_S), args=[upkeep])
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)


async def _verify(upkeep: Upkeep) -> None:
    """Check what the start did not; what is wrong was logged and kept where it was found."""
    try:
        await upkeep.verify()
    except Fault:
        return


async def _tend(upkeep: Upkeep) -> None:
    try:
        await upkeep.tend()
    except Fault:
        # The journal is busy, or the agent stops: the next look is soon.
        return
