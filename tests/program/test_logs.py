"""The log: lines a collector can read, and the stack trace where there is one."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

CODE = """\
import logging, sys
import structlog
from agent.program import logs
logs.set_up(sys.argv[1])
structlog.get_logger("a").info("happened", till="till-1")
structlog.get_logger("a").debug("detail")
logging.getLogger("b").warning("of another %s", "library")
logging.getLogger("httpx").info("chatter")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("a").exception("failed")
"""


ON_A_TERMINAL = """\
import structlog
from agent.program import logs
logs.set_up("info")
def enrol(name):
    1 / len(name[:0])
try:
    enrol("".join(("Wilhel", "mina")))
except ZeroDivisionError as error:
    structlog.get_logger("a").error("failed", exc_info=error)
"""


def lines(level):
    done = subprocess.run(
        [sys.executable, "-c", CODE, level], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_line_is_json_with_its_level_and_name():
    """A collector could not tell a warning from chatter."""
    first, second, third = lines("info")
    assert (first["event"], first["level"], first["logger"]) == ("happened", "info", "a")
    assert first["till"] == "till-1"
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "of another library"
    assert "ZeroDivisionError" in third["exception"]


def test_the_level_of_the_settings():
    """A technician could not see more, or could not see less."""
    assert "detail" in [line["event"] for line in lines("debug")]
    assert [line["event"] for line in lines("error")] == ["failed"]


def test_no_line_on_a_terminal_shows_what_a_variable_held():
    """Whoever looks on during a failure would read the customer's name and phone (P9)."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    subprocess.run(
        [sys.executable, "-c", ON_A_TERMINAL], stderr=theirs, env=environment, check=True
    )
    os.close(theirs)
    shown = b""
    try:
        while more := os.read(ours, 65536):
            shown += more
    except OSError:
        pass  # Linux says so where the last writer has gone.
    os.close(ours)
    assert (True, False) == (b"ZeroDivisionError" in shown, b"Wilhelmina" in shown)
