"""Commands that are killed at each of their steps: every change of a file, every statement of SQL.

A child process runs the command and ends itself, without any clean-up, at the step it was told: as
`kill -9` would, only that no moment is missed and none is met by chance.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
import warnings

from pysqlite3 import dbapi2

from agent.journal.pacing import Pace

KILLED = 9
_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Steps:
    """Counts, and ends the process at one of them."""

    def __init__(self, inside, at):
        self.inside, self.at, self.count = str(inside), at, 0
        self._one = threading.Lock()

    def step(self, *_):
        with self._one:
            self.count += 1
            if self.count == self.at:
                os._exit(KILLED)

    def audited(self, event, arguments):
        if event != "open" and event not in _CHANGES:
            return
        name = arguments[0]
        is_change = event != "open" or bool(arguments[2] & _WRITING)
        if is_change and isinstance(name, str | os.PathLike) and self.inside in str(name):
            self.step()

    def plant(self):
        connect, turn = dbapi2.connect, Pace.turn

        def connected(*arguments, **named):
            conn = connect(*arguments, **named)
            conn.set_trace_callback(self.step)
            return conn

        def turned(pace):
            self.step()
            return turn(pace)

        dbapi2.connect, Pace.turn = connected, turned
        sys.addaudithook(self.audited)


def cut(inside, command, at=0):
    """Run a command in a process of its own, and kill it at a step.

    Args:
        inside: only changes of files below it are steps.
        command: a function; gives its exit code.
        at: the step; 0 lets it end.

    Returns:
        The exit code (`KILLED`), and how many steps it took where it ended.
    """
    told, tell = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        os.close(told)
        steps, code = Steps(inside, at), 70
        try:
            steps.plant()
            code = command()
        finally:
            if sys.exc_info()[0] is not None:
                traceback.print_exc(file=sys.__stderr__)
            os.write(tell, str(steps.count).encode())
            os._exit(code)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, int(said or b"0")


def spread(steps, most):
    """Choose at most so many steps: the first, the last, and those evenly between."""
    if steps <= most:
        return list(range(1, steps + 1))
    return sorted({1 + number * (steps - 1) // (most - 1) for number in range(most)})
