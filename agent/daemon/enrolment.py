"""`till-agent enrol`: introduce a till to HQ, through the running daemon or without it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.core.faults import InputFault
from agent.core.identifiers import TillId
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import opened_journal
from agent.program.terminal import say
from agent.settings import Settings, load

HQ_PATIENCE_S = 60.0
"""The daemon itself waits for HQ, up to `agent.links.http.SILENCE_S`."""


def enrol_till(config: Path, code: str, till: str | None) -> None:
    """Trade a one-time code for HQ's credential.

    Raises:
        InputFault: no HQ in the settings, or several tills and none named.
        HqUnreachable, HqRefused: HQ did not give one.
    """
    settings = load(config)
    chosen = _till(settings, till)
    try:
        body = {"code": code, "till": chosen}
        ask(settings, "POST", "/v1/enrol", body, patience_s=HQ_PATIENCE_S)
    except DaemonAway:
        asyncio.run(_enrol(settings, chosen, code))
    say(f"{chosen} is enrolled at {settings.hq.url if settings.hq else ''}")


def _till(settings: Settings, till: str | None) -> TillId:
    known = [row.id for row in settings.tills]
    if settings.hq is None:
        raise InputFault(
            "the settings name no HQ", remedy='add [hq] with url = "https://…", then enrol'
        )
    if till is None and len(known) == 1:
        return known[0]
    if till not in known:
        raise InputFault(
            "there are several tills" if till is None else f"there is no till {till!r}",
            remedy="name one: --till " + " or ".join(known),
        )
    return TillId(till)


async def _enrol(settings: Settings, till: TillId, code: str) -> None:
    from agent.daemon.ways import link_to_hq, signer
    from agent.sync.enrolment import enrol

    with opened_journal(settings) as (journal, key):
        link = link_to_hq(settings, key)
        try:
            await enrol(
                link,
                journal,
                store=settings.store.id,
                till=till,
                code=code,
                device_key=key.public_bytes,
                sign=signer(key),
            )
        finally:
            await link.aclose()
