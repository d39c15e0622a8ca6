"""Bringing a database to the schema of this program: all or nothing, forwards only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, Engine, column, inspect, select, table
from sqlalchemy.exc import IntegrityError, ProgrammingError

from central.ledger.engine import LedgerFault, is_shared, reading, writing
from central.ledger.epoch import current_epoch
from central.ledger.work_tables import TURNS

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0015"
"""The schema this program works with: the last of the scripts in `migrations/versions`.

It stands here so that commands that change no schema need not load Alembic, which takes as long as
all the rest of them."""
UNDER_WAY = "restore_under_way"
"""A table that is there from when a restore makes room in a database server until it is done."""
_SCRIPTS = Path(__file__).parent / "migrations"
_STAMP = table("alembic_version", column("version_num"))


class Migrated(msgspec.Struct, frozen=True):
    """Which schema was found, and which one it is now; the same if nothing was to be done."""

    before: str | None
    """None of an empty database."""
    after: str


def migrate(engine: Engine, *, restoring: bool = False) -> Migrated:
    """Apply every step this program knows and the database has not seen, in one transaction.

    Args:
        engine: the ledger.
        restoring: of a restore, which is the only one to work on what it has not finished.

    Raises:
        LedgerFault: the database was written by a newer program, or a restore was cut off.
    """
    with reading(engine) as conn:
        if not restoring:
            _require_whole(conn)
        if _revision(conn) == NEWEST:
            # Nothing to do: also for a role that may read and write rows, and create nothing.
            return Migrated(NEWEST, NEWEST)
    from alembic import command

    if is_shared(engine):
        _make_turn(engine)
    with writing(engine) as conn:
        before = _revision(conn)
        command.upgrade(_config(conn), "head")
        current_epoch(conn)
        return Migrated(before, NEWEST)


def _make_turn(engine: Engine) -> None:
    """Have the lock before anything else, so that of several processes one migrates at a time."""
    with suppress(IntegrityError, ProgrammingError), engine.begin() as conn:
        # Two that create it at once collide in the catalogue; then it is there all the same.
        TURNS.create(conn, checkfirst=True)


def require_current(engine: Engine) -> None:
    """Refuse to work on a database that `migrate` has not brought up to date.

    Raises:
        LedgerFault: empty, older or newer than this program.
    """
    with reading(engine) as conn:
        _require_whole(conn)
        found = _revision(conn)
    if found != NEWEST:
        raise LedgerFault(
            f"the database has schema {found or 'none'}, this program needs {NEWEST}",
            remedy="run till-central migrate with the same --config",
        )


def _require_whole(conn: Connection) -> None:
    """An empty database is a new HQ; one that a restore has not filled yet must not become one."""
    if inspect(conn).has_table(UNDER_WAY):
        raise LedgerFault(
            "a restore into this database was cut off: it is empty, or half-filled",
            remedy="run till-central restore again; what was there before is kept beside it",
            name="restore-cut-off",
        )


def _revision(conn: Connection) -> str | None:
    """Read which schema the database has; None of an empty one.

    Raises:
        LedgerFault: one that this program does not know.
    """
    if not inspect(conn).has_table(_STAMP.name):
        return None
    found = conn.execute(select(_STAMP.c.version_num)).scalar_one_or_none()
    if found not in {None, NEWEST} and found not in _known():
        raise LedgerFault(
            f"the database has schema {found}, which this version of till-central does not know",
            remedy="install the till-central that wrote it, or a newer one",
        )
    return found


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}


def _config(conn: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    # The path may hold a per cent sign, which the configuration's parser would interpret.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config
