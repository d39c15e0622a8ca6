"""The product's programs in processes of their own, forked from one that has imported them.

What a test looks at is the same as of a program that was executed: its own process id, signals,
files and exit code. Only the second that importing takes is spent once for all of them.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing import forkserver, reduction
from pathlib import Path
from tempfile import TemporaryFile

from agent.daemon.demo.programs import PROGRAMS

IMPORTED = [
    "__main__",
    *PROGRAMS.values(),
    "agent.daemon.control",
    "agent.daemon.run",
    "central.channels.imports",
    "central.daemon.commands",
    "central.daemon.importing",
    "central.daemon.serve",
    "encodings.ascii",
    "encodings.idna",
    "tests.forked",
]
NOBODY = 65534
PR_SET_PDEATHSIG = 1


class Handed:
    """A file handle that a process gets with its arguments."""

    def __init__(self, fd):
        self.fd = fd

    def __reduce__(self):
        return _taken, (reduction.DupFd(self.fd),)


def _taken(handle):
    return handle.detach()


class Forked:
    """A running program; it is asked as `subprocess.Popen` is."""

    def __init__(self, command, out, err, env=None, *, user=None):
        python, dash_m, module, *arguments = command
        assert (sys.executable, "-m") == (python, dash_m)
        handles = Handed(out.fileno()), Handed(err.fileno())
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED)
        environment = dict(os.environ if env is None else env)
        self._process = context.Process(
            target=_become, args=(module, arguments, handles, environment, str(Path.cwd()), user)
        )
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.returncode


class Awaited(Forked):
    """The same, awaited as `asyncio.subprocess.Process` is."""

    async def wait(self):
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        if self.returncode is None:
            loop.add_reader(self._process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._process.sentinel)
        return self.returncode


def executed(command, out, err, env):
    """Launch a program as the service manager does, with nothing imported yet."""
    return subprocess.Popen(command, stdout=out, stderr=err, env=env)


def completed(command, env=None, *, timeout=60, user=None):
    """Run a program to its end; see `subprocess.run`."""
    with TemporaryFile() as out, TemporaryFile() as err:
        process = Forked(command, out, err, env, user=user)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        for file in (out, err):
            file.seek(0)
        said = [file.read().decode() for file in (out, err)]
        return subprocess.CompletedProcess(command, code, *said)


async def forked(command, out, err, env):
    """Launch a program; see `agent.daemon.demo.programs.Launch`."""
    return Awaited(command, out, err, env)


def _become(module, arguments, streams, env, directory, user):
    """Be the program, in the process that was forked for it."""
    os.setsid()
    _end_with_the_tests()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for standard, given in enumerate((nothing, *streams)):
        os.dup2(given, standard)
        os.close(given)
    sys.stdin, sys.stdout, sys.stderr = map(_stream, range(3), "rww")
    os.environ.clear()
    os.environ.update(env)
    os.chdir(directory)
    os.umask(0o022)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()


def _end_with_the_tests():
    """Leave nobody behind, on the lines and ports of other tests, when these are killed.

    Whoever was forked would keep the process it was forked from alive; now that one ends with the
    tests, and the kernel tells its children (PR_SET_PDEATHSIG, prctl(2)).
    """
    server = forkserver._forkserver
    os.close(server._forkserver_alive_fd)
    server._forkserver_alive_fd = None
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stream(handle, mode):
    return os.fdopen(handle, mode, buffering=1, encoding="utf-8", closefd=False)
