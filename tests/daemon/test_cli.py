"""The command line as a technician meets it: exit codes, words, pure JSON, quick answers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COMMANDS = (
    "run",
    "demo",
    "setup",
    "check-config",
    "doctor",
    "status",
    "devices",
    "pair",
    "enrol",
    "import-items",
    "journal",
)
AS_NOBODY = """\
import codecs, os, sys
# All is loaded first: the interpreter itself may be where nobody may read.
[codecs.lookup(name) for name in ("ascii", "latin-1", "idna")]
import agent.daemon.cli, agent.daemon.run, agent.journal.device_key
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.argv = ["till-agent", *sys.argv[1:]]
agent.daemon.cli.main()
"""


def test_help_names_every_command(till_agent):
    """A command nobody is told of is not there."""
    ran = till_agent("--help")
    assert ran.code == 0
    assert [] == [command for command in COMMANDS if command not in ran.out]


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["status", "--no-such-option"],
        ["pair"],
        ["setup", "--yes", "--set", "store.idd=1"],
    ],
)
def test_wrong_use_ends_with_2(till_agent, arguments):
    """A script could not tell its own mistake from a fault of the machine."""
    assert till_agent(*arguments).code == 2


def test_good_settings_end_with_0(shop, till_agent):
    """A technician could not tell whether a changed file is good."""
    ran = till_agent("check-config", str(shop.config))
    assert (ran.code, ran.err) == (0, "")
    assert "store-0001" in ran.out


def test_every_error_of_the_settings_at_once(shop, till_agent):
    """A technician would mend one line, start again, and meet the next."""
    shop.write(wiring='printer = "receipt"\ncolour = "red"\nscaners = []')
    text = shop.config.read_text().replace(str(shop.port), "99999")
    shop.config.write_text(text)
    ran = till_agent("check-config", str(shop.config))
    assert (ran.code, ran.out) == (1, "")
    for word in ("till[0].colour", "did you mean 'scanners'?", "→ edit"):
        assert word in ran.err
    shop.write(wiring='printer = "receipt"')
    shop.config.write_text(shop.config.read_text().replace(f":{shop.port}", ":99999"))
    ran = till_agent("check-config", str(shop.config))
    for word in ("2 errors", "99999", "from 1 to 65535", "no device 'receipt'"):
        assert word in ran.err


def test_settings_only_the_drivers_can_judge(shop, till_agent):
    """The daemon would fail later, at a till that is already open."""
    shop.write(wiring='[[device]]\nid = "r"\nkind = "printer"\naddress = "tcp:h"\nmodel = "x"')
    ran = till_agent("check-config", str(shop.config))
    assert ran.code == 1
    assert "device[0]" in ran.err
    assert "tcp:HOST:PORT" in ran.err


def test_a_file_that_is_not_there(till_agent, tmp_path):
    """A mistyped path would end in a stack trace."""
    for command in (["check-config"], ["status", "--config"], ["run", "--config"]):
        ran = till_agent(*command, str(tmp_path / "none.toml"))
        assert ran.code == 1
        assert "none.toml" in ran.err
        assert "→" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", "--json"], 1),
        (["doctor", "--json"], 1),
        (["devices", "--json"], 0),
        (["pair", "till-1", "--json"], 0),
        (["pair", "till-1", "--revoke", "--json"], 0),
    ],
)
def test_json_is_all_there_is_on_stdout(shop, arguments, code):
    """A script that reads the output would stumble over words meant for people."""
    ran = shop.run(*arguments)
    assert ran.code == code
    assert ran.json is not None


def test_commands_load_only_what_they_need():
    """On a small machine each command would take seconds, and installing runs several."""
    heavy = ("httpx", "biip", "sqlite_utils", "litestar", "rich", "cryptography", "uvicorn")
    modules = "agent.daemon.cli, agent.daemon.status, agent.daemon.pairing, agent.daemon.enrolment"
    code = f"import sys, {modules}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_port_that_is_taken(shop):
    """The service would start again and again, and nobody would know why."""
    with socket.create_server(("127.0.0.1", shop.port)):
        ran = shop.run("run")
    assert ran.code == 1
    assert "cannot-listen" in ran.err
    assert "ss -ltnp" in ran.err
    assert [] == list(shop.state.iterdir())


def _as_nobody(*arguments):
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *arguments],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_a_state_directory_without_write_permission(shop):
    """A disk mounted read-only would look like a bug of the program."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        shop.state = place / "state"
        shop.state.mkdir()
        shop.state.chmod(0o555)
        shop.config = place / "agent.toml"
        shop.write()
        shop.config.chmod(0o644)
        done = _as_nobody("run", "--config", str(shop.config))
    assert (done.returncode, done.stdout) == (1, "")
    assert "may not write in the state directory" in done.stderr
    assert "chown -R" in done.stderr


def test_a_state_directory_that_is_missing(shop):
    """A wrong state_dir would begin an empty journal somewhere, or fail without a word."""
    shop.state.rmdir()
    ran = shop.run("run")
    assert ran.code == 1
    assert "does not exist" in ran.err
    assert "install -d -m 0700" in ran.err


def test_a_fault_is_three_lines(shop):
    """The remedy would drown in a stack trace."""
    ran = shop.run("journal", "verify")
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.strip().splitlines()) == 3
    assert ran.err.strip().splitlines()[2].startswith("→ ")


def test_models_table(till_agent):
    """Nobody would know what to write as a printer's model."""
    ran = till_agent("devices", "--models")
    assert (ran.code, ran.err) == (0, "")
    assert "generic-80mm" in ran.out
    models = json.loads(till_agent("devices", "--models", "--json").out)
    assert {model["name"] for model in models} >= {"generic-80mm", "generic-58mm"}
    assert {"printer", "scale", "display"} == {model["kind"] for model in models}
    assert all(model["proof"] and model["title"] for model in models)
    assert all(model["columns"] >= 32 for model in models if model["kind"] == "printer")
    assert 3 == sum(model["default"] for model in models)


def test_a_drivers_refusal_names_its_setting_once(shop, till_agent):
    """One mistake would look like two, or be looked for in the wrong line."""
    wiring = '[[device]]\nid = "s"\nkind = "scanner"\naddress = "{}"\n{}'
    for address, line, path in (
        ("evdev:/dev/input/event0", 'layout = "uss"', "device[0].layout"),
        ("serial:/dev/ttyS0", 'layout = "de"', "device[0].layout"),
        ("usblp:/dev/usb/lp0", "", "device[0].address"),
        ("hidraw:/dev/hidraw0", "frame_timeout_ms = 50", "device[0].frame_timeout_ms"),
        ("serial:/dev/ttyS0", 'separator = "A"', "device[0].separator"),
    ):
        shop.write(wiring=wiring.format(address, line))
        ran = till_agent("check-config", str(shop.config))
        assert "has 1 error:" in ran.err, ran.err
        assert f"  {path}: " in ran.err
