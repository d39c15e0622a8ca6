"""`till-agent renew-key`: a new device key, without a gap in reporting."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.contracts.hq import HqLink, HqRefused
from agent.core.faults import InputFault
from agent.core.identifiers import TillId
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import JOURNAL, opened_journal, state_dir
from agent.journal import Journal
from agent.journal.device_key import (
    DeviceKey,
    drop_next,
    load_next,
    load_or_create_next,
    take_over,
)
from agent.program.terminal import print_json, say
from agent.settings import Settings, load

HQ_PATIENCE_S = 60.0


def renew_device_key(config: Path, *, json: bool) -> None:
    """Renew this machine's key at HQ, through the running daemon or without it.

    Raises:
        InputFault: there is no HQ in the settings.
        StateFault: no till is enrolled.
        HqUnreachable, HqRefused: HQ has not agreed; the old key holds, and this can be repeated.
    """
    settings = load(config)
    if settings.hq is None:
        raise InputFault(
            "the settings name no HQ",
            remedy="nothing to do: a till that works alone shows its key to nobody",
        )
    try:
        answer = ask(settings, "POST", "/v1/renew-key", {}, patience_s=HQ_PATIENCE_S)
        keyid, tills = str(answer["keyid"]), [str(till) for till in answer["tills"]]
    except DaemonAway:
        keyid, tills = asyncio.run(_renew(settings))
    if json:
        print_json({"keyid": keyid, "tills": tills})
    else:
        say(f"{', '.join(tills)}: the device key is {keyid} from now on; HQ lets the old one go")


async def _renew(settings: Settings) -> tuple[str, list[str]]:
    from agent.daemon.ways import link_to_hq
    from agent.sync.renewal import not_enrolled

    if not (state_dir(settings) / JOURNAL).exists():
        raise not_enrolled()
    with opened_journal(settings) as (journal, key):
        link = link_to_hq(settings, key)
        try:
            new, tills = await renew_here(link, journal, settings, key)
        finally:
            await link.aclose()
    return new.keyid, [str(till) for till in tills]


async def renew_here(
    link: HqLink, journal: Journal, settings: Settings, old: DeviceKey
) -> tuple[DeviceKey, list[TillId]]:
    """Agree on the next key with HQ, note it, and put it in the old one's place.

    Raises:
        Fault: HQ has not agreed, or the disk has not taken it; the old key holds.
    """
    from agent.sync.renewal import Signer, enrolled_tills, renew

    directory = state_dir(settings)
    known = [till.id for till in settings.tills]
    kept = await journal.read(lambda conn: enrolled_tills(conn, known))
    is_begun = load_next(directory) is not None
    new = load_or_create_next(directory)
    try:
        tills = await renew(
            link,
            journal,
            known,
            old=Signer(old.public_bytes, old.private.sign),
            new=Signer(new.public_bytes, new.private.sign),
        )
    except HqRefused:
        # Of several tills HQ may have agreed for one: then the next try must offer this key again.
        if not is_begun and len(kept) == 1:
            drop_next(directory)
        raise
    take_over(directory)
    return new, tills
