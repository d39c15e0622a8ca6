"""Bringing a database to the schema of this program: all or nothing, forwards only."""

from __future__ import annotations

from pathlib import Path

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from central.ledger.engine import LedgerFault, reading, writing
from central.ledger.epoch import current_epoch

_SCRIPTS = Path(__file__).parent / "migrations"


class Migrated(msgspec.Struct, frozen=True):
    """Which schema was found, and which one it is now; the same if nothing was to be done."""

    before: str | None
    """None of an empty database."""
    after: str


def migrate(engine: Engine) -> Migrated:
    """Apply every step this program knows and the database has not seen, in one transaction.

    Raises:
        LedgerFault: the database was written by a newer program.
    """
    with writing(engine) as conn:
        before = _revision(conn)
        command.upgrade(_config(conn), "head")
        current_epoch(conn)
        return Migrated(before, newest())


def require_current(engine: Engine) -> None:
    """Refuse to work on a database that `migrate` has not brought up to date.

    Raises:
        LedgerFault: empty, older or newer than this program.
    """
    with reading(engine) as conn:
        found = _revision(conn)
    if found != newest():
        raise LedgerFault(
            f"the database has schema {found or 'none'}, this program needs {newest()}",
            remedy="run till-central migrate with the same --config",
        )


def newest() -> str:
    """Name the schema this program works with."""
    return str(_scripts().get_current_head())


def _revision(conn: Connection) -> str | None:
    found = MigrationContext.configure(conn).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise LedgerFault(
            f"the database has schema {found}, which this version of till-central does not know",
            remedy="install the till-central that wrote it, or a newer one",
        )
    return found


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))


def _config(conn: Connection) -> Config:
    config = Config()
    # The path may hold a per cent sign, which the configuration's parser would interpret.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config
