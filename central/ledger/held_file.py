"""The database file under a running HQ: whether what is open is still what lies at the path.

SQLite goes on writing into a file that was deleted or replaced, and every commit succeeds: into a
file nobody will ever open again ("How To Corrupt An SQLite Database File", 4.2, sqlite.org). The
log beside it is looked at as well, since commits lie in it until the next checkpoint. Four calls of
stat a commit are what it costs to know before an ack leaves.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import RLock

from pysqlite3 import dbapi2
from sqlalchemy.engine.interfaces import DBAPICursor

from central.ledger.faults import LedgerFault, LedgerMoved

_RESCUED = ".rescued"
_REPLACED = ".replaced"
_BESIDE = ("-wal", "-shm")


class HeldFile:
    """One database file, as the first connection of an engine found it."""

    def __init__(self, path: Path) -> None:
        """Name it; a link is followed for the log, which SQLite keeps beside the file itself."""
        self.path = path.absolute()
        self._wal = f"{os.path.realpath(path)}-wal"
        self._lock = RLock()
        self._open = self._size = 0
        self._main: tuple[int, int] | None = None
        self._log: tuple[int, int] | None = None
        self._why: str | None = None

    def opening(self) -> None:
        """Look before a connection is made, unless it is the first.

        Raises:
            LedgerMoved: it would open another file, or make one.
        """
        if self._main is not None:
            self.check()

    def opened(self) -> None:
        """Count a connection that has read from the file; the first says which file it is.

        The log lives as long as any connection does: where there was none, it is a new one.

        Raises:
            LedgerMoved: it has opened another file than the connections before it.
        """
        with self._lock:
            if not self._open:
                self._log = _identity(self._wal)
            if self._main is None:
                self._main = _identity(self.path)
            self.check()
            self._open += 1

    def closed(self) -> None:
        """Count a connection out."""
        with self._lock:
            self._open -= 1

    def check(self) -> None:
        """Compare what is open with what lies at the path; a difference once seen stays.

        One thread at a time: what another one has just seen must not be held against what this
        one saw before it.

        Raises:
            LedgerMoved: the file or its log was deleted, replaced or cut short.
        """
        with self._lock:
            self._why = self._why or self._fault()
        if self._why is not None:
            raise LedgerMoved(
                f"{self._why}: what HQ commits would be lost, so it takes nothing in and stops",
                remedy="leave the database's files alone while HQ runs; look at "
                f"{self.path}*: a serving HQ puts what it still held back where nothing lies, or "
                f"keeps it as {self.path.name}{_RESCUED}; have the right file in place, or run "
                "till-central restore, and start HQ again: the tills send again what is missing. "
                "After a VACUUM nothing is to be done: HQ starts again by itself where a service "
                "manager runs it",
            )

    def rescue(self, cursor: DBAPICursor) -> Path | None:
        """Write down what a connection still holds of a file that was taken away.

        Where nothing lies at the path any more, the copy is put there; where another file does,
        the copy stays beside it, and the log that is not that file's is set aside: SQLite would
        play it into whatever it finds.

        Args:
            cursor: of a connection made while the file was there, in no transaction.

        Returns:
            Where the copy lies; None of a file that was written over, whose content is no more.

        Raises:
            LedgerFault: the copy could not be written.
        """
        if _identity(self.path) == self._main and _identity(self._wal) == self._log:
            return None
        copy = _free(self.path.with_name(f"{self.path.name}{_RESCUED}"))
        try:
            cursor.execute("VACUUM INTO ?", (str(copy),))
            sync_file(copy)
            return self._put_back(copy)
        except (OSError, dbapi2.Error) as error:
            raise LedgerFault(
                f"what HQ still held of {self.path} could not be kept as {copy}: {error}",
                remedy="run till-central restore with the last backup: the tills send again what "
                "is missing",
                name="rescue-failed",
            ) from error

    def _put_back(self, copy: Path) -> Path:
        if _identity(self.path) == self._main:
            return copy
        for beside in _BESIDE:
            self._set_aside(beside)
        with suppress(FileExistsError):
            self.path.hardlink_to(copy)
            copy.unlink()
            copy = self.path
        sync_file(copy)
        return copy

    def _set_aside(self, beside: str) -> None:
        """Take a log out of the way of a file it does not belong to, unless it came with it."""
        path = Path(f"{self._wal.removesuffix('-wal')}{beside}")
        if _identity(self._wal) in {self._log, None}:
            with suppress(FileNotFoundError):
                path.rename(_free(Path(f"{path}{_REPLACED}")))

    def _fault(self) -> str | None:
        try:
            found = self.path.stat()
        except OSError as error:
            return f"the database {self.path} is gone ({error.strerror})"
        if (found.st_dev, found.st_ino) != self._main:
            return f"another file was put in the place of the database {self.path}"
        if found.st_size < self._size:
            return (
                f"the database {self.path} became shorter: another file was copied over it, or "
                "somebody vacuumed it"
            )
        self._size = found.st_size
        log = _identity(self._wal)
        self._log = self._log or log  # SQLite makes it with the first page it reads or writes.
        if self._open and log != self._log:
            return f"the log {self._wal}, where the last commits are, was taken away"
        return None


def _identity(path: str | Path) -> tuple[int, int] | None:
    """Give device and inode of a file; None where there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _free(path: Path) -> Path:
    """Give a name beside it that nothing has yet."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def sync_file(path: Path) -> None:
    """Have a file, and its name in its directory, on disk."""
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
