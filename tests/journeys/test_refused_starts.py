"""What keeps a program from starting: exit code 1, the cause by name, and what to do about it."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from agent.daemon.demo.programs import command_of, free_port
from tests.forked import NOBODY, Forked, completed

pytestmark = [pytest.mark.timeout(120)]

AGENT = """\
[store]
id = "store-0001"
[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
[[till]]
id = "till-1"
"""
CENTRAL = """\
[central]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
"""
WRONG_AGENT = """\
[store]
id = "store-0001"
nmae = "Corner Shop"
[agent]
listen = "127.0.0.1:84600"
state_dir = "{state}"
[[till]]
id = "till-1"
scanners = ["counter"]
[[device]]
id = "counter"
kind = "scanner"
address = "serial:/dev/x?baud=fast"
"""
WRONG_CENTRAL = """\
[central]
listen = "127.0.0.1:99999"
state_dir = "{state}"
databse = "x"
"""


def executed(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, cwd="/")


class Started:
    """A program that was started and has ended."""

    def __init__(self, program, *arguments, nobody=False, run=completed):
        # What it needs is loaded: nobody may not look into every root's environment.
        user = {"user": NOBODY} if nobody and os.geteuid() == 0 else {}
        done = run(command_of(program, *arguments), **user)
        self.code = done.returncode
        self.said = done.stderr

    def was_refused(self, name, *words):
        """Insist on exit code 1, the name of the fault, some words, a remedy, and no traceback."""
        assert 1 == self.code, self.said
        assert f"({name})" in self.said, self.said
        for word in words:
            assert word in self.said, self.said
        assert "\n→ " in self.said, self.said
        assert "Traceback" not in self.said, self.said


@pytest.fixture(params=["till-agent", "till-central"])
def program(request):
    """Each of the two programs."""
    return request.param


@pytest.fixture
def place():
    """A directory that others may look into, as /etc and /var/lib are."""
    with tempfile.TemporaryDirectory(prefix="till-agent-test-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def written(place, program, *, port=None, text=None):
    """Write a settings file with a state directory; gives what starts the program with it."""
    state = place / "state"
    state.mkdir(mode=0o755, exist_ok=True)
    template = text or (AGENT if program == "till-agent" else CENTRAL)
    config = place / f"{program}.toml"
    config.write_text(template.format(port=port or free_port(), state=state), encoding="utf-8")
    return (program, "run" if program == "till-agent" else "serve", "--config", str(config))


def test_every_mistake_in_the_settings_is_named_at_once(place, program):
    """A technician would mend one line only to be told of the next, at a shop far away."""
    wrong = WRONG_AGENT if program == "till-agent" else WRONG_CENTRAL
    started = Started(*written(place, program, text=wrong))
    known = {
        "till-agent": ("'nmae' is not a known setting; did you mean 'name'", "84600", "baud"),
        "till-central": ("'databse' is not a known setting; did you mean 'database'", "99999"),
    }
    started.was_refused("bad-settings", *known[program])
    if program == "till-agent":
        checked = Started(program, "check-config", str(place / "till-agent.toml"))
        checked.was_refused("bad-settings", *known[program])


@pytest.mark.parametrize("text", ["[store\n", "\x00", "[store]\nid = 5\n[agent]\n"])
def test_a_file_that_is_no_settings_is_said_to_be_none(place, program, text):
    """A half-written file would end in a traceback."""
    config = place / "broken.toml"
    config.write_text(text, encoding="utf-8")
    command = "run" if program == "till-agent" else "serve"
    Started(program, command, "--config", str(config)).was_refused("bad-settings", str(config))


def test_a_file_that_is_not_there_is_named(place, program):
    """Whoever mistyped the path would look for a mistake in the file."""
    command = "run" if program == "till-agent" else "serve"
    missing = str(place / "no-such.toml")
    started = Started(program, command, "--config", missing, run=executed)
    started.was_refused("bad-settings", missing)


def test_a_port_that_is_taken_is_named(place, program):
    """The program would start and answer nobody, or say only `Errno 98`."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = Started(*written(place, program, port=port))
    started.was_refused("cannot-listen", str(port), "already in use", "listen", "ss -ltnp")


def test_a_state_directory_without_write_permission_is_named(place, program):
    """The service would start without being able to keep a single sale."""
    if os.geteuid() != 0:
        (place / "state").mkdir(mode=0o555)
    started = Started(*written(place, program), nobody=True)
    started.was_refused("state-dir", str(place / "state"), "write")


def test_a_state_directory_that_is_not_there_is_named(place, program):
    """A mistyped path would begin a new journal somewhere, or end in a traceback."""
    command = written(place, program)
    (place / "state").rmdir()
    place.chmod(0o555 if os.geteuid() else 0o755)
    started = Started(*command, nobody=True)
    place.chmod(0o755)
    started.was_refused("state-dir", str(place / "state"))


def test_wrong_use_is_told_apart_from_a_fault(program):
    """A script could not tell a mistyped option from a broken journal."""
    assert 2 == Started(program, "--no-such-option").code
    assert 2 == Started(program, "no-such-command").code


def test_two_agents_never_own_one_journal(place):
    """Two programs would write two journals into one file."""
    first = written(place, "till-agent")
    said, says = os.pipe()
    with os.fdopen(said) as lines:
        with os.fdopen(says, "wb") as log:
            running = Forked(command_of(*first), log, log)
        try:
            assert any("serving" in line for line in lines)
            Started(*written(place, "till-agent")).was_refused("journal-locked", str(running.pid))
        finally:
            running.terminate()
        lines.read()
        assert 0 == running.wait(30)
