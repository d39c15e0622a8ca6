"""One process per journal: an advisory lock the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from agent.journal.faults import JournalLocked

_WIDTH = 20
"""Bytes of the file: a pid, filled up with blanks."""


class Lock:
    """A held `flock` on `journal.lock` beside the journal; the file holds the holder's pid."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, journal: Path) -> Lock:
        """Take the lock of a journal file.

        Raises:
            JournalLocked: another process (or another `Journal` of this one) holds it.
            OSError: the lock file cannot be opened.
        """
        path = lock_path(journal)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            pid = os.pread(descriptor, _WIDTH, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise _locked(journal, pid) from problem
        # Written over, never cut: on a full disk the file keeps the block it has. One that has none
        # yet holds no pid, and the lock holds all the same.
        with suppress(OSError):
            os.pwrite(descriptor, f"{os.getpid()}\n".encode().ljust(_WIDTH), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let another process have the journal; releasing twice does nothing."""
        if self._descriptor >= 0:
            # The file stays: unlinking it would let two processes lock two files of one name.
            with suppress(OSError):
                os.pwrite(self._descriptor, b" " * _WIDTH, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def lock_path(journal: Path) -> Path:
    """Name the lock file of a journal file."""
    return journal.with_suffix(".lock")


def holder(journal: Path) -> int | None:
    """Tell the pid of the process that holds a journal; None when nobody does.

    Raises:
        OSError: the lock file is there but cannot be opened.
    """
    with suppress(FileNotFoundError, ValueError):
        descriptor = os.open(lock_path(journal), os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(descriptor, _WIDTH, 0))
        finally:
            os.close(descriptor)
    return None


def _locked(journal: Path, pid: str) -> JournalLocked:
    return JournalLocked(
        f"the journal {journal} is in use by the process {pid}",
        remedy=f"that is most likely the running agent: `systemctl status till-agent`, or stop "
        f"process {pid}; one journal is only ever written by one process",
    )
