"""A device gets a new key: both are let in until the new one has signed its first batch.

The journals stay what they are (their chains began under the old key); only who may append to
them changes, in the transaction of that first batch.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from central.ledger.hq import Device
from central.ledger.tables import CREDENTIALS, JOURNALS

RENEWED = "renewed"


def takes_over(conn: Connection, device: Device, owner: str, now: str) -> bool:
    """Hand a till's journals to the key that renews their owner's; False if it does not.

    Args:
        conn: of the intake's transaction.
        device: who has signed.
        owner: key id of the device the journal is bound to.
        now: HQ's time, for show.
    """
    if not _renews(conn, device.keyid, owner):
        return False
    of_till = (JOURNALS.c.store == device.store) & (JOURNALS.c.till == device.till)
    conn.execute(
        update(JOURNALS).where(of_till, JOURNALS.c.keyid == owner).values(keyid=device.keyid)
    )
    left = select(JOURNALS.c.journal_id).where(JOURNALS.c.keyid == owner)
    if conn.execute(left).first() is None:
        conn.execute(
            update(CREDENTIALS)
            .where(CREDENTIALS.c.keyid == owner, CREDENTIALS.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_why=RENEWED)
        )
    return True


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
