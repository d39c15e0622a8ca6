"""The log: lines a collector can read, and the stack trace where there is one."""

from __future__ import annotations

import json
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
