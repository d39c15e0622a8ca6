"""What the commands besides `serve` do; each opens the ledger, does one thing, closes it."""

from __future__ import annotations

import time
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
from central.ledger.verify import JournalReport, unbound, verify_slices
from central.reports.checks import ChainCheck, keep


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
    records: int = 0
    records_per_s: int = 0


REMEMBERED = 200
"""Journals of one transaction that remembers what was found."""


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
    """Recompute everything that was received, beside a serving HQ, and remember what was found."""
    journals: list[JournalReport] = []
    fresh: list[ChainCheck] = []
    seconds = 0.0
    with ledger(config) as (_, engine):
        for report, took_s in _timed(verify_slices(engine)):
            journals.append(report)
            fresh.append(_check(report, took_s))
            seconds += took_s
            if len(fresh) == REMEMBERED:
                _remember(engine, fresh)
                fresh.clear()
        _remember(engine, fresh)
        with reading(engine) as conn:
            strays = tuple(unbound(conn))
    records = sum(report.have_seq for report in journals)
    ok = not strays and all(report.ok for report in journals)
    return Verified(ok, tuple(journals), strays, records, _speed(records, seconds))


def _timed(reports: Iterator[JournalReport]) -> Iterator[tuple[JournalReport, float]]:
    started_s = time.perf_counter()
    for report in reports:
        yield report, time.perf_counter() - started_s
        started_s = time.perf_counter()


def _check(report: JournalReport, took_s: float) -> ChainCheck:
    speed = _speed(report.have_seq, took_s)
    return ChainCheck(report.journal_id, utc_now(), report.have_seq, speed, report.fault)


def _speed(records: int, seconds: float) -> int:
    return int(records / seconds) if seconds else 0


def _remember(engine: Engine, found: list[ChainCheck]) -> None:
    with writing(engine) as conn:
        keep(conn, found)
