"""A file that is written under another name, until it is whole.

The name says whose it is, and is the same each time: what a killed run left lies where the next
one writes, and nothing of anybody's is touched. Who writes holds it locked (flock(2)).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agent.core.faults import StateFault


def part_of(file: Path, program: str) -> Path:
    """Name the file a program writes before it is called `file`: hidden, in the same directory."""
    return file.with_name(f".{program}-{file.name}.part")


@contextmanager
def claimed(part: Path, mode: int) -> Iterator[BinaryIO]:
    """Open an empty file for this program alone; it is gone at the end, unless it was renamed.

    Args:
        part: as `part_of` names it.
        mode: its permissions, as of open(2).

    Raises:
        StateFault: `export-busy`: another run is writing it.
        OSError: it cannot be written.
    """
    with open(part, "wb", opener=lambda _path, _flags: _locked(part, mode)) as target:
        inode = os.fstat(target.fileno()).st_ino
        try:
            yield target
        finally:
            # Renamed, it is whole; and somebody else may have begun one of the same name.
            if _inode(part) == inode:
                part.unlink()


def _locked(part: Path, mode: int) -> int:
    while True:
        held = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(held)
            raise StateFault(
                f"another export is writing {part}",
                remedy="wait for it to end",
                name="export-busy",
            ) from error
        if _inode(part) == os.fstat(held).st_ino:
            os.ftruncate(held, 0)
            return held
        # Its writer renamed or removed it between our opening and our locking.
        os.close(held)


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None
