"""A copy of the journal on a second medium, made while the tills sell, and believed only when read.

SQLite's online backup copies one state of the file page by page (sqlite.org/backup.html); the state
is held by a reading transaction, so that sales in between do not make it begin anew. The copy is
synced as it grows, because a medium that takes everything at the end makes the journal's own sync
wait. It gets its name only when it was read back from the medium, every link of it, and ends where
the journal ended.

The device key is never in it: a copy can be looked at and its entries brought to HQ, but whoever
finds it cannot speak for the till, and no second machine can go on in its journals.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2

from agent.journal import chains, checking, database
from agent.journal.backup_faults import (
    backup_failed,
    copy_differs,
    medium_away,
    medium_full,
    of_os_error,
)
from agent.journal.chains import Head
from agent.journal.faults import JournalUnusable
from agent.journal.pacing import Pace
from agent.journal.rotation import superfluous

STEP_PAGES = 256
"""One megabyte at a time: what a sale may have to wait for on a shared disk."""
SYNC_STEPS = 4
_VERSIONS, _NO_LOG = 18, b"\x01\x01"
"""Where a file says whether it needs a log, and how it says no (sqlite.org/fileformat2.html, 1.3).
"""
PART = ".part"
"""What a copy is called until it was verified."""


class Backup(msgspec.Struct, frozen=True):
    """A copy that was verified."""

    path: str
    bytes: int
    entries: int
    """Of all journals."""
    number: int
    second_medium: bool
    """Whether it lies on another file system than the journal."""
    warning: str = ""
    """What is wrong with it all the same."""


class Plan(msgspec.Struct, frozen=True):
    """What is copied where."""

    journal: Path
    folder: Path
    name: str
    """What the names of this machine's copies begin with."""
    keep: int
    """Copies kept of those the newest one holds everything of; at least 1."""


def back_up(plan: Plan, pace: Pace) -> Backup:
    """Make a verified copy, then drop the oldest of those there are too many of.

    Raises:
        BackupFault: `backup-dir-missing`, `backup-not-writable`, `backup-medium-full`,
            `backup-medium-away`, `backup-differs`, `backup-failed`; earlier ones stay.
        JournalDamaged, JournalUnusable: the journal itself cannot be read.
        Stopped: it was told to end.
    """
    _require_folder(plan)
    number = max([0, *_numbers(plan)]) + 1
    final = plan.folder / f"{plan.name}-{number:06d}.db"
    part = final.with_suffix(PART)
    try:
        with _as_faults(plan):
            _drop_parts(plan)
            heads = _copy(plan, part, pace)
        _verify(plan, part, heads, pace)
        with _as_faults(plan):
            part.rename(final)
            _sync_folder(plan.folder)
            _rotate(plan, final)
    except BaseException:
        with suppress(OSError):
            _drop_parts(plan)
        raise
    return _described(plan, final, number, heads)


def on_second_medium(journal: Path, folder: Path) -> bool:
    """Tell whether a folder is on another file system than the journal.

    Raises:
        BackupFault: `backup-dir-missing`.
    """
    try:
        return folder.stat().st_dev != journal.parent.stat().st_dev
    except OSError as problem:
        raise of_os_error(problem, folder) from problem


def _require_folder(plan: Plan) -> None:
    on_second_medium(plan.journal, plan.folder)
    if not plan.folder.is_dir():
        raise of_os_error(NotADirectoryError(20, os.strerror(20)), plan.folder)
    needed = sum(
        each.stat().st_size for each in (plan.journal, _log_of(plan.journal)) if each.exists()
    )
    disk = os.statvfs(plan.folder)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise medium_full(plan.folder, needed, free)


def _log_of(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}-wal")


def _copy(plan: Plan, part: Path, pace: Pace) -> list[Head]:
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with (
            closing(database.open_reading(plan.journal)) as source,
            closing(dbapi2.connect(str(part), isolation_level=None)) as target,
        ):
            source.execute("BEGIN")
            heads = chains.heads(source)
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            source.backup(target, pages=STEP_PAGES, progress=_Syncing(descriptor, pace))
        # One file without a log beside it: it can be read from a medium that cannot be written.
        os.pwrite(descriptor, _NO_LOG, _VERSIONS)
        os.fsync(descriptor)
        # What is verified next is then read from the medium, not from memory.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    return heads


class _Syncing:
    """Called by SQLite after every step."""

    def __init__(self, descriptor: int, pace: Pace) -> None:
        self._descriptor, self._pace = descriptor, pace
        self._steps = 0

    def __call__(self, _status: int, _remaining: int, _total: int) -> None:
        self._steps += 1
        if self._steps % SYNC_STEPS == 0:
            os.fdatasync(self._descriptor)
        self._pace.turn()


def _verify(plan: Plan, part: Path, heads: list[Head], pace: Pace) -> None:
    """Read the copy back: SQLite's check, every link and body, and where each journal ends."""
    try:
        checking.check_quickly(part, pace)
        checking.require_intact(part, checking.check_chains(part, pace))
        found = checking.heads_of(part, pace)
    except JournalUnusable as fault:
        raise copy_differs(plan.folder, fault.detail) from fault
    if found != heads:
        raise copy_differs(plan.folder, "it does not end where the journal ended")


@contextmanager
def _as_faults(plan: Plan) -> Iterator[None]:
    """Say in a person's words what a medium would not do."""
    try:
        yield
    except OSError as problem:
        raise of_os_error(problem, plan.folder) from problem
    except dbapi2.Error as problem:
        if not plan.folder.is_dir():
            raise medium_away(plan.folder, str(problem)) from problem
        if database.is_damaged(problem):
            # The copy is only written: what SQLite cannot make sense of is what it reads.
            raise database.damaged(plan.journal, str(problem)) from problem
        if database.is_full(problem):
            raise medium_full(plan.folder, plan.journal.stat().st_size, 0) from problem
        raise backup_failed(plan.folder, str(problem)) from problem


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers(plan: Plan) -> list[int]:
    """List the numbers of this machine's copies: their order, which no clock makes."""
    form = re.compile(rf"{re.escape(plan.name)}-([0-9]{{6,}})\.db")
    try:
        found = [form.fullmatch(each.name) for each in plan.folder.iterdir()]
    except OSError as problem:
        raise of_os_error(problem, plan.folder) from problem
    return sorted(int(match[1]) for match in found if match)


def _drop_parts(plan: Plan) -> None:
    """Take away what an earlier run left that was cut off."""
    for part in plan.folder.glob(f"{plan.name}-*{PART}*"):
        part.unlink()


def _rotate(plan: Plan, final: Path) -> None:
    for path in superfluous(final, plan.name, plan.keep):
        path.unlink(missing_ok=True)


def _described(plan: Plan, final: Path, number: int, heads: list[Head]) -> Backup:
    second = on_second_medium(plan.journal, plan.folder)
    warning = "" if second else f"{plan.folder} is on the journal's own disk, and is lost with it"
    return Backup(
        path=str(final),
        bytes=final.stat().st_size,
        entries=sum(head.tail_seq for head in heads),
        number=number,
        second_medium=second,
        warning=warning,
    )
