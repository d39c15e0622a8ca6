"""The two real programs as child processes: started, waited for, stopped, killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

import httpx

from agent.core.faults import UnavailableFault

READY_WITHIN_S = 120.0
"""One that ends is noticed at once; this is for a machine that has much else to do."""
STOP_WITHIN_S = 30.0
PROGRAMS = {"till-agent": "agent.daemon.cli", "till-central": "central.daemon.cli"}
QUIET_PORTS = range(20_000, 32_000)
"""Below what Linux takes for outgoing connections (ip_local_port_range): while a program is being
started again, no connection of anybody can sit on its port."""
PORT_TRIES = 50


class ProgramFault(UnavailableFault):
    """One of the two programs did not start, did not answer, or ended by itself."""

    name = "program-failed"
    title = "A program of the demo failed"


def free_port(preferred: int = 0) -> int:
    """Give the preferred port of the loopback interface, or another one where it is taken or 0.

    Raises:
        ProgramFault: none is free.
    """
    # Where several demos start at once, each draws its own.
    others = random.SystemRandom().sample(QUIET_PORTS, PORT_TRIES)
    for port in (preferred, *others) if preferred else others:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ProgramFault("no free port on 127.0.0.1", remedy="close some programs and try again")


def command_of(program: str, *arguments: str) -> list[str]:
    """Give the command line of one of the two programs in this very environment."""
    return [sys.executable, "-m", PROGRAMS[program], *arguments]


class Running(Protocol):
    """A process, asked and awaited as `asyncio.subprocess.Process` is."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""

    def send_signal(self, signal: int, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """Send it SIGKILL."""

    async def wait(self) -> int:
        """Wait for its end; gives its exit code."""


Launch = Callable[[list[str], IO[bytes], IO[bytes], Mapping[str, str]], Awaitable[Running]]
"""Makes a process of a command line, its stdout, its stderr and its whole environment."""


async def executed(
    command: list[str], out: IO[bytes], err: IO[bytes], env: Mapping[str, str]
) -> Running:
    """Launch a program as a shell does."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        env=env,
        # Ctrl-C reaches the parent alone, which then stops its children in order.
        start_new_session=True,
    )


class Program:
    """One long-running program with its log file."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        *,
        url: str,
        log: Path,
        env: Mapping[str, str],
        launch: Launch = executed,
    ) -> None:
        """Describe the program; `url` is what answers once it is up."""
        self.name = name
        self.url = url
        self.log = log
        self._launch = launch
        self._command = command_of(name, *arguments)
        self.env = {**os.environ, **env}
        """Of the next start."""
        self._process: Running | None = None

    @property
    def pid(self) -> int | None:
        """The process id while the program runs."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start the program and wait until it answers.

        Raises:
            ProgramFault: it ended or did not answer in time; the detail has its last words.
        """
        with self.log.open("ab") as log:
            self._process = await self._launch(self._command, log, log, self.env)
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._answers(self._process)
        except TimeoutError as error:
            raise self._failed(f"did not answer at {self.url}") from error

    async def _answers(self, process: Running) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            while process.returncode is None:
                try:
                    await client.get(self.url)
                except httpx.TransportError:
                    # A starting program has nothing to await on but its port.
                    await asyncio.sleep(0.05)
                else:
                    return
        raise self._failed(f"ended with exit code {process.returncode}")

    def _failed(self, what: str) -> ProgramFault:
        words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        return ProgramFault("\n".join([f"{self.name} {what}", *words]), remedy=f"read {self.log}")

    async def stop(self) -> None:
        """Ask the program to end, and wait; one that does not end is killed."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the program as a power cut would: SIGKILL, no chance to tidy up."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def call(
    program: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    launch: Launch = executed,
) -> str:
    """Run a command of one of the two programs to its end and give what it printed.

    Raises:
        ProgramFault: its exit code was not 0.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        command = command_of(program, *arguments)
        code = await _ended(await launch(command, out, err, {**os.environ, **(env or {})}))
        said, complained = _written(out), _written(err)
    if code:
        raise ProgramFault(
            f"{program} {' '.join(arguments)} ended with {code}: {(complained or said).strip()}",
            remedy="run the command by hand to see more",
        )
    return said


async def _ended(process: Running) -> int:
    """Wait for a process; who no longer waits for it ends it."""
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
