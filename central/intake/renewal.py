"""A device gets a new key: both are let in until the new one has signed its first batch.

The journals stay what they are (their chains began under the old key); only who may append to
them changes, in the transaction of that first batch.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from central.intake.places import retire
from central.ledger.authority_tables import ADMISSIONS
from central.ledger.hq import Device
from central.ledger.tables import CREDENTIALS, JOURNALS

RENEWED = "renewed"


def takes_over(
    conn: Connection, device: Device, owner: str, place: tuple[str, str], now: str
) -> bool:
    """Hand a till's journals to the key that renews their owner's; False if it does not.

    Args:
        conn: of the intake's transaction.
        device: who has signed.
        owner: key id of the device the journal is bound to.
        place: store and till of the journal.
        now: HQ's time, for show.
    """
    store, till = place
    if not _stands(conn, device.keyid, store, till) or not _renews(conn, device.keyid, owner):
        return False
    conn.execute(
        update(JOURNALS)
        .where(JOURNALS.c.store == store, JOURNALS.c.till == till, JOURNALS.c.keyid == owner)
        .values(keyid=device.keyid)
    )
    retire(conn, store, till, owner, now, RENEWED)
    return True


def _stands(conn: Connection, keyid: str, store: str, till: str) -> bool:
    held = ADMISSIONS.c
    query = select(held.generation).where(
        held.store == store, held.till == till, held.keyid == keyid, held.replaced_at.is_(None)
    )
    return conn.execute(query).first() is not None


def _renews(conn: Connection, keyid: str, owner: str) -> bool:
    """Tell whether a key renews another, over as many renewals as there were in between."""
    seen: set[str] = set()
    while keyid not in seen:
        seen.add(keyid)
        query = select(CREDENTIALS.c.renews).where(CREDENTIALS.c.keyid == keyid)
        renews = conn.execute(query).scalar_one_or_none()
        if renews == owner:
            return True
        if renews is None:
            return False
        keyid = renews
    return False
