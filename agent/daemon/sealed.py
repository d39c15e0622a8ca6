"""Taking away what makes a machine this machine, so that a power cut in between changes nothing.

A mark says first that HQ holds everything and that these files go; it goes last itself. Whoever
finds it, the same command or a start of the agent, goes on where it was cut off: no file is ever
looked at again whose companion is gone already.
"""

from __future__ import annotations

from pathlib import Path

from agent.daemon.control import TOKEN_FILE
from agent.daemon.machine_key import beside
from agent.daemon.replica_keys import FILE_NAME as REPLICA_KEYS
from agent.journal import moving
from agent.journal.device_key import FILE_NAME as KEY_FILE
from agent.journal.device_key import NEXT_NAME
from agent.journal.reserve import FILE_NAME as RESERVE_FILE

_MARK = "sealing"
SQLITE_BESIDE = ("-shm", "-wal", "-journal", "")
"""What SQLite keeps of a file, the file itself last."""
_HALF_KEYS = ("device.new", "device.key.new")
"""What a power cut leaves of a key that was being made."""


def own(directory: Path, *databases: str) -> list[Path]:
    """List what there is of this machine alone."""
    names = [TOKEN_FILE, RESERVE_FILE, NEXT_NAME, KEY_FILE, REPLICA_KEYS, *_HALF_KEYS]
    names += [name + end for name in databases for end in SQLITE_BESIDE]
    machine_keys = [path for path in beside(directory) if path.exists()]
    return machine_keys + [path for name in names if (path := directory / name).exists()]


def is_begun(directory: Path) -> bool:
    """Tell whether a removal was begun, and not ended."""
    return (directory / _MARK).exists()


def begin(directory: Path) -> None:
    """Decide, once for all, that what is this machine's goes.

    Raises:
        OSError: the directory cannot be written.
    """
    (directory / _MARK).touch(mode=0o600)
    moving.sync(directory)


def finish(directory: Path, *databases: str) -> int:
    """Take everything away that is left; gives how many files that were.

    Args:
        directory: of the state; its journal is locked.
        databases: names of the databases in it.

    Raises:
        OSError: the directory cannot be written.
    """
    gone = own(directory, *databases)
    for path in gone:
        path.unlink(missing_ok=True)
    moving.sync(directory)
    (directory / _MARK).unlink(missing_ok=True)
    moving.sync(directory)
    return len(gone)
