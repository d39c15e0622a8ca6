"""Where exports are written to: files, pipes, and directories that one export holds at a time."""

from __future__ import annotations

import fcntl
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from agent.core.faults import Fault, StateFault
from agent.program.part_file import claimed, part_of

_MODE = 0o666
"""As any new file; the umask decides."""


class OutFault(Fault):
    """The export cannot be written where it was asked for."""

    name = "export-out"
    title = "The export cannot be written"


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Say what the operating system said as a fault.

    Raises:
        OutFault: the place cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise OutFault(
            f"{error.filename or place}: {error.strerror or error}",
            remedy="name a place that this user may write, with room on its disk",
        ) from error


@contextmanager
def opened(out: str) -> Iterator[TextIO]:
    """Open a file that is there whole or not at all, or stdout (`-`), a FIFO or a device.

    Raises:
        OutFault: it cannot be written.
    """
    path = Path(out)
    if out == "-":
        with told(Path("stdout")):
            yield _stdout()
            sys.stdout.flush()
    elif path.exists() and not path.is_file() and not path.is_dir():
        # A FIFO or /dev/stdout is written to; putting a file in its place would destroy it.
        with told(path), path.open("w", encoding="utf-8", newline="") as file:
            yield file
    else:
        with told(path), _replaced(path) as file:
            yield file


def _stdout() -> TextIO:
    """Give stdout as the dictionary has it, whatever the terminal's language: UTF-8, CRLF kept."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    if path.is_dir():
        raise OutFault(f"{path} is a directory", remedy="name a file in it")
    with claimed(part_of(path, "till-central"), _MODE) as part:
        file = io.TextIOWrapper(part, encoding="utf-8", newline="")
        try:
            yield file
            settled(file)
            Path(part.name).replace(path)
        finally:
            file.detach()


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Keep a second export out: both would go on from one cursor, and write each row twice.

    Raises:
        StateFault: another one is writing into the directory.
    """
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StateFault(
            f"another export is writing into {directory}",
            remedy="wait for it to end; the next one goes on where it ended",
            name="export-busy",
        ) from error
    finally:
        os.close(held)


@contextmanager
def appended(path: Path, size: int) -> Iterator[TextIO]:
    """Open a file to write behind what the last whole export left in it."""
    with path.open("a", encoding="utf-8", newline="") as file:
        file.truncate(size)
        yield file


def settled(file: TextIO) -> int:
    """Make a file durable; gives its length in bytes."""
    file.flush()
    os.fsync(file.fileno())
    return os.fstat(file.fileno()).st_size
