"""A run that a seed plays again: from the command line, with its files kept where it failed."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import tempfile
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path

import httpx

from agent.core.faults import Fault
from agent.program.terminal import say
from tests.journeys.cashier import Broken

FAILURES = (
    Broken,
    Fault,
    OSError,
    LookupError,
    ValueError,
    TimeoutError,
    ExceptionGroup,
    httpx.HTTPError,
)

Play = Callable[[Path], object]
"""Plays the run on an empty directory, awaited or not; what it gives is said."""


def asking(description: str | None) -> argparse.ArgumentParser:
    """Make a command line that takes a seed, and draws one where none is given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    return parser


def played(name: str, seed: int, much: str, play: Play) -> int:
    """Play a run and report; gives the exit code.

    Args:
        name: what its directory is named after.
        seed: said first and last, so that nobody has to look for it.
        much: how much of it is asked for, in words.
        play: the run.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"till-agent-{name}-"))
    say(f"seed {seed}, {much}")
    try:
        said = play(directory)
        say(str(asyncio.run(said) if isinstance(said, Coroutine) else said))
    except FAILURES:
        traceback.print_exc()
        say(f"FAILED with seed {seed}; all files are kept in {directory}")
        return 1
    shutil.rmtree(directory)
    return 0
