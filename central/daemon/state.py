"""The state directory: made, locked, and what lies in it; HQ's clock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from agent.core.faults import Fault
from central.daemon.settings import CentralSettings, database_of
from central.intake.root_key import RootKey, RootKeyFault
from central.ledger.engine import open_engine, reading, writing
from central.ledger.tables import CREDENTIALS, FACTS

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
def locked(directory: Path) -> Iterator[None]:
    """Hold the state directory for one serving program.

    Raises:
        AlreadyServing: another one holds it.
    """
    with (directory / "serve.lock").open("a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServing(
                f"another till-central serves from {directory}",
                remedy="stop it first: systemctl stop till-central",
            ) from error
        yield


def root_key(directory: Path, engine: Engine) -> RootKey:
    """Open HQ's root key; only an HQ that has enrolled nobody yet makes itself one.

    Raises:
        RootKeyFault: missing though tills were enrolled, unreadable, or not the one they trust.
    """
    path = directory / "root.key"
    is_new = not path.exists() and not _has_enrolled(engine)
    key = RootKey.create(path) if is_new else RootKey.open(path)
    _check_same(path, engine, key)
    return key


def _has_enrolled(engine: Engine) -> bool:
    with reading(engine) as conn:
        return conn.execute(select(CREDENTIALS.c.keyid).limit(1)).first() is not None


def _check_same(path: Path, engine: Engine, key: RootKey) -> None:
    """Hold the key against the one the database was used with: tills have pinned it."""
    mine = FACTS.c.key == _ROOT_KEY_FACT
    with reading(engine) as conn:
        known = conn.execute(select(FACTS.c.value).where(mine)).scalar_one_or_none()
    if known is None:
        with writing(engine) as conn:
            row = {"key": _ROOT_KEY_FACT, "value": key.public.hex()}
            conn.execute(FACTS.insert().values(row))
    elif known != key.public.hex():
        raise RootKeyFault(
            f"{path} is not the root key this database was used with",
            remedy="put the right root.key back: the tills trust acks signed by it alone",
        )


def _unusable(directory: Path, why: str) -> StateFault:
    return StateFault(
        f"the state directory {directory} cannot be used: {why}",
        remedy="make it writable for the user till-central runs as, or set another one in "
        "[central] state_dir",
    )
