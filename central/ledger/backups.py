"""The list of backups that could still be restored, and what follows from it: `safe`.

Stores prune what is safe. Whatever backup of the list HQ is one day restored from, it must still
find everything above it in the stores: so a journal is safe only up to what *every* backup of the
list holds, and as long as there is none, nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from central.ledger.authority_tables import BACKUP_POSITIONS, BACKUPS, SAFE_POSITIONS
from central.ledger.bulk import insert_rows
from central.ledger.sums import whole_sum
from central.ledger.tables import CHAIN, CURSORS
from central.ledger.upserts import upsert

FORMAT = 1


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is and holds: `manifest.json` beside its copy of the ledger."""

    format: int
    backup_id: str
    taken_at: str
    """HQ's clock, for show."""
    epoch: str
    schema: str
    root_key: str
    """Public half of the root key this ledger was used with, hexadecimal."""
    database: str
    """Which database HQ ran on: `sqlite` or `postgresql`; the copy is SQLite in either case."""
    bytes: int
    sha256: str
    """Of the copy."""
    records: int
    journals: dict[str, tuple[int, str]]
    """Journal → (seq, chain hash) up to where the copy was verified to hold it."""
    feeds: dict[str, int]
    """Scope → number of the last change published."""
    faults: dict[str, str] = {}
    """Journal → what does not hold of it; such a journal is safe nowhere."""


class Kept(msgspec.Struct, frozen=True):
    """One backup of the list."""

    backup_id: str
    place: str
    """Absolute path of its directory."""
    taken_at: str
    epoch: str
    manifest_digest: str


def register(conn: Connection, manifest: Manifest, place: str, digest: str) -> None:
    """Enter a verified backup into the list; what is safe is reckoned anew.

    Args:
        conn: of `writing`.
        manifest: of the backup.
        place: absolute path of its directory.
        digest: SHA-256 of its manifest file, hexadecimal.
    """
    row = {
        "backup_id": manifest.backup_id,
        "place": place,
        "taken_at": manifest.taken_at,
        "epoch": manifest.epoch,
        "manifest_digest": digest,
        "left_at": None,
    }
    new = upsert(BACKUPS).values(row)
    conn.execute(new.on_conflict_do_update(index_elements=["backup_id"], set_=row))
    _forget_positions(conn, manifest.backup_id)
    held = [
        (journal_id, manifest.backup_id, seq, bytes.fromhex(hash_))
        for journal_id, (seq, hash_) in manifest.journals.items()
    ]
    insert_rows(conn, BACKUP_POSITIONS, held)
    reckon_safe(conn)


def leave(conn: Connection, backup_ids: Iterable[str], now: str) -> None:
    """Take backups off the list, once they can be restored no more; safe may rise by it."""
    for backup_id in backup_ids:
        named = BACKUPS.c.backup_id == backup_id
        conn.execute(update(BACKUPS).where(named).values(left_at=now))
        _forget_positions(conn, backup_id)
    reckon_safe(conn)


def kept(conn: Connection) -> list[Kept]:
    """List the backups that could still be restored, oldest first."""
    names = [BACKUPS.c[name] for name in Kept.__struct_fields__]
    query = select(*names).where(BACKUPS.c.left_at.is_(None))
    rows = conn.execute(query.order_by(BACKUPS.c.taken_at, BACKUPS.c.backup_id))
    return [Kept(*row) for row in rows]


def reckon_safe(conn: Connection) -> None:
    """Write down anew, of every journal, what all backups of the list hold.

    A position that this database's own chain contradicts is safe nowhere: nothing is declared
    that cannot be shown.
    """
    conn.execute(delete(SAFE_POSITIONS))
    listed = select(BACKUPS.c.backup_id).where(BACKUPS.c.left_at.is_(None))
    held = BACKUP_POSITIONS.c
    lowest = (
        select(held.journal_id, func.min(held.seq).label("seq"))
        .where(held.backup_id.in_(listed))
        .group_by(held.journal_id)
        .having(
            func.count() == select(func.count()).select_from(listed.subquery()).scalar_subquery()
        )
        .subquery()
    )
    at = (CHAIN.c.journal_id == lowest.c.journal_id) & (CHAIN.c.seq == lowest.c.seq)
    agreed = (held.journal_id == lowest.c.journal_id) & (held.seq == lowest.c.seq)
    found = (
        select(lowest.c.journal_id, lowest.c.seq, CHAIN.c.hash)
        .join(CHAIN, at)
        .join(BACKUP_POSITIONS, agreed & (held.hash == CHAIN.c.hash))
        .distinct()
    )
    conn.execute(insert(SAFE_POSITIONS).from_select(["journal_id", "seq", "hash"], found))


def safe_lag(conn: Connection) -> int:
    """Count the records held here that are not yet safe: what stores must still keep."""
    safe = func.coalesce(SAFE_POSITIONS.c.seq, 0)
    query = select(func.coalesce(whole_sum(CURSORS.c.have_seq - safe), 0)).select_from(
        CURSORS.outerjoin(SAFE_POSITIONS, SAFE_POSITIONS.c.journal_id == CURSORS.c.journal_id)
    )
    return int(conn.execute(query).scalar_one())


def _forget_positions(conn: Connection, backup_id: str) -> None:
    conn.execute(delete(BACKUP_POSITIONS).where(BACKUP_POSITIONS.c.backup_id == backup_id))
