"""A file that holds room on the disk, and gives it back a slice at a time when there is none left.

The blocks are really allocated. A slice is given back when a write finds the disk full: enough for
a sale that is being paid, a checkpoint or a deletion, while another program that fills the disk
takes no more than that slice. The last slices are kept for the next start, which has to write too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

from agent.core.space import reserve_size
from agent.journal import database
from agent.journal.faults import JournalUnusable

T = TypeVar("T")

log = logging.getLogger(__name__)

FILE_NAME = "reserve"
SLICES = 16
FOR_THE_START = 2
"""Slices that only a start may take."""
_CRAMPED = 256 << 10
"""Less than this is as good as nothing: SQLite needs a log and an index beside the journal."""
_BLOCK = 512
"""`st_blocks` counts in these, whatever the file system (POSIX.1-2017, <sys/stat.h>)."""


class Reserve:
    """The reserve file of one state directory; the writer takes of it, a watch fills it again.

    Attributes:
        wanted: bytes it is to hold: what the settings ask for, at most an eighth of the disk.
    """

    def __init__(self, directory: Path, asked: int) -> None:
        """Look at the disk; nothing is written yet.

        Args:
            directory: the state directory.
            asked: bytes, by the settings; 0 for none.
        """
        self.path = directory / FILE_NAME
        disk = os.statvfs(directory)
        self.wanted = reserve_size(asked, disk.f_blocks * disk.f_frsize)
        self._lock = Lock()

    @property
    def held(self) -> int:
        """Bytes really allocated."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0
        # Of a file with holes only the blocks are held; of one with index blocks only its size.
        return min(found.st_size, found.st_blocks * _BLOCK)

    @property
    def free(self) -> int:
        """Bytes free on the disk, for a user who is not root."""
        disk = os.statvfs(self.path.parent)
        return disk.f_bavail * disk.f_frsize

    def fill(self) -> bool:
        """Take back what is missing, as far as there is room beside it; more than wanted is let go.

        Returns:
            Whether it holds all it is to hold.
        """
        with self._lock:
            held = self.held
            if held > self.wanted:
                self._resize(self.wanted)
            # A slice stays free beside it: to be asked for the reserve at once helps nobody.
            take = min(self.wanted - held, self.free - self.slice)
            if take > 0 and (take >= self.slice or held + take >= self.wanted):
                self._allocate(held + take)
            return self.held >= self.wanted

    def release(self, *, starting: bool = False) -> bool:
        """Give a slice back to the disk.

        Args:
            starting: take also of what is kept for the start.

        Returns:
            Whether anything was given back.
        """
        kept = 0 if starting else FOR_THE_START * self.slice
        with self._lock:
            held = self.held
            if held <= kept:
                return False
            left = max(kept, held - self.slice)
            self._resize(left)
        log.warning("the disk is full: the reserve goes down to %d of %d bytes", left, self.wanted)
        return True

    def make_room(self, problem: BaseException | None, *, starting: bool = False) -> bool:
        """Give a slice back if the disk is full.

        Args:
            problem: what the disk would not do; SQLite calls a full disk by several names.
            starting: see `release`.

        Returns:
            Whether trying again is worth it.
        """
        return self._is_full(problem) and self.release(starting=starting)

    def _is_full(self, problem: BaseException | None) -> bool:
        return database.is_full(problem) or self.free < max(self.slice, _CRAMPED)

    def starting(self, begin: Callable[[], T]) -> T:
        """Run what a start has to write, with as much of the reserve as it takes.

        Raises:
            JournalUnusable: whatever `begin` raises when there is nothing left to give back;
                `disk-full` where that is the reason.
        """
        while self.free < self.slice and self.release(starting=True):
            pass
        while True:
            try:
                return begin()
            except JournalUnusable as fault:
                if not self._is_full(fault.__cause__):
                    raise
                if not self.release(starting=True):
                    raise database.no_room(self.path.parent, fault) from fault

    @property
    def slice(self) -> int:
        """Bytes given back at once."""
        return max(_BLOCK, self.wanted // SLICES)

    def _resize(self, size: int) -> None:
        if size:
            os.truncate(self.path, size)
        else:
            self.path.unlink(missing_ok=True)

    def _allocate(self, size: int) -> None:
        """Have the file system set blocks aside, and leave the file as it was where it cannot."""
        before = self.path.stat().st_size if self.path.exists() else 0
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as problem:
            os.ftruncate(descriptor, before)
            log.info("the reserve cannot be filled: %s", problem.strerror)
        finally:
            os.close(descriptor)
