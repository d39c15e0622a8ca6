"""Journals that a device shows though they are not its own: what an old machine left behind.

A device appends to its own journals and to no others. But a machine that took in the journals of an
old disk must learn, some day, that HQ has them all: otherwise it would keep them as "not at HQ" for
ever. So HQ compares what such a machine shows with what it holds, hash by hash, and says how far it
holds the very same; nothing of it is kept, and the journal's own till is not disturbed by it.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Exists, exists, select

from agent.core.exchange.intake import Accept
from agent.core.exchange.wire import Batch
from agent.core.faults import AccessFault
from central.ledger.archive_tables import ARCHIVE_IMPORTS
from central.ledger.authority_tables import ADMISSIONS
from central.ledger.tables import CREDENTIALS


class OnlyAsFile(AccessFault):
    """Entries that HQ lacks, shown by a device whose journal it is not."""

    name = "only-as-file"
    title = "HQ takes these entries only as a file"


def may_show(conn: Connection, keyid: str, journal_id: str, place: tuple[str, str]) -> bool:
    """Tell whether a device may ask what HQ holds of a journal that is not its own.

    Args:
        conn: any transaction.
        keyid: of the device.
        journal_id: which journal.
        place: store and till of that journal.
    """
    store, till = place
    held = ADMISSIONS.c
    stands = exists().where(
        held.store == store, held.till == till, held.keyid == keyid, held.replaced_at.is_(None)
    )
    return _is_true(conn, stands) or has_handed_in(conn, keyid, journal_id)


def has_handed_in(conn: Connection, keyid: str, journal_id: str) -> bool:
    """Tell whether a journal came in by a file that this device has signed."""
    imported = ARCHIVE_IMPORTS.c
    keys = select(CREDENTIALS.c.device_key).where(CREDENTIALS.c.keyid == keyid)
    by_file = exists().where(imported.journal_id == journal_id, imported.device_key.in_(keys))
    return _is_true(conn, by_file)


def _is_true(conn: Connection, question: Exists) -> bool:
    return bool(conn.execute(select(question)).scalar_one())


def without_new(taken: Accept, batch: Batch, have_seq: int, have_hash: bytes) -> Accept:
    """Answer a batch that is only shown: what HQ holds of it was compared, what is new stays out.

    Raises:
        OnlyAsFile: all of it is new.
    """
    if taken.rows and batch.base > have_seq:
        raise OnlyAsFile(
            f"HQ holds journal {batch.journal_id} up to entry {have_seq} of {batch.tail_seq}, and "
            "takes the rest of it from this machine only as a file",
            remedy="here: till-agent journal export FILE; at HQ: till-central import-journal FILE",
        )
    if not taken.rows:
        return taken
    return msgspec.structs.replace(taken, rows=(), seq=have_seq, hash=have_hash)
