"""`till-agent backup DIR`: a verified copy of the journal, made by the daemon, or without one.

The device key is not in it, and there is no option for it: a copy with its key would be a second
machine that is the first. A copy put in the place of another machine's journal is therefore refused
there; `till-agent journal import` takes its entries in, sealed, so that HQ gets what it lacks, and
that machine sells on in journals of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import msgspec

from agent.core.faults import Fault, NotFoundFault
from agent.daemon.clock import SystemClock
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import JOURNAL, become_owner, opened_journal, state_dir
from agent.daemon.upkeep import described, place_of, plan_of
from agent.journal import Connection, reading, upkeep
from agent.journal.backup import Backup, back_up
from agent.journal.device_key import load_or_create, passing_key
from agent.journal.pacing import Pace
from agent.journal.preparation import check_directory
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load

_SQLITE = b"SQLite format 3\0"
"""What a backup begins with (sqlite.org/fileformat2.html, 1.2)."""
_PASSING = "import-"
PATIENCE_S = 3 * 3600.0
"""A large journal on a slow stick; the daemon itself says when the medium does not answer."""


def back_up_journal(config: Path, folder: Path, *, json: bool) -> None:
    """Make a backup, and say where it lies.

    Raises:
        BackupFault: there is none, and why.
        DaemonAnswered: likewise, in the daemon's words.
    """
    settings = load(config)
    wanted = folder.absolute()
    try:
        told = ask(
            settings, "POST", "/v1/backups", {"directory": str(wanted)}, patience_s=PATIENCE_S
        )
        made = msgspec.convert(told, Backup)
    except DaemonAway:
        made = _alone(settings, wanted)
    if json:
        print_json(made)
        return
    say(f"{made.path}: {made.entries} entries, {made.bytes} bytes, verified")
    if made.warning:
        say_aside(f"warning: {made.warning}")


@contextmanager
def as_archive(settings: Settings, file: Path) -> Iterator[Path]:
    """Give an archive of a backup, written for the time being; an archive is given as it is.

    Raises:
        JournalUnusable: the backup cannot be read, or there is no state directory to write in.
    """
    if not is_backup(file):
        yield file
        return
    from agent.journal.archives import lines, write

    directory = state_dir(settings)
    become_owner(directory)
    check_directory(directory)
    # It lives as long as this command, and nobody asks who signed it: no key is made for it.
    key, at = passing_key(), SystemClock().stamp().wall
    with passing_folder(directory) as folder:
        archive = folder / "archive.jsonl"

        def written(conn: Connection) -> None:
            with archive.open("xb") as target:
                write(target, lines(conn, settings.store.id, at, key))

        reading(file, written)
        yield archive


@contextmanager
def passing_folder(directory: Path) -> Iterator[Path]:
    """Make a folder that goes again, and take away what a command left there that was killed."""
    for left in directory.glob(f"{_PASSING}*"):
        with suppress(OSError), _held(left):
            rmtree(left)
    with TemporaryDirectory(dir=directory, prefix=_PASSING) as folder, _held(Path(folder)):
        yield Path(folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder as long as this process lives.

    Raises:
        OSError: another one holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_backup(file: Path) -> bool:
    """Tell a copy of a journal from an exported file, by how it begins."""
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE
    return False


def _alone(settings: Settings, folder: Path) -> Backup:
    """Make it while no daemon runs, as the owner of the state directory."""
    directory = state_dir(settings)
    become_owner(directory)
    journal = directory / JOURNAL
    if not journal.exists():
        raise NotFoundFault(
            f"there is no journal at {journal}",
            remedy="check [agent] state_dir; the first start of the daemon makes it",
        )
    key = load_or_create(directory).keyid
    made = back_up(plan_of(settings, key, journal, folder), Pace(rests=0))
    with suppress(Fault):
        _note(settings, made)
    return made


def _note(settings: Settings, made: Backup) -> None:
    """Keep that it was made, for the status; the copy is good whether that works or not."""
    at = SystemClock().stamp().wall
    with opened_journal(settings) as (journal, _):
        journal.write_blocking(
            lambda conn: upkeep.succeeded(conn, upkeep.BACKUP, at, described(made), place_of(made))
        )
