"""Before a machine's last copy of anything goes: does HQ still hold it?

An ack on this disk says that HQ held an entry once. HQ may have been put back to an older state
since, and then this machine has the only copy left. So what no backup of HQ is known to hold is
asked for again, journal by journal, with an empty batch behind its last entry: HQ acknowledges it
only where it holds the very same entries, and signs that.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent.contracts.hq import HqLink
from agent.core.exchange.acks import genuine
from agent.core.exchange.signed import Verify
from agent.core.exchange.wire import SYNC_VERSION, Ack, Batch
from agent.core.faults import Fault, StateFault
from agent.core.identifiers import JournalId, TillId
from agent.daemon.backlog import LaneBacklog, backlog
from agent.daemon.files import finish_renewal
from agent.daemon.ways import link_to_hq
from agent.journal import Connection, chains, reading
from agent.journal.device_key import load_or_create
from agent.settings import Settings

_KEEP = (
    "keep its entries (till-agent journal export FILE; at HQ: till-central import-journal FILE) "
    "and then remove the state directory by hand"
)


class _Doubt(msgspec.Struct, frozen=True):
    """A journal that no backup of HQ is known to hold whole."""

    lane: LaneBacklog
    hash: bytes
    """Chain hash at its last entry."""


def confirm_held(settings: Settings, directory: Path, journal: Path) -> int:
    """Have HQ say that it holds everything of a journal file, which its caller has locked.

    Returns:
        How many entries HQ holds that none of its backups does yet.

    Raises:
        StateFault: `unconfirmed`: HQ cannot be asked, or does not say so.
    """
    doubts, tills = reading(journal, _doubts), [till.id for till in settings.tills]
    if not doubts:
        return 0
    try:
        asyncio.run(_ask(settings, directory, doubts, reading(journal, lambda c: _root(c, tills))))
    except StateFault:
        raise
    except Fault as fault:
        raise _unconfirmed(f"HQ could not be asked: {fault.detail}") from fault
    return sum(doubt.lane.entries - doubt.lane.safe for doubt in doubts)


def _doubts(conn: Connection) -> list[_Doubt]:
    return [
        _Doubt(lane, chains.hash_at(conn, JournalId(lane.journal_id), lane.entries))
        for lane in backlog(conn)
        if lane.safe < lane.entries
    ]


def _root(conn: Connection, tills: Sequence[TillId]) -> bytes:
    """Read HQ's public key; empty where no till of this machine is enrolled."""
    from agent.sync.enrolment import enrolments

    return next((enrolled.root_key for enrolled in enrolments(conn, tills)), b"")


async def _ask(
    settings: Settings, directory: Path, doubts: Sequence[_Doubt], root_key: bytes
) -> None:
    from agent.journal.root_key import verifier

    finish_renewal(directory)
    link = link_to_hq(settings, load_or_create(directory))
    try:
        for doubt in doubts:
            await _ask_for(link, doubt, verifier(root_key))
    finally:
        await link.aclose()


async def _ask_for(link: HqLink, doubt: _Doubt, verify: Verify) -> None:
    lane = doubt.lane
    reply = await link.send(
        Batch(
            version=SYNC_VERSION,
            journal_id=lane.journal_id,
            # HQ tells the starts of a journal apart by it; the next start makes its own.
            incarnation=secrets.token_hex(16),
            base=lane.entries + 1,
            prev_hash=doubt.hash,
            tail_seq=lane.entries,
            records=(),
        )
    )
    is_held = isinstance(reply, Ack) and genuine(reply, lane.journal_id, verify)
    if not is_held or not isinstance(reply, Ack) or reply.seq < lane.entries:
        raise _unconfirmed(
            f"HQ does not hold all {lane.entries} entries of {lane.till} {lane.lane} any more: it "
            "was put back to an older state"
        )


def _unconfirmed(why: str) -> StateFault:
    return StateFault(
        f"{why}; nothing was taken away",
        remedy="start the agent, with HQ in reach, until `till-agent status` shows that HQ has "
        f"everything, and try again; where this machine is let in at HQ no more, {_KEEP}",
        name="unconfirmed",
    )
