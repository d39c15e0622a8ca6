"""Who stands at which till: one till, one device; one machine may serve several tills.

Every admission has a generation, in the credential as well as here. After a rewind two devices
may claim one till; the higher generation holds, and no clock is asked (P11).
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, func, select, update

from agent.core.exchange.credentials import key_id
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import Credential, EnrolAnswer, Replaced
from central.ledger.authority_tables import ADMISSIONS, REVOKED_DEVICES
from central.ledger.tables import CONTACTS, CREDENTIALS, CURSORS, JOURNALS
from central.ledger.upserts import upsert

REPLACED = "replaced"


def next_generation(conn: Connection, store: str, till: str) -> int:
    """Give the number of the next device at a till."""
    held = ADMISSIONS.c
    query = select(func.max(held.generation)).where(held.store == store, held.till == till)
    return (conn.execute(query).scalar_one_or_none() or 0) + 1


def rivals(conn: Connection, store: str, till: str, keyid: str) -> list[Row[tuple[object, ...]]]:
    """List the other devices that are let in at a till."""
    held = ADMISSIONS.c
    query = (
        select(ADMISSIONS)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == held.keyid)
        .where(held.store == store, held.till == till, held.keyid != keyid)
        .where(held.replaced_at.is_(None), CREDENTIALS.c.revoked_at.is_(None))
    )
    return list(conn.execute(query).all())


def revocation(conn: Connection, device_key: str) -> str | None:
    """Tell why a device key is let in never again; None of one that may be."""
    query = select(REVOKED_DEVICES.c.reason).where(REVOKED_DEVICES.c.device_key == device_key)
    reason: str | None = conn.execute(query).scalar_one_or_none()
    return reason


def admit(
    conn: Connection, credential: Credential, answer: EnrolAnswer, *, renews: str = ""
) -> None:
    """Let a device in at a till.

    Args:
        conn: of `writing`.
        credential: what the root key has signed.
        answer: that, as it travels.
        renews: key id that this one takes over from, at its first signed batch.
    """
    keyid = key_id(unhex(credential.device_key))
    signed = {
        "credential": answer.credential,
        "signature": answer.signature,
        "issued_at": credential.issued_at,
    }
    place = {"store": credential.store, "till": credential.till}
    device = place | signed | {"revoked_at": None, "revoked_why": None, "renews": renews or None}
    new = upsert(CREDENTIALS).values(keyid=keyid, device_key=credential.device_key, **device)
    # A device enrolled once more with a new code has been let in again by a person.
    conn.execute(new.on_conflict_do_update(index_elements=["keyid"], set_=device))
    held = signed | {"generation": credential.generation, "replaced_at": None}
    row = upsert(ADMISSIONS).values(keyid=keyid, **place, **held)
    conn.execute(row.on_conflict_do_update(index_elements=["store", "till", "keyid"], set_=held))


def replace_others(
    conn: Connection, credential: Credential, now: str, *, spared: str = ""
) -> tuple[Replaced, ...]:
    """Let no other device in at a till any more; gives the journals they leave behind.

    Args:
        conn: of `writing`.
        credential: of the device that stands there now.
        now: HQ's time, for show.
        spared: key id of a device that stays until the new one has signed a batch.
    """
    keyid = key_id(unhex(credential.device_key))
    left: list[Replaced] = []
    for rival in rivals(conn, credential.store, credential.till, keyid):
        if rival.keyid != spared:
            left += _left_behind(conn, rival)
            retire(conn, credential.store, credential.till, rival.keyid, now, REPLACED)
    return tuple(left)


def retire(conn: Connection, store: str, till: str, keyid: str, now: str, why: str) -> None:
    """End a device's place at a till; with its last place the device itself is let in no more."""
    held = ADMISSIONS.c
    conn.execute(
        update(ADMISSIONS)
        .where(held.store == store, held.till == till, held.keyid == keyid)
        .values(replaced_at=now)
    )
    conn.execute(
        update(JOURNALS)
        .where(JOURNALS.c.store == store, JOURNALS.c.till == till, JOURNALS.c.keyid == keyid)
        .where(JOURNALS.c.ended_at.is_(None))
        .values(ended_at=now, ended_why=why)
    )
    others = select(held.till).where(held.keyid == keyid, held.replaced_at.is_(None))
    if conn.execute(others).first() is None:
        conn.execute(
            update(CREDENTIALS)
            .where(CREDENTIALS.c.keyid == keyid, CREDENTIALS.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_why=why)
        )


def _left_behind(conn: Connection, rival: Row[tuple[object, ...]]) -> list[Replaced]:
    query = (
        select(JOURNALS, CURSORS.c.have_seq, CONTACTS.c.tail_seq, CONTACTS.c.last_contact_at)
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .outerjoin(CONTACTS, CONTACTS.c.journal_id == JOURNALS.c.journal_id)
        .where(JOURNALS.c.store == rival.store, JOURNALS.c.till == rival.till)
        .where(JOURNALS.c.keyid == rival.keyid, JOURNALS.c.ended_at.is_(None))
        .order_by(JOURNALS.c.lane)
    )
    return [
        Replaced(
            row.journal_id,
            row.lane,
            row.have_seq,
            max(row.tail_seq or 0, row.have_seq),
            row.last_contact_at or "",
        )
        for row in conn.execute(query)
    ]
