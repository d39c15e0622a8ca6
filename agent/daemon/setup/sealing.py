"""`till-agent setup --seal-image`: a disk that may be copied to many machines.

What makes a machine this machine is taken away: the device key, the journals with the credential,
what the directory holds. The settings stay. The first start of each copy makes its own. A copy of
a disk that was not sealed is noticed all the same: HQ hears its journal from two machines, and both
go on in journals of their own.
"""

from __future__ import annotations

from pathlib import Path

from agent.core.faults import StateFault
from agent.daemon import sealed
from agent.daemon.backlog import backlog
from agent.daemon.files import DIRECTORY, JOURNAL, become_owner, state_dir
from agent.daemon.setup.confirming import confirm_held
from agent.journal import Connection, moving, reading
from agent.journal.lock import Lock
from agent.program.terminal import say, say_aside
from agent.settings import load


def seal_image(config: Path) -> None:
    """Take away what makes this machine this machine; nothing is taken that HQ lacks.

    Raises:
        JournalLocked: the agent runs; stop it first.
        StateFault: `unsent`: HQ does not hold everything; `unconfirmed`: it cannot be asked
            whether it still does, and no backup of HQ is known to.
    """
    settings = load(config)
    directory = state_dir(settings)
    become_owner(directory)
    if not directory.is_dir():
        say(f"There is nothing at {directory}: this disk can be copied as it is")
        return
    journal, unsafe = directory / JOURNAL, 0
    lock = Lock.take(journal)
    try:
        if not sealed.is_begun(directory):
            moving.finish(journal)
            _check_sent(journal)
            unsafe = confirm_held(settings, directory, journal) if journal.exists() else 0
            sealed.begin(directory)
        gone = sealed.finish(directory, DIRECTORY, JOURNAL)
    finally:
        lock.release()
    _show(config, directory, gone)
    if unsafe:
        say_aside(
            f"→ HQ holds {unsafe} entries of this machine that none of its backups holds yet: make "
            "one now, till-central backup DIR"
        )


def _check_sent(journal: Path) -> None:
    unsent = reading(journal, _unsent) if journal.exists() else 0
    if unsent:
        raise StateFault(
            f"HQ does not hold {unsent} entries of this machine: nothing was taken away",
            remedy="start the agent and wait until `till-agent status --unsent` says 0; what was "
            "taken in here of other machines goes to HQ as a file (till-agent journal export FILE, "
            "there: till-central import-journal FILE), which the agent then finds out; a machine "
            "that never had an HQ: keep that file, and remove the state directory by hand",
            name="unsent",
        )


def _unsent(conn: Connection) -> int:
    return sum(lane.unsent for lane in backlog(conn))


def _show(config: Path, directory: Path, gone: int) -> None:
    say(f"Sealed: {gone} files of this machine are gone from {directory}")
    left = sorted(path.name for path in directory.iterdir() if path.suffix != ".lock")
    if left:
        say(f"Left as they are, look whether a copy should have them: {', '.join(left)}")
    say("Copy the disk now, before the agent starts here again. On each copy:")
    say(f"  set [store] id and [[till]] id in {config}")
    say("  systemctl start till-agent")
    say("  at HQ: till-central enrol-code STORE TILL")
    say("  till-agent enrol CODE")
