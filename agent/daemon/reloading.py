"""Settings that change while the agent runs: read again on SIGHUP, taken over where that is safe.

A file with an error changes nothing. What cannot change while the till sells keeps its value until
the next start, and is named; everything else holds from the next command, and only the devices
that differ are touched.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

from agent.core.faults import Fault
from agent.core.receipt import Template
from agent.daemon.assembly import Agent
from agent.daemon.checked import load_checked
from agent.daemon.receipts import load_template
from agent.program.notify import notify
from agent.settings import Settings, SettingsFault

log = structlog.get_logger("till-agent")

FIXED_STORE = ("id", "currency", "timezone", "prices_include_tax")
"""Open baskets and journals are of these."""
AGAIN = "reload them again: systemctl reload till-agent"
LIVE_AGENT = ("log_level", "keep_days", "backup_dir", "backup_keep")


class Reloading:
    """Reads the settings again whenever it is ordered to."""

    def __init__(self, agent: Agent, config: Path) -> None:
        """Take who is to have them, and the file."""
        self._agent = agent
        self._config = config
        self._ordered = asyncio.Event()

    def order(self) -> None:
        """Have the settings read again; orders that come meanwhile are one."""
        self._ordered.set()

    async def run(self) -> None:
        """Obey until cancelled."""
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            notify(f"READY=1\nSTATUS={await self._reload()}")

    async def _reload(self) -> str:
        try:
            # Fonts and files are read: not in the loop that sells.
            wanted = await asyncio.to_thread(load_checked, self._config)
            template = await asyncio.to_thread(load_template, wanted)
        except Fault as fault:
            return self._refused(fault)
        try:
            return await self._take_over(wanted, template)
        except Fault as fault:
            return _in_part(fault)

    def _refused(self, fault: Fault) -> str:
        problems = fault.problems if isinstance(fault, SettingsFault) else []
        for found in problems:
            log.error(
                "settings have an error",
                where=found.path,
                why=found.detail,
                remedy=found.remedy,
            )
        log.error(
            "settings are not taken over, all goes on as before",
            file=str(self._config),
            why=fault.detail if not problems else f"{len(problems)} error(s)",
            remedy=fault.remedy,
        )
        return f"settings not taken over: {fault.name}, see the log"

    async def _take_over(self, wanted: Settings, template: Template) -> str:
        agent = self._agent
        left = sorted(restart_needed(agent.settings, wanted))
        settings = effective(agent.settings, wanted)
        touched = await agent.take_settings(settings, template)
        logging.getLogger().setLevel(settings.agent.log_level.upper())
        log.info("settings taken over", devices=touched)
        if not left:
            return "settings taken over"
        log.warning(
            "restart needed: these settings keep their values",
            settings=left,
            remedy="systemctl restart till-agent, when nobody is selling",
        )
        return f"settings taken over, restart needed for {', '.join(left)}"


def _in_part(fault: Fault) -> str:
    """A till was too busy to be asked: what it has not heard of, it hears of the next time."""
    log.error("settings are taken over in part", why=fault.detail, remedy=AGAIN)
    return "settings taken over in part: see the log"


def effective(old: Settings, wanted: Settings) -> Settings:
    """Give the settings to work by: the wanted ones, as far as they can change now."""
    tills = {till.id: till for till in wanted.tills}
    return msgspec.structs.replace(
        wanted,
        store=msgspec.structs.replace(
            wanted.store, **{field: getattr(old.store, field) for field in FIXED_STORE}
        ),
        agent=msgspec.structs.replace(
            old.agent, **{field: getattr(wanted.agent, field) for field in LIVE_AGENT}
        ),
        hq=old.hq,
        tills=tuple(
            msgspec.structs.replace(tills.get(till.id, till), basket=till.basket)
            for till in old.tills
        ),
    )


def restart_needed(old: Settings, wanted: Settings) -> Iterator[str]:
    """Name what differs and cannot change before the next start, as in the file."""
    for field in FIXED_STORE:
        if getattr(old.store, field) != getattr(wanted.store, field):
            yield f"store.{field}"
    for field in old.agent.__struct_fields__:
        if field not in LIVE_AGENT and getattr(old.agent, field) != getattr(wanted.agent, field):
            yield f"agent.{field}"
    if old.hq != wanted.hq:
        yield "hq"
    before = {till.id: till for till in old.tills}
    after = {till.id: till for till in wanted.tills}
    for till_id in before.keys() ^ after.keys():
        yield f"till {till_id} ({'added' if till_id in after else 'removed'})"
    for till_id in before.keys() & after.keys():
        if before[till_id].basket != after[till_id].basket:
            yield f"till {till_id} basket"
