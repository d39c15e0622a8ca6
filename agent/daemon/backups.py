"""`till-agent backup DIR`: a verified copy of the journal, made by the daemon, or without one.

The device key is not in it. A copy restored on another machine is therefore refused there: its
entries are brought to HQ (`till-agent journal import`), and the new machine goes on in journals of
its own.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from agent.core.faults import Fault, NotFoundFault
from agent.daemon.control import DaemonAway, ask
from agent.daemon.files import JOURNAL, become_owner, opened_journal, state_dir
from agent.daemon.upkeep import described, place_of, plan_of
from agent.journal import upkeep
from agent.journal.backup import Backup, back_up
from agent.journal.device_key import load_or_create
from agent.journal.pacing import Pace
from agent.program.terminal import print_json, say, say_aside
from agent.settings import Settings, load

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
    from agent.daemon.clock import SystemClock

    at = SystemClock().stamp().wall
    with opened_journal(settings) as (journal, _):
        journal.write_blocking(
            lambda conn: upkeep.succeeded(conn, upkeep.BACKUP, at, described(made), place_of(made))
        )
