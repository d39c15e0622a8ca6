"""Lines that are on the disk when `append` returns, and go to where they belong in a while.

HQ has one writer at a time, and whoever waits for his turn waits for whoever has it. A line here
waits for the disk alone, and those that come at once share its one sync. Each process has a file of
its own, locked while it lives; what one that died has left, the next one takes up. Whoever hands a
file over has made the next one before: nobody with a line waits for that.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from uuid_utils import uuid7

from central.ledger.faults import LedgerBusy, LedgerFull

_ENDING = ".lines"
_OWNER_ONLY, _OWNER_ENTERS = 0o600, 0o700
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class _Written(NamedTuple):
    """A file of this process."""

    path: Path
    handle: int


class _Group:
    """Lines that are written together, and what became of them."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.is_over = False
        self.error: OSError | None = None


class Spool:
    """A folder of such lines; every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder; it is made with the first line."""
        self._folder = folder
        self._collecting, self._writing, self._taking = Lock(), Lock(), Lock()
        self._group = _Group()
        self._file: _Written | None = None
        self._size = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """Make lines durable, together with what others have brought meanwhile.

        Args:
            lines: without line feeds in them.

        Raises:
            LedgerBusy: they are not on the disk; of a full one a `LedgerFull`.
        """
        with self._collecting:
            group = self._group
            group.lines += lines
        with self._writing:
            if not group.is_over:
                self._write(group)
        if group.error is not None:
            raise _refused(self._folder, group.error) from group.error

    def take(self, keep: Callable[[Sequence[bytes]], None]) -> bool:
        """Hand over what is there, this process's lines and those of any that died.

        Args:
            keep: makes them durable elsewhere. Lines may come twice: after a power cut, or where it
                failed half way. Bytes that are no whole line may be among them after a power cut;
                what they were to say was never answered.

        Returns:
            Whether there was anything.

        Raises:
            Exception: of `keep`; the lines stay, and come again.
        """
        with self._taking:
            self._put_aside()
            taken = [self._hand_over(path, keep) for path in sorted(self._others())]
        return any(taken)

    def close(self) -> None:
        """Remove a file that nothing was written to; a line that comes all the same begins one."""
        with self._taking, self._writing:
            if self._file is not None and not self._size:
                self._file.path.unlink(missing_ok=True)
                os.close(self._file.handle)
                self._file = None

    def _write(self, group: _Group) -> None:
        """Write a group, which is the one being collected: whoever comes later joins the next."""
        with self._collecting:
            self._group = _Group()
        content = b"".join(line + b"\n" for line in group.lines)
        try:
            if self._file is None:
                self._file, self._size = self._begin(), 0
            # At its own place: what a write that failed has left is written over.
            self._size += _put(self._file.handle, content, self._size)
        except OSError as error:
            group.error = error
        group.is_over = True

    def _begin(self) -> _Written:
        if not self._folder.is_dir():
            self._folder.mkdir(mode=_OWNER_ENTERS, exist_ok=True)
            _settle(self._folder.parent)
        path = self._folder / f"{uuid7()}{_ENDING}"
        begun = _Written(path, _opened(path))
        try:
            _settle(self._folder)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(begun.handle)
            raise
        return begun

    def _put_aside(self) -> None:
        """Go on in the next file, and close this one: it is now one of those handed over."""
        if not self._size:
            return
        following = self._following()
        with self._writing:
            written, self._file, self._size = self._file, following, 0
        if written is not None:
            os.close(written.handle)

    def _following(self) -> _Written | None:
        try:
            return self._begin()
        except OSError:
            return None  # Whoever has the next line tries again, and is told why it failed.

    def _others(self) -> Iterator[Path]:
        return self._folder.glob("*" + _ENDING)

    def _hand_over(self, path: Path, keep: Callable[[Sequence[bytes]], None]) -> bool:
        with _held(path) as handle:
            if handle is None:
                return False
            lines = [line for line in _content(handle).split(b"\n") if line]
            if lines:
                keep(lines)
            path.unlink(missing_ok=True)
            return bool(lines)


def _opened(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:  # Nobody took it for a dead one's, and removed it.
            return handle
        os.close(handle)


@contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """Open a file nobody writes to any more; None where somebody does."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield handle
    finally:
        os.close(handle)


def _content(handle: int) -> bytes:
    return os.pread(handle, os.fstat(handle).st_size, 0)


def _put(handle: int, content: bytes, place: int) -> int:
    written = 0
    while written < len(content):
        written += os.pwrite(handle, content[written:], place + written)
    os.fdatasync(handle)
    return written


def _settle(folder: Path) -> None:
    """Make the name of what was made in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(folder: Path, error: OSError) -> LedgerBusy:
    kind = LedgerFull if error.errno in _NO_ROOM else LedgerBusy
    return kind(
        f"who looks at a person is written down first, and {folder} cannot be written: "
        f"{error.strerror}",
        remedy=f"make sure that {folder} has room and belongs to the user till-central runs as",
    )
