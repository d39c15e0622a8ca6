"""The demo itself, as a person runs it: the story, and a shop that is left with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from agent.daemon.demo.story import STEPS, title

pytestmark = [pytest.mark.timeout(480)]

STOP_S = 90
DEMO = (sys.executable, "-m", "agent.daemon.cli", "demo")


@pytest.fixture
def environment(tmp_path):
    """Where the demo makes its temporary directory is ours to look at."""
    return {**os.environ, "TMPDIR": str(tmp_path)}


def test_the_story_holds_in_all_its_steps(tmp_path, environment):
    """The product's promise on real processes would be broken, or nobody would be told which."""
    played = subprocess.run(
        [*DEMO, "--script", "--patience", "60"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (played.returncode, played.stderr), played.stdout + played.stderr
    told = re.findall(r"^ ?(\d+)\. (.+)$", played.stdout, re.MULTILINE)
    assert [(str(number), title(step)) for number, step in enumerate(STEPS, 1)] == told
    assert re.search(r"The whole story held, in [\d.]+ s", played.stdout)
    assert [] == list(tmp_path.iterdir()), "the demo cleans up behind itself"


def _processes_of(directory):
    """Every process whose command line names a file of the demo."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(directory).encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
    return found


def _read_until(process, words):
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"the demo ended without saying {words!r}:\n{said}")


@pytest.mark.parametrize(
    ("moment", "order"),
    [("Setting up a shop", signal.SIGTERM), ("Ctrl-C stops everything", signal.SIGINT)],
)
def test_the_demo_leaves_nothing_behind(tmp_path, environment, moment, order):
    """Ctrl-C, in the middle of the set-up too, would leave programs running or files lying."""
    with subprocess.Popen(
        DEMO, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as demo:
        _read_until(demo, moment)
        while not _processes_of(tmp_path):
            assert demo.poll() is None, "the demo starts programs"
        asked = time.monotonic()
        demo.send_signal(order)
        rest = demo.stdout.read()
        assert 0 == demo.wait(), rest
    assert time.monotonic() - asked < STOP_S
    assert [] == _processes_of(tmp_path)
    assert [] == list(tmp_path.iterdir())
