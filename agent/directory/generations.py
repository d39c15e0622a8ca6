"""Which file the directory is, once snapshots replace it: a name that is swapped in one step.

`directory.db` is a file at first. A snapshot comes as `directory.db.1`, and `directory.db` then
becomes a symbolic link to it, by one rename: whoever is interrupted finds the old directory or the
new one. SQLite names a database's log after the file the link leads to, so that the log of one can
never be taken for that of the other, as it could if one name were used for both in turn.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

TAILS = ("-wal", "-shm", "-journal")
_NUMBERED = re.compile(r"\.(\d+)(?:-wal|-shm|-journal)?$")
_INCOMING = ".incoming"


def current(path: Path) -> Path:
    """Give the file behind the directory's name."""
    return path.with_name(str(path.readlink())) if path.is_symlink() else path


def following(path: Path) -> Path:
    """Name the file of the next snapshot; nothing is there under this name."""
    numbers = [int(number) for number, _ in _numbered(path)]
    return path.with_name(f"{path.name}.{max(numbers, default=0) + 1}")


def incoming(path: Path) -> Path:
    """Name the folder in which parts of snapshots are kept until they are whole."""
    return path.with_name(path.name + _INCOMING)


def point(path: Path, target: Path) -> None:
    """Make `path` lead to `target`, in one step; `settle` makes it outlast a power cut.

    Raises:
        OSError: it still leads to where it did.
    """
    link = path.with_name(path.name + ".link")
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(path)


def settle(path: Path) -> None:
    """Make what a folder says of its files durable."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(file: Path) -> None:
    """Remove a database with its logs, if it is there."""
    for tail in ("", *TAILS):
        file.with_name(file.name + tail).unlink(missing_ok=True)


def tidy(path: Path) -> None:
    """Remove what a swap that was interrupted has left: files the directory's name leads not to."""
    target = current(path)
    kept = {target.name + tail for tail in ("", *TAILS)}
    left = [file for _, file in _numbered(path) if file.name not in kept]
    if target != path:
        left += [path.with_name(path.name + tail) for tail in TAILS]
    for file in (*left, path.with_name(path.name + ".link")):
        file.unlink(missing_ok=True)


def _numbered(path: Path) -> list[tuple[str, Path]]:
    """List the files of snapshots, with their logs, by number."""
    found = path.parent.glob(path.name + ".*")
    tails = ((_NUMBERED.search(file.name.removeprefix(path.name)), file) for file in found)
    return [(tail[1], file) for tail, file in tails if tail and tail.start() == 0]
