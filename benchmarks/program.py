"""The real `till-agent run` as a process of its own, for whatever is measured from outside."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import httpx

START_S = 120
LOOK_S = 0.05
ITEMS = resources.files("agent.daemon.demo") / "data" / "items.csv"
_AGENT = (sys.executable, "-m", "agent.daemon.cli")
_SETTINGS = """\
[store]
id = "store-0001"
[tax]
standard = 1900
reduced = 700
[agent]
listen = "127.0.0.1:{port}"
state_dir = "{state}"
"""


@contextmanager
def running_agent(folder: Path, devices: str) -> Iterator[tuple[str, str]]:
    """Run the agent with the sample catalogue; give its address and the token of `till-1`.

    Args:
        folder: for its state and settings; empty.
        devices: the `[[till]]` and `[[device]]` part of the settings.
    """
    with started_agent(folder, devices) as started:
        config = str(started.config)
        with resources.as_file(ITEMS) as items:
            _call("import-items", str(items), "--config", config)
        token = json.loads(_call("pair", "till-1", "--json", "--config", config))["token"]
        yield started.url, token


class Started(NamedTuple):
    """An agent that answers."""

    url: str
    config: Path
    pid: int
    start_s: float
    """From the command to the first answer."""


@contextmanager
def started_agent(folder: Path, devices: str) -> Iterator[Started]:
    """Run the agent, also where one ran before; arguments as of `running_agent`."""
    port, state, config = _free_port(), folder / "state", folder / "agent.toml"
    state.mkdir(mode=0o700, exist_ok=True)
    config.write_text(_SETTINGS.format(port=port, state=state) + devices)
    url = f"http://127.0.0.1:{port}"
    began = monotonic()
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*_AGENT, "run", "--config", str(config)], stderr=log)
    try:
        _wait_for(url)
        yield Started(url, config, running.pid, monotonic() - began)
    finally:
        running.terminate()
        running.wait(START_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = monotonic() + START_S
    while True:
        try:
            httpx.get(f"{url}/v1/status").raise_for_status()
        except httpx.HTTPError:
            if monotonic() > deadline:
                raise
            sleep(LOOK_S)
        else:
            return


def _call(*arguments: str) -> str:
    called = subprocess.run([*_AGENT, *arguments], check=True, capture_output=True, text=True)
    return called.stdout
