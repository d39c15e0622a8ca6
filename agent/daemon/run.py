"""`till-agent run`: start in order, serve until told to stop, stop in reverse."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Awaitable
from pathlib import Path

import structlog

from agent.core.faults import Fault
from agent.daemon.assembly import Agent
from agent.daemon.files import become_owner, state_dir
from agent.daemon.lean import load_dictionary, settle
from agent.daemon.nightly import run_nightly
from agent.daemon.reloading import Reloading
from agent.program import logs
from agent.program.connections import Doorkeeper
from agent.program.notify import feed_watchdog, notify
from agent.program.serving import Server, listen_on, split_address
from agent.settings import Settings

log = structlog.get_logger("till-agent")

OWNER_ONLY = 0o077
STOP_S = 10.0
HANDLES = 4096
"""Connections, devices, files of the journal, and plenty besides."""


class PartEnded(Fault):
    """A part of the agent ended by itself; the service manager starts the agent again."""

    name = "part-ended"
    title = "till-agent stopped because a part of it failed"


def run_daemon(settings: Settings, config: Path) -> None:
    """Run the agent in the foreground until SIGTERM or SIGINT.

    Args:
        settings: as checked.
        config: their file, read again when the service is reloaded.

    Raises:
        Fault: why it does not start, or that a part of it failed.
    """
    os.umask(OWNER_ONLY)
    logs.set_up(settings.agent.log_level)
    _allow_handles()
    become_owner(state_dir(settings))
    # The port comes first: a second agent is refused before it touches the state directory.
    with listen_on(*split_address(settings.agent.listen), setting="[agent] listen") as sock:
        asyncio.run(_run(settings, sock, config))


def _allow_handles() -> None:
    """Take as many file handles as there may be connections; a login shell allows fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HANDLES if hard == resource.RLIM_INFINITY else min(HANDLES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(settings: Settings, sock: socket.socket, config: Path) -> None:
    agent = Agent(settings)
    try:
        load_dictionary()
        await agent.start()
        await _serve(agent, sock, config)
    finally:
        await agent.close()
        log.info("stopped")


async def _serve(agent: Agent, sock: socket.socket, config: Path) -> None:
    stopping, reloading = asyncio.Event(), Reloading(agent, config)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reloading.order)
    for order in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(order, stopping.set)
    server = Server(agent.app, _ready, ws="websockets-sansio", door=Doorkeeper())
    parts = _parts(agent, server, sock, reloading)
    stop = asyncio.create_task(stopping.wait(), name="stop")
    try:
        done, _ = await asyncio.wait([*parts, stop], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        await _stop(agent, server, parts)
    for part in parts:
        if part in done:
            raise _ended(part)


def _parts(
    agent: Agent, server: Server, sock: socket.socket, reloading: Reloading
) -> list[asyncio.Task[None]]:
    """Start what runs side by side; each has a name, and its end is noticed."""
    works: dict[str, Awaitable[None]] = {
        **{f"till {till}": till_loop.run() for till, till_loop in agent.tills.items()},
        "devices": agent.devices.run(),
        **({"sync": agent.sync.run()} if agent.sync else {}),
        "api": server.serve(sockets=[sock]),
        "nightly": run_nightly(agent.upkeep, agent.settings.store.timezone),
        "journal": agent.journal.failing(),
        "reload": reloading.run(),
        "watchdog": feed_watchdog(agent.turning),
    }
    return [asyncio.create_task(_done(work), name=name) for name, work in works.items()]


async def _done(work: Awaitable[None]) -> None:
    await work


def _ready() -> None:
    notify("READY=1")
    log.info("serving")
    asyncio.get_running_loop().call_soon(settle)


async def _stop(agent: Agent, server: Server, parts: list[asyncio.Task[None]]) -> None:
    """Stop the API first, so that nobody asks for what is about to end."""
    notify("STOPPING=1")
    server.should_exit = True
    named = {part.get_name(): part for part in parts}
    await asyncio.wait([named["api"]], timeout=STOP_S)
    named["reload"].cancel()
    await agent.devices.stop()
    for part in parts:
        part.cancel()
    await asyncio.wait(parts, timeout=STOP_S)


def _ended(part: asyncio.Task[None]) -> PartEnded:
    problem = None if part.cancelled() else part.exception()
    if isinstance(problem, BaseException):
        log.error("a part failed", part=part.get_name(), exc_info=problem)
    return PartEnded(
        f"{part.get_name()} ended: {problem or 'without a word'}",
        remedy="the service starts again by itself; if this repeats, send the log to IT",
    )
