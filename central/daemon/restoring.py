"""Putting a backup back: verified first, the database it replaces kept aside, a new epoch begun.

What HQ had received and published since the backup is missing in it. The epoch tells every till to
say where it is, and they send again what is missing, by themselves. Only whom to erase is not
waited for: those orders are found beside the backup and in the database that is replaced, and are
carried out before anybody is served. So are the ends of tokens.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from agent.core.faults import Fault
from central.daemon.backups import (
    COPY,
    ROOT_KEY,
    BackupFault,
    digest_of,
    require_whole,
    siblings,
)
from central.daemon.backups import MANIFEST as MANIFEST_FILE
from central.daemon.ended_tokens import EndedTokens, end_again, ended_in
from central.daemon.erase_book import FILE as ERASE_BOOK
from central.daemon.erase_book import Signed, orders_in, orders_of
from central.daemon.erasing_again import erase_again
from central.daemon.settings import CentralSettings, Settings, database_of
from central.daemon.state import locked, opened, prepare, utc_now
from central.intake.rewinds import begin
from central.intake.root_key import RootKey
from central.ledger.backups import Manifest, register
from central.ledger.copies import load_copy, opened_copy
from central.ledger.engine import (
    LedgerBusy,
    let_go_of_log,
    open_engine,
    reading,
    rewrite,
    writing,
)
from central.ledger.epoch import current_epoch
from central.ledger.held_file import sync_file
from central.ledger.migrate import NEWEST, UNDER_WAY, migrate

_ROOT_KEY = "root.key"


class Restored(msgspec.Struct, frozen=True):
    """What a restore has done."""

    backup_id: str
    taken_at: str
    epoch: str
    """The one that has begun."""
    records: int
    journals: int
    aside: str | None
    """Where the replaced database is kept; None where there was none."""
    listed: int
    """Backups beside it that stay in the list: they could be restored as well."""
    erased_again: int = 0
    """Orders to erase that are younger than the backup, and were carried out in it."""
    tokens_ended_again: int = 0
    """Tokens that are valid in the backup, and were ended since."""


class _Before(NamedTuple):
    """What is known of the HQ that is replaced."""

    root: RootKey
    settings: Settings
    epoch: str
    orders: Signed
    """To erase."""
    ended: frozenset[str]
    """Fingerprints of tokens that open nothing any more."""


class _Begun(NamedTuple):
    """How the restored HQ begins."""

    epoch: str
    erased_again: int
    tokens_ended_again: int


def restore(settings: Settings, place: Path) -> Restored:
    """Put HQ's database back to a backup.

    Args:
        settings: whose database is replaced; HQ must be stopped.
        place: the backup's directory.

    Raises:
        AlreadyServing: HQ runs.
        BackupFault: the backup is not whole, of another HQ, or of a newer program.
        RootKeyFault: HQ's root key is missing or cannot be read.
    """
    place = place.resolve()
    directory = Path(settings.central.state_dir)
    with ExitStack() as stack:
        prepare(directory)
        stack.enter_context(locked(directory))
        manifest = require_whole(place)
        _check_schema(manifest)
        root = _checked_root_key(manifest, place, directory)
        before = _before(settings, root, directory, place)
        if _is_sqlite(settings.central):
            aside, begun = _into_file(settings.central, place, manifest, before)
        else:
            aside, begun = _into_server(settings.central, place, manifest, before)
    beside = sum(1 for _ in siblings(place))
    return Restored(
        manifest.backup_id,
        manifest.taken_at,
        begun.epoch,
        manifest.records,
        len(manifest.journals),
        aside,
        beside,
        begun.erased_again,
        begun.tokens_ended_again,
    )


def _into_file(
    settings: CentralSettings, place: Path, manifest: Manifest, before: _Before
) -> tuple[str | None, _Begun]:
    """Prepare the restored file beside the one it replaces, then let them change places."""
    target = _file_of(settings)
    work = target.with_name(f"{target.name}.restoring")
    with _gone_unless_whole(work):
        shutil.copyfile(place / COPY, work)
        engine = open_engine(work)
        try:
            migrate(engine)
            begun = _begin_again(engine, place, manifest, before)
            if begun.erased_again:
                rewrite(engine)
            let_go_of_log(engine)
        finally:
            engine.dispose()
        sync_file(work)
        aside = _set_aside(target)
    work.replace(target)
    sync_file(target)
    return aside, begun


@contextmanager
def _gone_unless_whole(work: Path) -> Iterator[None]:
    """Clear away what an earlier try left; what fails leaves nothing, and the database as it is."""
    for left in _with_wal(work):
        left.unlink(missing_ok=True)
    try:
        yield
    except (OSError, SQLAlchemyError, LedgerBusy) as error:
        for left in _with_wal(work):
            left.unlink(missing_ok=True)
        raise BackupFault(
            f"the restored database cannot be written beside the present one: {error}",
            remedy=f"make room in {work.parent}, as much as the backup takes, and restore again; "
            "HQ's database is as it was",
            name="restore-not-written",
        ) from error


def _into_server(
    settings: CentralSettings, place: Path, manifest: Manifest, before: _Before
) -> tuple[str | None, _Begun]:
    """Fill a fresh schema of the same database; the one it replaces keeps all under a new name."""
    with opened(settings) as engine:
        aside = _rename_schema(engine)
        migrate(engine, restoring=True)
        with opened_copy(place / COPY) as copy, writing(engine) as conn:
            load_copy(copy, conn)
        begun = _begin_again(engine, place, manifest, before)
        with writing(engine) as conn:
            conn.execute(text(f"DROP TABLE {UNDER_WAY}"))
        return aside, begun


def _begin_again(engine: Engine, place: Path, manifest: Manifest, before: _Before) -> _Begun:
    """Begin the epoch after the rewind, list every backup there is, and erase who was erased."""
    now = utc_now()
    with writing(engine) as conn:
        why = (
            f"this database was restored from backup {manifest.backup_id}, taken "
            f"{manifest.taken_at}"
        )
        for beside, found in siblings(place):
            if found.root_key == manifest.root_key:
                register(conn, found, str(beside), digest_of(beside / MANIFEST_FILE))
        epoch = begin(conn, now, seen=before.epoch, why=why, restored_from=manifest.backup_id)
        again = erase_again(conn, before.orders, before.root, before.settings.privacy, now)
        return _Begun(epoch, again, end_again(conn, before.ended, now))


def _before(settings: Settings, root: RootKey, directory: Path, place: Path) -> _Before:
    """Find out in which epoch HQ lived, what it had ordered erased, which tokens it had ended."""
    epoch, orders, ended = _lived(settings.central, root)
    for home in (directory, place.parent):
        orders |= orders_in(home / ERASE_BOOK, root.verify)
        ended |= EndedTokens(home).held()
    return _Before(root, settings, epoch, orders, ended)


def _lived(settings: CentralSettings, root: RootKey) -> tuple[str, Signed, frozenset[str]]:
    """Read it from the database that is replaced; nothing where that is gone or cannot be read."""
    epoch, orders, ended = "", Signed(), frozenset[str]()
    if _is_sqlite(settings) and not _file_of(settings).exists():
        return epoch, orders, ended
    with suppress(Fault, SQLAlchemyError), opened(settings) as engine, reading(engine) as conn:
        if inspect(conn).has_table("installation_fact"):
            epoch = current_epoch(conn)
            orders = orders_of(conn, root.verify)
            ended = ended_in(conn)
    return epoch, orders, ended


def _set_aside(target: Path) -> str | None:
    """Give the present database another name besides its own, its write-ahead log with it.

    Its own name stays with it until the restored one takes it, in one step: a power cut between
    them must not leave a place where HQ would begin an empty database.
    """
    if not target.exists():
        return None
    stamp = re.sub("[-:.Z]", "", utc_now())
    aside = target.with_name(f"{target.name}.before-{stamp}")
    try:
        aside.hardlink_to(target)
    except OSError:
        # A file system without links: a copy costs time and room, and is as good.
        _copy_whole(target, aside)
    sync_file(aside)
    # Left only beside a database that cannot be opened: it must not be played into the other one.
    for old, new in zip(_with_wal(target)[1:], _with_wal(aside)[1:], strict=True):
        if old.exists():
            old.rename(new)
    return str(aside)


def _copy_whole(source: Path, copy: Path) -> None:
    try:
        shutil.copyfile(source, copy)
    except OSError:
        copy.unlink(missing_ok=True)  # Half of it would take the room that is missing.
        raise


def _rename_schema(engine: Engine) -> str | None:
    """Put PostgreSQL's present schema aside under another name, if there is anything in it."""
    stamp = re.sub("[-:.Z]", "", utc_now()).lower()
    with engine.begin() as conn:
        _require_alone(conn)
        name = conn.execute(text("SELECT current_schema()")).scalar_one()
        is_empty = not inspect(conn).get_table_names()
        aside = f"{name}_before_{stamp}"
        if not is_empty:
            conn.execute(text(f'ALTER SCHEMA "{name}" RENAME TO "{aside}"'))
            conn.execute(text(f'CREATE SCHEMA "{name}"'))
        conn.execute(text(f'CREATE TABLE "{name}".{UNDER_WAY} (n INTEGER)'))
    return None if is_empty else f"schema {aside}"


def _require_alone(conn: Connection) -> None:
    others = conn.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    ).scalar_one()
    if others:
        raise BackupFault(
            f"{others} other programs are connected to the database",
            remedy="stop every till-central that works on it, then restore again",
            name="database-in-use",
        )


def _check_schema(manifest: Manifest) -> None:
    if manifest.schema > NEWEST:
        raise BackupFault(
            f"the backup has schema {manifest.schema}, this program knows {NEWEST}",
            remedy="restore it with the till-central that took it, or a newer one",
            name="newer-backup",
        )


def _checked_root_key(manifest: Manifest, place: Path, directory: Path) -> RootKey:
    """Open the key the tills know: by another one nothing HQ signs would be believed."""
    path, carried = directory / _ROOT_KEY, place / ROOT_KEY
    if not path.exists() and carried.exists():
        shutil.copyfile(carried, path)
        path.chmod(0o600)
        sync_file(path)
    key = RootKey.open(path)
    if key.public.hex() != manifest.root_key:
        raise BackupFault(
            f"the backup belongs to another HQ than the root key {path}",
            remedy="name a backup of this HQ, or put the root key back that it was used with",
            name="another-hq",
        )
    return key


def _is_sqlite(settings: CentralSettings) -> bool:
    return isinstance(database_of(settings), Path)


def _file_of(settings: CentralSettings) -> Path:
    database = database_of(settings)
    if not isinstance(database, Path):
        raise TypeError(database.drivername)
    return database.resolve()  # A link stays one: the file it leads to is replaced.


def _with_wal(path: Path) -> tuple[Path, Path, Path]:
    return path, Path(f"{path}-wal"), Path(f"{path}-shm")
