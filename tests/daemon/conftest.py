"""A shop's settings on disk, its command line in this process, and its daemon in another one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager

import msgspec
import pytest
from typer.testing import CliRunner

from agent.daemon.cli import app
from agent.daemon.demo.programs import free_port
from drivers.virtual.printer import VirtualPrinter
from tests.forked import Forked, completed, executed

READY_WITHIN_S = 120
ENDS_WITHIN_S = 60

TOML = """\
[store]
id = "store-0001"
[tax]
standard = 1900
reduced = 700
[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
{agent}
{hq}
[[till]]
id = "till-1"
{wiring}
"""

CENTRAL = """\
[central]
name = "The chain"
listen = "127.0.0.1:{port}"
state_dir = "{state}"
"""


class Ran(msgspec.Struct):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """What a pipe would read; fails if anything but JSON came out."""
        return json.loads(self.out)


class Shop:
    """One agent's settings file and state directory."""

    def __init__(self, directory):
        self.directory = directory
        self.config = directory / "agent.toml"
        self.state = directory / "state"
        self.state.mkdir(mode=0o700)
        self.port = free_port()
        self.hq = ""
        self.wiring = ""
        self.agent = ""
        """More lines of [agent]."""
        self.write()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def write(self, *, hq=None, wiring=None, port=None):
        """Write the settings; what is not named stays."""
        self.hq = self.hq if hq is None else f'[hq]\nurl = "{hq}"'
        self.wiring = self.wiring if wiring is None else wiring
        self.port = port or self.port
        text = TOML.format(
            port=self.port, state=self.state, agent=self.agent, hq=self.hq, wiring=self.wiring
        )
        self.config.write_text(text, encoding="utf-8")

    def run(self, *arguments, typed=None):
        """Run a command of `till-agent` on these settings, in this process."""
        return run(*arguments, "--config", str(self.config), typed=typed)

    def command(self, *arguments):
        """Give the command line for a process of its own."""
        return [*PROGRAM, *arguments, "--config", str(self.config)]


PROGRAM = (sys.executable, "-m", "agent.daemon.cli")


def run(*arguments, typed=None):
    result = CliRunner().invoke(app, list(arguments), input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@contextmanager
def started(command, directory, launch=Forked):
    """Run a program that tells its service manager when it is ready, and stop it."""
    with managed_by(command, directory, launch) as (process, _):
        yield process


@contextmanager
def managed_by(command, directory, launch=Forked):
    """Run such a program, and give its service manager's socket too."""
    notified = directory / "notify"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        (directory / "log").open("ab") as log,
    ):
        manager.bind(str(notified))
        manager.settimeout(READY_WITHIN_S)
        environment = {**os.environ, "NOTIFY_SOCKET": str(notified)}
        process = launch(command, log, log, environment)
        try:
            assert manager.recv(100) == b"READY=1", (directory / "log").read_text()
            yield process, manager
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(ENDS_WITHIN_S)
            notified.unlink()


@contextmanager
def printer_in_thread():
    """A virtual printer that answers while this thread runs a command."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found = []

    async def serve():
        async with VirtualPrinter() as printer:
            stop = asyncio.Event()
            found.extend((printer, stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(60)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(found[1].set)
        thread.join()
        loop.close()


@pytest.fixture
def ran():
    """Run a program to its end, in a process of its own."""
    return completed


@pytest.fixture
def virtual_printer():
    """A context with a printer on a TCP port."""
    return printer_in_thread


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


@pytest.fixture
def till_agent():
    """Run `till-agent` in this process, without any settings."""
    return run


@pytest.fixture
def daemon(shop):
    """A context in which the shop's daemon runs."""
    return lambda: started(shop.command("run"), shop.directory)


@pytest.fixture(scope="module")
def executed_daemon(tmp_path_factory):
    """A context in which a daemon runs that has imported nothing but what it imports itself."""

    @contextmanager
    def run(**settings):
        shop = Shop(tmp_path_factory.mktemp("shop"))
        shop.write(**settings)
        with started(shop.command("run"), shop.directory, executed) as process:
            yield shop, process

    return run


@pytest.fixture
def managed(shop):
    """A context in which the shop's daemon runs, and its service manager listens."""
    return lambda: managed_by(shop.command("run"), shop.directory)


@pytest.fixture
def program():
    """A context in which a program runs that tells when it is ready."""
    return started


@pytest.fixture
def port():
    """A port nobody listens on."""
    return free_port()


@pytest.fixture
def central(shop, port, tmp_path):
    """An HQ that runs and that the shop's settings name; gives its command line."""
    directory = tmp_path / "hq"
    directory.mkdir()
    config = directory / "central.toml"
    config.write_text(CENTRAL.format(port=port, state=directory / "state"), encoding="utf-8")

    def command(*arguments):
        return [sys.executable, "-m", "central.daemon.cli", *arguments, "--config", str(config)]

    def run(*arguments):
        done = completed(command(*arguments))
        done.check_returncode()
        return done.stdout

    run("migrate")
    shop.write(hq=f"http://127.0.0.1:{port}")
    with started(command("serve"), directory):
        yield run


@pytest.fixture
def code(central):
    """A function that gives a one-time code of that HQ for the shop's till."""
    return lambda: json.loads(central("enrol-code", "store-0001", "till-1", "--json"))["code"]
