"""Taking backups while HQ serves: copied, opened, verified, and only then counted on.

A backup is a directory with a copy of the ledger and a manifest. Its name appears when both are
on disk; it enters the list, and moves what stores may prune, when its copy was opened and every
chain in it recomputed. The root key is not in it: who holds both is HQ.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, func, select
from uuid_utils import uuid7

from agent.core.faults import Fault
from central.daemon.state import utc_now
from central.intake.root_key import RootKey
from central.ledger.backups import FORMAT, Kept, Manifest, kept, leave, register, safe_lag
from central.ledger.copies import opened_copy, write_copy
from central.ledger.engine import reading, writing
from central.ledger.epoch import current_epoch
from central.ledger.held_file import sync_file
from central.ledger.migrate import NEWEST
from central.ledger.tables import CHAIN, CURSORS, FEED_SCOPES
from central.ledger.verify import verify

KEEP = 35
"""Backups kept in a directory: with one a night, what stores must be able to bridge."""
COPY, MANIFEST, ROOT_KEY = "central.sqlite", "manifest.json", "root.key"
_UNFINISHED = ".unfinished-"


class BackupFault(Fault):
    """A backup cannot be taken, or is not what it was."""

    name = "backup"
    title = "The backup cannot be used"


class Made(msgspec.Struct, frozen=True):
    """A backup that was taken, verified and entered into the list."""

    backup_id: str
    place: str
    bytes: int
    records: int
    journals: int
    faults: dict[str, str]
    """Journal → what does not hold of it, in the live database as well."""
    removed: tuple[str, ...]
    """Older backups that made room for it."""
    kept: int
    safe_lag: int
    """Records stores must still keep, as not every backup holds them."""
    root_key: bool
    """Whether the root key was put into it."""


class Checked(msgspec.Struct, frozen=True):
    """How one backup of the list was found."""

    backup_id: str
    place: str
    taken_at: str
    state: str
    """`whole`, `missing` or `damaged`."""
    detail: str = ""


def take(
    engine: Engine, root: RootKey, directory: Path, *, keep: int, key_file: Path | None
) -> Made:
    """Take a backup into a directory, verify it by opening it, and enter it into the list.

    Args:
        engine: the live ledger.
        root: whose ledger this is.
        directory: where backups are kept; a directory of its own is made in it for each.
        keep: how many of those kept there stay, this one included.
        key_file: the root key's file, to be put into the backup as well; None leaves it out.

    Raises:
        BackupFault: the directory cannot be used, or the copy is not what was written.
        LedgerFault: the copy cannot be written or read.
    """
    with _alone(directory) as home:
        manifest, place = _written(engine, root, home, key_file)
        with writing(engine) as conn:
            register(conn, manifest, str(place), digest_of(place / MANIFEST))
        removed = _make_room(engine, home, keep)
    with reading(engine) as conn:
        counts = len(kept(conn)), safe_lag(conn)
    return Made(
        manifest.backup_id,
        str(place),
        manifest.bytes,
        manifest.records,
        len(manifest.journals),
        manifest.faults,
        removed,
        *counts,
        root_key=key_file is not None,
    )


def read_manifest(place: Path) -> Manifest:
    """Read what a backup says of itself.

    Raises:
        BackupFault: there is none, or it is of another kind.
    """
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupFault(
            f"{place} is not a backup of till-central: {error}",
            remedy="name the directory that holds manifest.json and central.sqlite",
            name="no-backup",
        ) from error
    if manifest.format != FORMAT:
        raise BackupFault(
            f"the backup {place} has format {manifest.format}, this program reads {FORMAT}",
            remedy="use the till-central that wrote it, or a newer one",
        )
    return manifest


def require_whole(place: Path) -> Manifest:
    """Open a backup and verify it from its first byte to the last link of its chains.

    Raises:
        BackupFault: a byte differs from what was written.
        LedgerFault: the copy cannot be read as a ledger.
    """
    manifest = read_manifest(place)
    _require(place, manifest.sha256 == digest_of(place / COPY), "its copy has changed")
    with opened_copy(place / COPY) as conn:
        positions, faults = _positions(conn)
        _require(place, positions == manifest.journals, "its journals differ from its manifest")
        _require(place, faults == manifest.faults, f"its chains are not whole: {faults}")
        _require(place, current_epoch(conn) == manifest.epoch, "it is of another epoch")
    return manifest


def check(engine: Engine) -> tuple[Checked, ...]:
    """Verify every backup of the list, from its bytes to its chains."""
    with reading(engine) as conn:
        listed = kept(conn)
    return tuple(_checked(each) for each in listed)


def seen(listed: Kept) -> str:
    """Tell at a glance how a backup of the list stands: its files alone, not their content."""
    place = Path(listed.place)
    if not (place / COPY).is_file() or not (place / MANIFEST).is_file():
        return "missing"
    return "whole" if digest_of(place / MANIFEST) == listed.manifest_digest else "damaged"


def forget(engine: Engine, backup_id: str) -> None:
    """Take a backup that is gone off the list, as its owner has decided.

    Raises:
        BackupFault: no such backup, or its files are still there.
    """
    with writing(engine) as conn:
        found = {each.backup_id: each for each in kept(conn)}.get(backup_id)
        if found is None:
            raise BackupFault(
                f"there is no backup {backup_id!r} in the list",
                remedy="till-central backup --check lists them",
            )
        if seen(found) == "whole":
            raise BackupFault(
                f"the backup {backup_id} is still at {found.place}",
                remedy="delete it there first: what could be restored must stay in the list",
            )
        leave(conn, [backup_id], utc_now())


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def siblings(place: Path) -> Iterator[tuple[Path, Manifest]]:
    """Give the backups beside one, itself included, that can be read as such."""
    for manifest_file in sorted(place.parent.glob(f"*/{MANIFEST}")):
        if not manifest_file.parent.name.startswith(_UNFINISHED):
            try:
                yield manifest_file.parent, read_manifest(manifest_file.parent)
            except BackupFault:
                continue


@contextmanager
def _alone(directory: Path) -> Iterator[Path]:
    """Hold the directory for one backup at a time, and clear away what a crash left there."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (directory / ".lock").open("a+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in directory.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield directory.resolve()
    except BlockingIOError as error:
        raise BackupFault(
            f"another backup is being taken into {directory}",
            remedy="wait until it has ended",
            name="backup-under-way",
        ) from error
    except OSError as error:
        raise BackupFault(
            f"no backup can be written to {directory}: {error}",
            remedy="name a directory with enough space that the user till-central runs as may "
            "write to; better one on another disk",
            name="backup-not-written",
        ) from error


def _written(
    engine: Engine, root: RootKey, home: Path, key_file: Path | None
) -> tuple[Manifest, Path]:
    """Write a backup; its name appears when all of it is on disk and was read back."""
    backup_id = f"central-{_stamp(utc_now())}-{uuid7().hex[-8:]}"
    work = home / f"{_UNFINISHED}{backup_id}"
    work.mkdir(mode=0o700)
    try:
        write_copy(engine, work / COPY)
        manifest = _manifest(work / COPY, backup_id, root, engine.dialect.name)
        _write(work / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        if key_file is not None:
            _write(work / ROOT_KEY, key_file.read_bytes())
        place = work.rename(home / backup_id)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    sync_file(place)
    return manifest, place


def _manifest(copy: Path, backup_id: str, root: RootKey, database: str) -> Manifest:
    with opened_copy(copy) as conn:
        positions, faults = _positions(conn)
        feeds = conn.execute(select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq))
        return Manifest(
            format=FORMAT,
            backup_id=backup_id,
            taken_at=utc_now(),
            epoch=current_epoch(conn),
            schema=NEWEST,
            root_key=root.public.hex(),
            database=database,
            bytes=copy.stat().st_size,
            sha256=digest_of(copy),
            records=conn.execute(select(func.count()).select_from(CHAIN)).scalar_one(),
            journals=positions,
            feeds={row.scope: row.fseq for row in feeds},
            faults=faults,
        )


def _positions(conn: Connection) -> tuple[dict[str, tuple[int, str]], dict[str, str]]:
    """Recompute every chain: where each journal stands, and what does not hold."""
    faults = {
        report.journal_id: report.fault for report in verify(conn) if report.fault is not None
    }
    rows = conn.execute(select(CURSORS).where(CURSORS.c.have_seq > 0))
    positions = {
        row.journal_id: (row.have_seq, row.have_hash.hex())
        for row in rows
        if row.journal_id not in faults
    }
    return positions, faults


def _make_room(engine: Engine, home: Path, keep: int) -> tuple[str, ...]:
    """Remove the oldest backups of a directory; they leave the list after they have gone."""
    with reading(engine) as conn:
        here = [each for each in kept(conn) if Path(each.place).parent == home]
    surplus = here[: max(0, len(here) - keep)]
    for each in surplus:
        shutil.rmtree(each.place, ignore_errors=True)
    gone = [each.backup_id for each in surplus if not Path(each.place).exists()]
    if gone:
        with writing(engine) as conn:
            leave(conn, gone, utc_now())
    return tuple(gone)


def _checked(listed: Kept) -> Checked:
    state, detail = seen(listed), ""
    if state == "whole":
        try:
            require_whole(Path(listed.place))
        except Fault as fault:
            state, detail = "damaged", fault.detail
    return Checked(listed.backup_id, listed.place, listed.taken_at, state, detail)


def _require(place: Path, holds: bool, otherwise: str) -> None:
    if not holds:
        raise BackupFault(
            f"the backup {place} is not whole: {otherwise}",
            remedy="restore another one; till-central backup --check tells which are whole",
            name="backup-damaged",
        )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _stamp(now: str) -> str:
    """Write a time as part of a name: `20261122T061300Z`."""
    return now[:19].replace("-", "").replace(":", "") + "Z"
