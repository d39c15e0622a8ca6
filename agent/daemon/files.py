"""Where an agent keeps what, and how a command gets at it.

Reading is done beside a running daemon, on a connection of its own. Writing needs the journal's
lock, so a command writes only while no daemon runs; root first becomes the owner of the state
directory, because a file made by root would lock the daemon out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from agent.core.faults import NotFoundFault
from agent.daemon.clock import SystemClock
from agent.daemon.control import TOKEN_FILE, no_access
from agent.journal import Connection, Journal, moving, reading, vanished
from agent.journal.lock import Lock
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.journal.device_key import DeviceKey

T = TypeVar("T")

JOURNAL = "journal.db"
MEGABYTE = 1 << 20
DIRECTORY = "directory.db"


def state_dir(settings: Settings) -> Path:
    """Give the directory that holds everything this agent must not lose."""
    return Path(settings.agent.state_dir)


def become_owner(directory: Path) -> None:
    """Let root act as the owner of a state directory; nothing happens for anybody else."""
    if os.geteuid() == 0 and directory.is_dir() and directory.stat().st_uid != 0:
        owner = directory.stat()
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def open_journal(settings: Settings) -> tuple[Journal, DeviceKey]:
    """Open the journal for writing, with the device key it is bound to.

    Raises:
        JournalUnusable: it cannot be opened; `JournalLocked` while another process has it.
    """
    from agent.journal.device_key import load_or_create

    directory = state_dir(settings)
    become_owner(directory)
    finish_sealing(directory)
    finish_renewal(directory)
    gone = _gone(directory)
    key = load_or_create(directory)
    journal = Journal.open(
        directory / JOURNAL,
        store=settings.store.id,
        tills=[till.id for till in settings.tills],
        device_key=key.public_bytes,
        clock=SystemClock(),
        reserve_bytes=settings.agent.reserve_mb * MEGABYTE,
    )
    if gone is not None:
        import structlog

        structlog.get_logger(__name__).warning(gone.detail, remedy=gone.remedy)
        journal.write_blocking(lambda conn: vanished.note(conn, gone))
    return journal, key


def _gone(directory: Path) -> vanished.Vanished | None:
    """Tell whether the journal is gone; a daemon's token says that there has been one."""
    from agent.journal.device_key import FILE_NAME

    path = directory / JOURNAL
    has_run = all((directory / name).exists() for name in (FILE_NAME, TOKEN_FILE))
    if not has_run or not vanished.is_gone(path) or moving.is_begun(path):
        return None
    return vanished.told(path, SystemClock().stamp().wall)


def finish_sealing(directory: Path) -> None:
    """Take the rest away of a machine whose sealing was cut off: HQ holds all of it.

    Raises:
        JournalLocked: somebody is at it.
    """
    from agent.daemon import sealed

    if not sealed.is_begun(directory):
        return
    lock = Lock.take(directory / JOURNAL)
    try:
        sealed.finish(directory, DIRECTORY, JOURNAL)
    finally:
        lock.release()


def finish_renewal(directory: Path) -> None:
    """Swap the key files where a renewal was cut off after HQ had agreed and the till had noted it.

    Raises:
        JournalUnusable: a key file cannot be used.
    """
    from agent.journal import renewals
    from agent.journal.device_key import load_next, load_or_create, take_over

    path = directory / JOURNAL
    following = load_next(directory)
    if following is None or not path.exists():
        return
    present = load_or_create(directory).public_bytes
    if reading(path, lambda conn: renewals.newest(conn, present)) == following.public_bytes:
        take_over(directory)


def device_key(settings: Settings) -> DeviceKey:
    """Read this device's key, to sign by it; nothing is locked.

    Raises:
        JournalUnusable: it cannot be read.
    """
    from agent.journal.device_key import load_or_create

    become_owner(state_dir(settings))
    return load_or_create(state_dir(settings))


@contextmanager
def opened_journal(settings: Settings) -> Iterator[tuple[Journal, DeviceKey]]:
    """Open the journal for writing and close it again; see `open_journal`."""
    journal, key = open_journal(settings)
    try:
        yield journal, key
    finally:
        journal.close()


def read_journal(settings: Settings, function: Callable[[Connection], T]) -> T:
    """Run a reading function on the journal, whether a daemon runs or not.

    Raises:
        NotFoundFault: there is no journal yet.
        AccessFault: this user may not look into the state directory.
        JournalUnusable: it cannot be read.
    """
    path = state_dir(settings) / JOURNAL
    become_owner(path.parent)
    if not _exists(path):
        raise NotFoundFault(
            f"there is no journal at {path}",
            remedy="check [agent] state_dir; the first start of the daemon makes it",
        )
    if not path.stat().st_size:
        raise NotFoundFault(
            f"the journal at {path} is empty",
            remedy="if sales were made here, the disk has lost them: keep a copy of "
            f"{path.parent} and check the disk (`dmesg`); the last copy is in [agent] backup_dir",
        )
    return reading(path, function)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise no_access(path) from error
