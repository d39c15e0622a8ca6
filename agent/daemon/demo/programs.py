"""The two real programs as child processes: started, waited for, stopped, killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from agent.core.faults import UnavailableFault

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 15.0
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


class Program:
    """One long-running program with its log file."""

    def __init__(
        self, name: str, arguments: list[str], *, url: str, log: Path, env: Mapping[str, str]
    ) -> None:
        """Describe the program; `url` is what answers once it is up."""
        self.name = name
        self.url = url
        self.log = log
        self._command = command_of(name, *arguments)
        self.env = {**os.environ, **env}
        """Of the next start."""
        self._process: asyncio.subprocess.Process | None = None

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
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                # Ctrl-C reaches the parent alone, which then stops its children in order.
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._answers(self._process)
        except TimeoutError as error:
            raise self._failed(f"did not answer at {self.url}") from error

    async def _answers(self, process: asyncio.subprocess.Process) -> None:
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


async def call(program: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command of one of the two programs to its end and give what it printed.

    Raises:
        ProgramFault: its exit code was not 0.
    """
    process = await asyncio.create_subprocess_exec(
        *command_of(program, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ProgramFault(
            f"{program} {' '.join(arguments)} ended with {process.returncode}: "
            f"{(err or out).decode(errors='replace').strip()}",
            remedy="run the command by hand to see more",
        )
    return out.decode()
