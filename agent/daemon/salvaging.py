"""A damaged journal is no reason to stay closed: it is kept, and the shop goes on (P1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from agent.core.faults import InputFault, NotFoundFault
from agent.daemon.clock import SystemClock
from agent.daemon.files import JOURNAL, become_owner, open_journal, read_journal, state_dir
from agent.journal import Journal, JournalDamaged, moving, reading
from agent.journal.lock import Lock
from agent.journal.salvaged import Salvaged, last, lines
from agent.program.terminal import print_json, say
from agent.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from agent.journal.device_key import DeviceKey

log = structlog.get_logger(__name__)


def open_or_salvage(settings: Settings) -> tuple[Journal, DeviceKey]:
    """Open the journal for writing; a damaged one is put aside first, with a loud word about it.

    Raises:
        JournalUnusable: it cannot be opened, nor a new one be made of it.
    """
    suspect = moving.suspect_of(state_dir(settings) / JOURNAL)
    damage = _suspected(settings) if suspect.exists() else None
    if damage is None:
        suspect.unlink(missing_ok=True)
        try:
            return open_journal(settings)
        except JournalDamaged as fault:
            damage = fault.detail
    log.error("the journal is damaged; what can be read of it is saved", why=damage)
    done = salvage_now(settings, damage)
    told = log.error if done.lost else log.warning
    told(
        "the journal was salvaged: selling goes on in a new one",
        kept=done.kept,
        lost=done.lost,
        at_hq=done.at_hq,
        journals=[str(each) for each in done.journals],
        remedy="check the disk (smartctl, dmesg); keep the damaged file for the chain's IT",
    )
    suspect.unlink(missing_ok=True)
    return open_journal(settings)


def _suspected(settings: Settings) -> str | None:
    """Look at all of a journal that failed while it was in use; None if it is sound."""
    from agent.journal.checking import unsound

    try:
        return read_journal(settings, unsound) or None
    except (JournalDamaged, NotFoundFault) as fault:
        return fault.detail if isinstance(fault, JournalDamaged) else None


def salvage_now(settings: Settings, why: str) -> Salvaged:
    """Put the journal aside and make a new one of what can be read of it.

    Raises:
        JournalLocked: the agent runs.
        JournalUnusable: there is no room, or the disk gives nothing.
    """
    from agent.journal.device_key import load_or_create
    from agent.journal.preparation import Owner
    from agent.journal.salvage import salvage

    directory = state_dir(settings)
    become_owner(directory)
    key = load_or_create(directory)
    tills = tuple(till.id for till in settings.tills)
    owner = Owner(settings.store.id, tills, key.public_bytes)
    return salvage(directory / JOURNAL, owner, SystemClock(), why)


def salvage_journal(config: Path, *, yes: bool, json: bool) -> None:
    """Salvage by hand, as `till-agent journal salvage` does.

    Raises:
        InputFault: the journal is sound, and nobody insisted; or there is none.
    """
    settings = load(config)
    done = _finished(settings) or salvage_now(settings, _damage(settings, insisted=yes))
    if json:
        print_json(done)
    for line in () if json else lines(done):
        say(line)


def _finished(settings: Settings) -> Salvaged | None:
    """Finish a salvage that was cut off while the files were moved; None where none was."""
    path = state_dir(settings) / JOURNAL
    become_owner(path.parent)
    if not moving.is_begun(path):
        return None
    lock = Lock.take(path)
    try:
        moving.finish(path)
    finally:
        lock.release()
    return reading(path, last)


def _damage(settings: Settings, *, insisted: bool) -> str:
    """Say what is wrong with the journal; one that is sound is left alone."""
    from agent.journal.checking import unsound
    from agent.journal.verify import verify

    if insisted and (state_dir(settings) / JOURNAL).exists():
        return "by hand"
    try:
        broken = [report for report in read_journal(settings, verify) if not report.ok]
    except JournalDamaged as damage:
        return damage.detail
    if not broken and (found := read_journal(settings, unsound)):
        return found
    if not broken:
        raise InputFault(
            "the journal is sound: there is nothing to salvage",
            remedy="to begin successor journals all the same: till-agent journal salvage --yes",
            name="journal-sound",
        )
    return "; ".join(f"{each.till} {each.lane}: {each.fault}" for each in broken)
