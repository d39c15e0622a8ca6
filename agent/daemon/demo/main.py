"""`till-agent demo`: set the world up, then play the story, or let people play with it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agent.core.faults import Fault
from agent.daemon.demo.narrator import narrate, welcome
from agent.daemon.demo.story import STEPS, title
from agent.daemon.demo.telling import Story, StoryFailed
from agent.daemon.demo.watching import Watcher
from agent.daemon.demo.world import TILL, Refused, World, opened_world
from agent.program.terminal import print_fault, say, say_aside

SWINGS_MS = 400
"""What is put on the scale swings for a moment, as it does."""
_LOAD = re.compile(rb"(\d{1,5})g")


def run_demo(*, scripted: bool, directory: Path | None, patience: float = 1.0) -> int:
    """Run the demo; gives the exit code: 0, or 1 after naming the step that failed."""
    kept = directory or Path(tempfile.mkdtemp(prefix="till-agent-demo-"))
    kept.mkdir(parents=True, exist_ok=True)
    try:
        code = asyncio.run(_demo(kept.resolve(), scripted=scripted, patience=patience))
    except Fault as fault:
        print_fault(fault)
        code = 1
    if directory is None and code == 0:
        shutil.rmtree(kept)
    elif code:
        say_aside(f"The logs and all files are in {kept}")
    return code


async def _demo(directory: Path, *, scripted: bool, patience: float) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for order in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(order, stopping.set)
    say("Setting up a shop and its HQ …")
    main = asyncio.create_task(_in_world(directory, scripted=scripted, patience=patience))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait([main, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not main.done():
        say("Stopping …")
        main.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await main
        return 1 if scripted else 0
    return main.result()


async def _in_world(directory: Path, *, scripted: bool, patience: float) -> int:
    started = time.monotonic()
    async with opened_world(directory) as world:
        watcher = Watcher(world.agent_url, TILL, world.till_token)
        watching = asyncio.create_task(watcher.run())
        try:
            await world.offer_points()
            say(f"Ready after {time.monotonic() - started:.1f} s.")
            if scripted:
                return await _play(Story(world, watcher, say, patience))
            return await _open_house(world, watcher)
        finally:
            watching.cancel()
            await asyncio.wait([watching])


async def _play(story: Story) -> int:
    started = time.monotonic()
    for number, step in enumerate(STEPS, 1):
        say(f"\n{number:>2}. {title(step)}")
        try:
            await step(story)
        except (StoryFailed, Refused, Fault, TimeoutError, LookupError, AssertionError) as problem:
            say_aside(f"FAILED in step {number}, {title(step)}: {problem!r}")
            return 1
    say(f"\nThe whole story held, in {time.monotonic() - started:.1f} s.")
    return 0


async def _open_house(world: World, watcher: Watcher) -> int:
    """Show what happens as it happens, until somebody presses Ctrl-C."""
    welcome(world)
    watcher.told = lambda event: narrate(event, say)
    world.printer.on_receipt = lambda receipt: _show_receipt(receipt.lines)
    async with asyncio.TaskGroup() as group:
        group.create_task(_show_display(world))
        if sys.stdin.isatty():
            group.create_task(_take_orders(world))
    return 0


async def _take_orders(world: World) -> None:
    """Let whoever sits at the terminal play the hardware."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        if line.strip():
            _typed(world, line.strip())


def _typed(world: World, text: bytes) -> None:
    """Put a load such as `480g` on the scale; anything else is scanned."""
    load = _LOAD.fullmatch(text)
    if load:
        world.scale.put(int(load[1]), swings_ms=SWINGS_MS)
    else:
        world.scanner.scan(text)


async def _show_display(world: World) -> None:
    """Say what the customer reads, each time it is another text."""
    shown: tuple[str, ...] = ()

    def other(lines: tuple[str, ...]) -> bool:
        return lines != shown

    while True:
        shown = await world.display.until(other, None)
        for line in shown:
            say(f"      [ {line:<20} ]")


def _show_receipt(lines: Sequence[str]) -> None:
    width = max((len(line) for line in lines), default=0)
    for line in lines:
        say("      | " + line.ljust(width) + " |")
