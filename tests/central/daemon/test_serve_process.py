"""`till-central serve` as a real process: ready, served, stopped, refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import httpx
import pytest


class Service:
    """One process with a service manager's socket to talk to."""

    def __init__(self, directory, *arguments, env=None):
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (directory / "notify").unlink(missing_ok=True)
        self.manager.bind(str(directory / "notify"))
        self.manager.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "central.daemon.cli", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"NOTIFY_SOCKET": str(directory / "notify")} | (env or {}),
        )

    def heard(self):
        return self.manager.recv(100).decode()

    def ended(self):
        out, err = self.process.communicate(timeout=30)
        self.manager.close()
        return self.process.returncode, out, err


@pytest.fixture
def service(tmp_path):
    """Start serve on a free port, or where the text says."""
    started = []

    def start(listen="127.0.0.1:0", **other):
        config = tmp_path / "central.toml"
        config.write_text(f'[central]\nlisten = "{listen}"\nstate_dir = "{tmp_path}/state"\n')
        started.append(Service(tmp_path, "--config", str(config), **other))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.ended()


def get(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(url, headers=headers, trust_env=False).status_code


def test_serve_gets_ready_feeds_its_watchdog_serves_and_stops_cleanly(service, tmp_path):
    """Wrong: systemd does not learn that HQ is up, stuck, or has ended in order."""
    hq = service(env={"WATCHDOG_USEC": "200000"})
    assert "READY=1" == hq.heard()
    assert "WATCHDOG=1" == hq.heard()
    shown = hq.process.stdout.readline()
    address, token = re.search(r"(http://\S+/)#token=(\S+)", shown).groups()
    assert (401, 200) == (get(f"{address}v1/stores"), get(f"{address}v1/stores", token))
    second = subprocess.run(
        [
            sys.executable,
            "-m",
            "central.daemon.cli",
            "serve",
            "--config",
            tmp_path / "central.toml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (1, True) == (second.returncode, "(already-serving)" in second.stderr)
    hq.process.send_signal(signal.SIGTERM)
    code, out, _ = hq.ended()
    assert (0, False) == (code, token in out)
    again = service()
    assert "READY=1" == again.heard()
    assert "token=" not in again.process.stdout.readline()
    again.process.send_signal(signal.SIGINT)
    assert 0 == again.ended()[0]


def test_a_preset_token_opens_and_is_not_stored(service, tmp_path):
    """Wrong: the demo cannot know the token, or its token stays valid for ever."""
    hq = service(env={"TILL_CENTRAL_STAFF_TOKEN": "preset-token"})
    hq.heard()
    address = re.search(r"http://\S+/", hq.process.stdout.readline()).group()
    assert 200 == get(f"{address}v1/stores", "preset-token")
    hq.process.kill()
    hq.ended()
    database = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("central*"))
    assert b"preset-token" not in database


def test_a_taken_port_is_named(service):
    """Wrong: HQ does not say who or what keeps it from starting."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = service(f"127.0.0.1:{port}").ended()
    assert (1, "") == (code, out)
    name, detail, remedy = err.splitlines()
    assert "(cannot-listen)" in name
    assert f"127.0.0.1:{port}" in detail
    assert "ss -ltnp" in remedy


def test_a_lost_root_key_stops_an_hq_that_has_enrolled(service, tmp_path):
    """Wrong: HQ makes itself a new key, and no till believes its acks any more."""
    hq = service()
    hq.heard()
    hq.process.send_signal(signal.SIGTERM)
    hq.ended()
    shutil.move(tmp_path / "state/root.key", tmp_path / "kept.key")
    code, _, err = service().ended()
    assert (1, True) == (code, "(root-key)" in err)
    assert "put the right root.key back" in err
