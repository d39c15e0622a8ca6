"""How a machine starts whose journal file was damaged: by the agent's own rules, then by a person.

The agent salvages what its start finds damaged. What it refuses to start with is salvaged by hand,
as `till-agent journal salvage --yes` does, and what no start looks at is found by the checks of the
night. All of it is the product's; only who holds the lock and where the settings lie is not.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from agent.core.faults import Fault, InputFault
from agent.daemon import salvaging
from agent.journal import moving, reading
from agent.journal.faults import JournalUnusable
from agent.journal.preparation import prepare
from agent.journal.salvage import salvage
from tests.simulation.paths import NO_LOCK


def opened(machine, path, owner):
    """Make a journal that may be damaged ready; gives the incarnation.

    Raises:
        Fault: the disk or the power is gone, or neither the agent nor a person gets it going.
    """
    with _as_agent(machine, path, owner):
        try:
            return _tried(path, salvaging.open_or_salvage)
        except Fault as fault:
            if _is_in_trouble(machine.disk):
                raise
            machine.world.note(f"{machine.name}: {fault.name}, it is salvaged by hand")
        _tried(path, _by_hand)
        return _tried(path, salvaging.open_or_salvage)


def look_over(machine, path, owner):
    """Check all of a file of a machine that is down, as the agent does at night, and mend it."""
    with _as_agent(machine, path, owner):
        try:
            why = _suspected_or_broken()
        except InputFault:
            return
        machine.world.note(f"{machine.name}: the night finds it damaged: {why[:60]}")
        _tried(path, _by_hand)


def _suspected_or_broken():
    found = salvaging._suspected(None)
    return salvaging._damage(None, insisted=False) if found is None else found


def _by_hand(settings):
    return salvaging._finished(settings) or salvaging.salvage_now(
        settings, salvaging._damage(settings, insisted=True)
    )


def _tried(path, start):
    try:
        return start(None)
    except OSError as error:
        raise JournalUnusable(str(error), remedy=f"look after the disk of {path}") from error


@contextmanager
def _as_agent(machine, path, owner):
    def open_journal(_settings):
        moving.finish(path)
        return prepare(path, owner, machine.clock)

    def salvage_now(_settings, why):
        done = salvage(path, owner, machine.clock, why)
        machine.is_salvaged = True
        machine.world.note(f"{machine.name}: salvaged, kept as {done.kept}: {why[-60:]}")
        return done

    def read_journal(_settings, function):
        return reading(path, function)

    stand_ins = {
        "state_dir": lambda _settings: path.parent,
        "open_journal": open_journal,
        "salvage_now": salvage_now,
        "read_journal": read_journal,
        "become_owner": lambda _directory: None,
        "Lock": NO_LOCK,
    }
    with ExitStack() as stack:
        for name, stand_in in stand_ins.items():
            stack.enter_context(patch.object(salvaging, name, stand_in))
        yield


def _is_in_trouble(disk):
    return disk.dead or disk.failed or disk.capacity is not None
