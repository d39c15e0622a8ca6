"""`till-agent enrol`: introduce a till to HQ, through the running daemon or without it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent.contracts.hq import HqRefused
from agent.core.exchange.wire import Replaced
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
        answer = ask(settings, "POST", "/v1/enrol", body, patience_s=HQ_PATIENCE_S)
        replaced = msgspec.convert(answer.get("replaced", []), list[Replaced])
    except DaemonAway:
        replaced = asyncio.run(_enrol(settings, chosen, code))
    say(f"{chosen} is enrolled at {settings.hq.url if settings.hq else ''}")
    show_replaced(chosen, replaced)


def show_replaced(till: TillId, replaced: Sequence[Replaced]) -> None:
    """Say what HQ has of the machine that stood there before, and how the rest can still come."""
    if not replaced:
        return
    say(f"another machine stood at {till} before; it may not report any more:")
    for journal in replaced:
        heard = f", last heard {journal.last_contact_at}" if journal.last_contact_at else ""
        say(f"  {journal.lane:<5} {journal.journal_id}: HQ holds {_held(journal)}{heard}")
    say("what it did not send can still be handed in, if its disk can be read:")
    say("  there: till-agent journal export FILE")
    say("  at HQ: till-central import-journal FILE")


def _held(journal: Replaced) -> str:
    missing = journal.tail_seq - journal.have_seq
    if missing > 0:
        return f"{journal.have_seq} of {journal.tail_seq} entries, {missing} were never sent"
    return f"all {journal.have_seq} entries it spoke of"


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


async def _enrol(settings: Settings, till: TillId, code: str) -> list[Replaced]:
    from agent.daemon.unfounding import taken_back
    from agent.daemon.ways import link_to_hq, signer
    from agent.sync.enrolment import enrol

    with taken_back(settings, HqRefused), opened_journal(settings) as (journal, key):
        link = link_to_hq(settings, key)
        try:
            kept = await enrol(
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
    return list(kept.answer.replaced)
