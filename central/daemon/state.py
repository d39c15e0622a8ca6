"""The state directory: made, locked, and what lies in it; HQ's clock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from agent.core.faults import Fault
from central.daemon.settings import CentralSettings, database_of
from central.intake.root_key import RootKey, RootKeyFault
from central.ledger.engine import open_engine, transact
from central.ledger.tables import FACTS

_OWNER_ONLY = 0o077
_ROOT_KEY_FACT = "root_key"


class StateFault(Fault):
    """The state directory cannot be used."""

    name = "state-dir"
    title = "The state directory cannot be used"


class AlreadyServing(Fault):
    """Another till-central serves from this state directory."""

    name = "already-serving"
    title = "Another till-central is running"


def prepare(directory: Path) -> None:
    """Make the state directory, and everything in it readable by its owner alone.

    Raises:
        StateFault: it cannot be made or written.
    """
    os.umask(_OWNER_ONLY)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(directory, str(error.strerror)) from error
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(directory, "no permission to write")


@contextmanager
def opened(settings: CentralSettings) -> Iterator[Engine]:
    """Open the database of the settings, and close it."""
    engine = open_engine(database_of(settings))
    try:
        yield engine
    finally:
        engine.dispose()


def utc_now() -> str:
    """Read HQ's wall clock: UTC, ISO 8601, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the state directory while serving, or while its database is replaced.

    Args:
        directory: of the settings.
        shared: others that also share it may hold it, too: several may serve from one PostgreSQL.

    Raises:
        AlreadyServing: another one holds it.
    """
    with (directory / "serve.lock").open("a+b") as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServing(
                f"another till-central serves from {directory}",
                remedy="stop it first: systemctl stop till-central",
            ) from error
        yield


def root_key(directory: Path, engine: Engine) -> RootKey:
    """Open HQ's root key; only a database that was never used with one gets a new one.

    Raises:
        RootKeyFault: missing, unreadable, or not the one the tills trust.
    """
    return transact(engine, partial(_root_key, directory / "root.key"))


def _root_key(path: Path, conn: Connection) -> RootKey:
    """Decide in one transaction: of two programs that start at once, one makes the key."""
    query = select(FACTS.c.value).where(FACTS.c.key == _ROOT_KEY_FACT)
    known: str | None = conn.execute(query).scalar_one_or_none()
    is_new = known is None and not path.exists()
    key = RootKey.create(path) if is_new else RootKey.open(path)
    if known is None:
        conn.execute(FACTS.insert().values(key=_ROOT_KEY_FACT, value=key.public.hex()))
    elif known != key.public.hex():
        raise RootKeyFault(
            f"{path} is not the root key this database was used with",
            remedy="put the right root.key back: the tills trust acks signed by it alone",
        )
    return key


def _unusable(directory: Path, why: str) -> StateFault:
    return StateFault(
        f"the state directory {directory} cannot be used: {why}",
        remedy="make it writable for the user till-central runs as, or set another one in "
        "[central] state_dir",
    )
