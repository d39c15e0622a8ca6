"""The real `till-central serve` as a process of its own, on an empty database."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.core.identifiers import TillId
from benchmarks.commit import STORE
from benchmarks.table import Row
from central.daemon.serve import PRESET_VARIABLE
from tests.central.postgres import server

TILL = TillId("till-1")
"""The till its enrolment code is for."""
START_S = 120
STOP_S = 5
CENTRAL = (sys.executable, "-m", "central.daemon.cli")


def on_each(databases: Iterable[str], on: Callable[[str, Path], list[Row]]) -> list[Row]:
    """Measure on each of some databases, by name, in a folder of its own."""
    place = os.environ.get("BENCH_DIR", ".")
    with TemporaryDirectory(dir=place, prefix=".bench-") as folder:
        return [row for name in databases for row in on(name, Path(folder).resolve() / name)]


@contextmanager
def database_of(name: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database: `PostgreSQL` of its own; `SQLite`: the empty one."""
    if name == "SQLite":
        yield ""
        return
    with server(str(folder), listen_addresses="''") as postgres:
        yield postgres.create("benchmark")


@contextmanager
def running_hq(folder: Path, database: str = "", *, token: str = "") -> Iterator[tuple[str, str]]:
    """Run `till-central serve` on an empty database, with an enrolment code.

    Args:
        folder: for its state and settings; empty.
        database: a URL; empty: SQLite in the folder.
        token: of staff, for this run; empty: one nobody knows.
    """
    port = _free_port()
    config = folder / "central.toml"
    config.write_text(f"""[central]
listen = "127.0.0.1:{port}"
state_dir = "{folder / "central"}"
log_level = "error"
{f'database = "{database}"' if database else ""}
""")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(folder / "ready"))
        ready.settimeout(START_S)
        served = subprocess.Popen(
            [*CENTRAL, "serve", "--config", str(config)],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "ready"), PRESET_VARIABLE: token},
            stdout=subprocess.DEVNULL,
        )
        try:
            while b"READY=1" not in ready.recv(4096):
                pass
            yield f"http://127.0.0.1:{port}", _code(config)
        finally:
            _stop(served)


def _stop(served: subprocess.Popen[bytes]) -> None:
    """End HQ; one that is still busy applying is not waited for."""
    served.terminate()
    try:
        served.wait(STOP_S)
    except subprocess.TimeoutExpired:
        served.kill()
        served.wait()


def _code(config: Path) -> str:
    """Make a one-time code as IT does."""
    command = [*CENTRAL, "enrol-code", STORE, TILL, "--config", str(config), "--json"]
    made = subprocess.run(command, check=True, capture_output=True)
    return str(json.loads(made.stdout)["code"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
