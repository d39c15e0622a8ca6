"""Putting a new journal file in the place of a damaged one, whenever the power goes.

The new file is complete and on disk first. Then a mark says what is to be moved where; it goes when
all is done, so that a start that finds one finishes the move.
"""

from __future__ import annotations

import os
from pathlib import Path

_MARK, _FRESH = "journal.moving", "journal.new.db"


def finish(path: Path) -> None:
    """Finish a move that a power cut interrupted; without one there is nothing to do.

    Raises:
        OSError: the state directory cannot be written.
    """
    mark = path.with_name(_MARK)
    if not mark.exists():
        return
    aside, fresh = path.with_name(mark.read_text("utf-8").strip()), fresh_of(path)
    if fresh.exists():
        # Each move is made once: what lies aside already was moved before the power cut.
        for tail in ("", "-wal"):
            old, kept = Path(f"{path}{tail}"), Path(f"{aside}{tail}")
            if old.exists() and not kept.exists():
                old.rename(kept)
        for tail in ("-wal", "-shm"):
            Path(f"{path}{tail}").unlink(missing_ok=True)
        sync(path.parent)
        fresh.rename(path)
    sync(path.parent)
    mark.unlink()
    sync(path.parent)


def is_begun(path: Path) -> bool:
    """Tell whether a move was begun, and not ended."""
    return path.with_name(_MARK).exists()


def aside_of(path: Path) -> Path:
    """Name the damaged file by the first number that is free: no clock is asked."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    return aside


def suspect_of(path: Path) -> Path:
    """Name the file that says: SQLite found the journal damaged while it was in use."""
    return path.with_name("journal.suspect")


def fresh_of(path: Path) -> Path:
    """Name the file in which a new journal is put together."""
    return path.with_name(_FRESH)


def replace(path: Path, aside: str) -> None:
    """Put the damaged file aside under a name, and the new one in its place.

    Raises:
        OSError: the state directory cannot be written; the next start finishes what was begun.
    """
    sync(fresh_of(path))
    mark = path.with_name(_MARK)
    writing = mark.with_suffix(".writing")
    writing.write_text(aside, "utf-8")
    sync(writing)
    writing.rename(mark)
    sync(path.parent)
    finish(path)


def sync(path: Path) -> None:
    """Wait until a file, or what a directory lists, is on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
