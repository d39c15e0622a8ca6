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
    old = _renewed_by(conn, device.keyid)
    if owner not in old or not _stands(conn, device.keyid, store, till):
        return False
    conn.execute(
        update(JOURNALS)
        .where(JOURNALS.c.store == store, JOURNALS.c.till == till, JOURNALS.c.keyid.in_(old))
        .values(keyid=device.keyid)
    )
    for keyid in old:  # One renewed before it had signed anything is let go with the others.
        if _stands(conn, keyid, store, till):
            retire(conn, store, till, keyid, now, RENEWED)
    return True


def _stands(conn: Connection, keyid: str, store: str, till: str) -> bool:
    held = ADMISSIONS.c
    query = select(held.generation).where(
        held.store == store, held.till == till, held.keyid == keyid, held.replaced_at.is_(None)
    )
    return conn.execute(query).first() is not None


def renews(conn: Connection, keyid: str, owner: str) -> bool:
    """Tell whether a key renews another, over as many renewals as there were in between.

    A till that sells nothing may renew several times before any of its keys signs a batch.
    """
    return owner in _renewed_by(conn, keyid)


def yet_to_renew(conn: Connection, keyid: str) -> str:
    """Name the key that a key has yet to take over from with its first signed batch, or itself.

    Where none of several renewals has signed, it is the oldest: all of them hold until one has.
    """
    older = _renewed_by(conn, keyid)
    query = select(CREDENTIALS.c.keyid).where(
        CREDENTIALS.c.keyid.in_(older), CREDENTIALS.c.revoked_at.is_(None)
    )
    held = set(conn.execute(query).scalars())
    return next((key for key in reversed(older) if key in held), keyid)


def _renewed_by(conn: Connection, keyid: str) -> list[str]:
    """List the keys a key takes the place of, the newest first; none twice."""
    found: list[str] = []
    before: str | None = keyid
    while before is not None:
        query = select(CREDENTIALS.c.renews).where(CREDENTIALS.c.keyid == before)
        before = conn.execute(query).scalar_one_or_none()
        if before is None or before in (keyid, *found):
            break
        found.append(before)
    return found
