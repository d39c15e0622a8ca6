"""The work beside selling: room that lasts, the reserve, backups, what the last checks found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.core.space import Level, Verdict
from agent.daemon.doctor.finding import Finding, ill, well
from agent.daemon.doctor.processes import Process
from agent.daemon.files import MEGABYTE, state_dir
from agent.journal import Connection, upkeep
from agent.journal.reserve import Reserve
from agent.journal.space import Space, measure
from agent.journal.upkeep import Done
from agent.settings import Settings

BACKUP_DAYS_MAX = 3
"""Business days: a stick that was out over a weekend is no fault yet."""
_BY_HAND = "till-agent backup DIR"


def findings(conn: Connection, settings: Settings, held_by: Process | None) -> Iterator[Finding]:
    """Say how the disk, the backups and the checks are, by what the journal keeps of them."""
    if not upkeep.is_kept(conn):
        yield well("upkeep", "nothing is known yet; the next start of the daemon keeps it")
        return
    space = _space(settings)
    space.measured = measure(conn)
    yield _lasting(space, space.verdict())
    yield _reserve(space, running=held_by is not None)
    done = upkeep.done(conn)
    yield _backup(settings, done[upkeep.BACKUP], space.measured.closed)
    for task in (upkeep.VERIFY, upkeep.INTEGRITY, upkeep.PRUNE):
        if not done[task].ok:
            yield _failed(f"nightly {task}", done[task])


def room(settings: Settings) -> Finding:
    """Say what room there is where the journal cannot be read: a full disk prevents even that."""
    space = _space(settings)
    return _lasting(space, space.verdict())


def _space(settings: Settings) -> Space:
    return Space(Reserve(state_dir(settings), settings.agent.reserve_mb * MEGABYTE))


def _lasting(space: Space, verdict: Verdict) -> Finding:
    said = space.said(verdict)
    if verdict.level is Level.OK:
        return well("room", said)
    stopped = f"; not written any more: {', '.join(verdict.refused)}" if verdict.refused else ""
    return ill("room", f"{said} ({verdict.level}){stopped}", space.remedy())


def _reserve(space: Space, *, running: bool) -> Finding:
    room = space.room()
    said = f"{room.reserve // MEGABYTE} of {room.wanted // MEGABYTE} MB are held back"
    if not room.wanted:
        return ill(
            "reserve",
            "none is asked for: on a full disk a sale that is being paid cannot be finished",
            "take reserve_mb = 0 out of [agent]",
        )
    if room.reserve >= room.wanted or not running:
        return well("reserve", said)
    return ill(
        "reserve",
        f"{said}: the disk is, or was, too full for it",
        f"make room (`df -h {space.reserve.path.parent}`); the daemon takes it back by itself",
    )


def _backup(settings: Settings, done: Done, closed: int) -> Finding:
    folder = settings.agent.backup_dir
    if folder is None:
        return _none_asked(settings, done)
    if not done.ok:
        return _failed("backup", done)
    if not done.ok_at:
        return _never(folder, closed)
    said = f"{done.detail}, {done.days_since} business days ago"
    if done.days_since > BACKUP_DAYS_MAX:
        return ill("backup", f"the last one is too old: {said}", f"{_BY_HAND}; then see the log")
    if done.place == "same":
        return ill(
            "backup",
            f"{folder} is on the journal's own disk, and is lost with it",
            "plug in a second medium and mount it there, or name its folder in [agent] backup_dir",
        )
    return well("backup", said)


def _none_asked(settings: Settings, done: Done) -> Finding:
    advice = 'name a folder on a second medium: [agent] backup_dir = "/mnt/backup"'
    if settings.hq is not None:
        return well("backup", "none is asked for; HQ has what it acknowledged", advice)
    if done.ok_at and done.days_since <= BACKUP_DAYS_MAX:
        return well("backup", f"by hand: {done.detail}", advice)
    return ill(
        "backup",
        "none is asked for, and there is no HQ: this disk holds the only copy of every sale",
        f"{advice}; or: {_BY_HAND}",
    )


def _never(folder: str, closed: int) -> Finding:
    if not closed and Path(folder).is_dir():
        return well("backup", f"none yet; the first comes tonight, to {folder}")
    return ill(
        "backup",
        f"none was ever made to {folder}",
        f"see that it is there and may be written; then: {_BY_HAND}",
    )


def _failed(name: str, done: Done) -> Finding:
    since = f"; the last good one: {done.ok_at}" if done.ok_at else "; there was no good one yet"
    return ill(name, f"{done.fault_at}: {done.reason}{since}", done.remedy)
