"""What the commands besides `serve` do; each opens the ledger, does one thing, closes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from central.daemon.settings import Settings, database_of, load
from central.daemon.state import opened, prepare, root_key, utc_now
from central.daemon.status import Status, status_of
from central.intake.codes import issue_code
from central.ledger.engine import LedgerFault, reading, writing
from central.ledger.migrate import Migrated, migrate, require_current
from central.ledger.verify import JournalReport, unbound, verify


class EnrolCode(msgspec.Struct, frozen=True):
    """A one-time code and what it is for."""

    code: str
    store: str
    till: str
    hours: int = 24


class Verified(msgspec.Struct, frozen=True):
    """What `ledger verify` found."""

    ok: bool
    journals: tuple[JournalReport, ...]
    unbound: tuple[str, ...]
    """Journals with records that no till was ever bound to."""


@contextmanager
def ledger(config: Path) -> Iterator[tuple[Settings, Engine]]:
    """Open the ledger of a settings file, up to date.

    Raises:
        Fault: wrong settings, no permission, or a database that is not of this version.
    """
    settings = load(config)
    _require_database(settings)
    prepare(Path(settings.central.state_dir))
    with opened(settings.central) as engine:
        require_current(engine)
        yield settings, engine


def _require_database(settings: Settings) -> None:
    """Refuse to make an empty database, and a state directory, by merely looking at it."""
    database = database_of(settings.central)
    if isinstance(database, Path) and not database.exists():
        raise LedgerFault(
            f"there is no database {database} yet",
            remedy="run till-central migrate, or till-central serve, with the same --config",
        )


def run_migrate(config: Path) -> Migrated:
    """Bring the database up to date, making it where there is none."""
    settings = load(config)
    directory = Path(settings.central.state_dir)
    prepare(directory)
    with opened(settings.central) as engine:
        migrated = migrate(engine)
        root_key(directory, engine)
    return migrated


def run_enrol_code(config: Path, store: str, till: str) -> EnrolCode:
    """Make a one-time code for a till."""
    with ledger(config) as (_, engine), writing(engine) as conn:
        return EnrolCode(issue_code(conn, store, till, utc_now()), store, till)


def run_status(config: Path) -> Status:
    """Tell how far every store is in."""
    with ledger(config) as (settings, engine), reading(engine) as conn:
        return status_of(conn, settings.central.name, utc_now())


def run_verify(config: Path) -> Verified:
    """Recompute everything that was received."""
    with ledger(config) as (_, engine), reading(engine) as conn:
        journals = tuple(verify(conn))
        strays = tuple(unbound(conn))
    return Verified(not strays and all(found.ok for found in journals), journals, strays)
