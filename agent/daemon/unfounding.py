"""Taking back what a command has begun on an empty state directory, when it was refused.

The first command that opens a journal makes the device key and the journals of each till. Where HQ
then says no, or the file that was to be taken in is none, they must not stay: the disk may be an
image that is about to be copied, and every copy would be the same machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.core.faults import Fault
from agent.daemon.files import JOURNAL, become_owner, state_dir
from agent.daemon.sealed import SQLITE_BESIDE
from agent.journal import Connection, chains, reading
from agent.journal.device_key import FILE_NAME as KEY_FILE
from agent.journal.faults import JournalLocked
from agent.journal.lock import Lock
from agent.journal.reserve import FILE_NAME as RESERVE_FILE
from agent.settings import Settings


@contextmanager
def taken_back(settings: Settings, *refusals: type[Fault]) -> Iterator[None]:
    """Leave an empty state directory empty where one of these refusals ends what is done here."""
    directory = state_dir(settings)
    become_owner(directory)
    was_empty = not any((directory / name).exists() for name in (JOURNAL, KEY_FILE))
    try:
        yield
    except refusals:
        if was_empty:
            _take_back(directory)
        raise


def _take_back(directory: Path) -> None:
    """Remove journal and key, in this order: a journal without its key could not be opened."""
    path = directory / JOURNAL
    try:
        lock = Lock.take(path)
    except (JournalLocked, FileNotFoundError):
        return  # An agent was started meanwhile, or nothing was begun.
    try:
        if path.exists() and reading(path, _is_used):
            return
        names = [*(JOURNAL + end for end in SQLITE_BESIDE), RESERVE_FILE, KEY_FILE]
        for name in names:
            (directory / name).unlink(missing_ok=True)
    finally:
        lock.release()


def _is_used(conn: Connection) -> bool:
    return any(head.tail_seq for head in chains.heads(conn))
