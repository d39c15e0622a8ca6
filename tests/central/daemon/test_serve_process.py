"""`till-central serve` as a real process: ready, served, stopped, refused."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from central.daemon.state import locked, root_key
from central.ledger.engine import open_engine
from central.ledger.migrate import migrate
from tests.forked import Forked, executed

START_S = 90


class Service:
    """One process with a service manager's socket to talk to."""

    def __init__(self, directory, *arguments, env=None, launch=Forked):
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (directory / "notify").unlink(missing_ok=True)
        self.manager.bind(str(directory / "notify"))
        self.manager.settimeout(START_S)
        command = [sys.executable, "-m", "central.daemon.cli", "serve", *arguments]
        env = os.environ | {"NOTIFY_SOCKET": str(directory / "notify")} | (env or {})
        self.out, self.err = directory / "out", directory / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = launch(command, out, err, env)

    def heard(self):
        return self.manager.recv(100).decode()

    def address(self):
        return re.search(r"http://\S+/", self.out.read_text()).group()

    def ended(self):
        code = self.process.wait(START_S)
        self.manager.close()
        return code, self.out.read_text(), self.err.read_text()


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


def test_serve_gets_ready_feeds_its_watchdog_serves_and_stops_cleanly(service):
    """Wrong: systemd does not learn that HQ is up, stuck, or has ended in order."""
    hq = service(env={"WATCHDOG_USEC": "200000"}, launch=executed)
    assert "READY=1" == hq.heard()
    assert "WATCHDOG=1" == hq.heard()
    address, token = hq.address(), re.search(r"#token=(\S+)", hq.out.read_text()).group(1)
    assert (401, 200) == (get(f"{address}v1/stores"), get(f"{address}v1/stores", token))
    maps = Path(f"/proc/{hq.process.pid}/maps").read_text()
    assert "pysqlite3" in maps
    assert "psycopg" not in maps, "the driver of a database it does not use"
    hq.process.send_signal(signal.SIGTERM)
    code, out, err = hq.ended()
    assert (0, 1, 0) == (code, out.count(token), err.count(token))


def test_a_preset_token_opens_and_is_not_stored(service, tmp_path):
    """Wrong: the demo cannot know the token, or its token stays valid for ever."""
    hq = service(env={"TILL_CENTRAL_STAFF_TOKEN": "preset-token"})
    hq.heard()
    assert 200 == get(f"{hq.address()}v1/stores", "preset-token")
    hq.process.kill()
    hq.ended()
    database = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("central*"))
    assert b"preset-token" not in database


def test_only_one_program_serves_from_a_state_directory(service, tmp_path):
    """Wrong: two programs number the same feed, or Ctrl-C ends neither."""
    (tmp_path / "state").mkdir()
    with locked(tmp_path / "state"):
        code, _, err = service().ended()
    assert (1, True) == (code, "(already-serving)" in err)
    hq = service()
    assert "READY=1" == hq.heard()
    hq.process.send_signal(signal.SIGINT)
    assert 0 == hq.ended()[0]


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


def test_a_lost_root_key_stops_an_hq_that_had_one(service, tmp_path):
    """Wrong: HQ makes itself a new key, and no till believes its acks any more."""
    (tmp_path / "state").mkdir()
    engine = open_engine(tmp_path / "state/central.sqlite")
    migrate(engine)
    root_key(tmp_path / "state", engine)
    engine.dispose()
    (tmp_path / "state/root.key").unlink()
    code, _, err = service().ended()
    assert (1, True) == (code, "(root-key)" in err)
    assert "restore it" in err
    assert not (tmp_path / "state/root.key").exists()
