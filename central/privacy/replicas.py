"""Every copy of a person's data: HQ, each till, channels that know them, each backup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from agent.core.consent.erasure import GLOBAL
from agent.core.consent.proof import (
    Ack,
    Erasure,
    Excuse,
    Replica,
    ReplicaKind,
    acknowledged,
    excused,
)
from agent.core.days import plus_days
from agent.core.identifiers import ActorId
from central.ledger.authority_tables import BACKUPS, ORDER_RECEIPTS
from central.ledger.bulk import among
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.outbox import store_scope
from central.ledger.privacy_tables import ERASURE_EXCUSES
from central.ledger.tables import CREDENTIALS, JOURNALS

HQ = "hq"
BACKUP_DAYS = 35
"""For so long a backup is taken to be kept after it was made; one struck off the list is gone."""


def replicas_of(conn: Connection, party_ids: Sequence[str], now: str) -> list[Replica]:
    """List who holds, or may hold, something of a person."""
    return [
        Replica(HQ, ReplicaKind.HQ, (GLOBAL, *_stores(conn))),
        *_tills(conn),
        *_channels(conn, party_ids),
        *_backups(conn, now),
    ]


def standing_of_all(conn: Connection, erasures: Sequence[Erasure]) -> dict[str, Erasure]:
    """Add to some erasures what their replicas have said; two queries, however many they are."""
    orders = [each.order_id for held in erasures for each in held.orders]
    acks, excuses = _acks(conn, orders), _excuses(conn, [each.request_id for each in erasures])
    return {each.request_id: _standing(each, acks, excuses) for each in erasures}


def _standing(
    held: Erasure, acks: Mapping[str, Sequence[Ack]], excuses: Mapping[str, Sequence[Excuse]]
) -> Erasure:
    """Tills answer by their journals, HQ by having signed."""
    for ordered in held.orders:
        held = acknowledged(held, Ack(HQ, ordered.order_id, "done", ""))
    for ordered in held.orders:
        for ack in acks.get(ordered.order_id, ()):
            held = acknowledged(held, ack)
    for word in excuses.get(held.request_id, ()):
        held = excused(held, word)
    return held


def _acks(conn: Connection, orders: Sequence[str]) -> Mapping[str, Sequence[Ack]]:
    said = defaultdict[str, list[Ack]](list)
    query = select(ORDER_RECEIPTS).where(among(conn, ORDER_RECEIPTS.c.order_id, orders))
    for row in conn.execute(query):
        ack = Ack(f"{row.store}/{row.till}", row.order_id, row.outcome, row.received_at)
        said[row.order_id].append(ack)
    return said


def _excuses(conn: Connection, request_ids: Sequence[str]) -> Mapping[str, Sequence[Excuse]]:
    """Give who need not be waited for, and why."""
    words = defaultdict[str, list[Excuse]](list)
    query = select(ERASURE_EXCUSES).where(among(conn, ERASURE_EXCUSES.c.request_id, request_ids))
    for row in conn.execute(query.order_by(ERASURE_EXCUSES.c.replica_id)):
        word = Excuse(row.replica_id, row.reason, ActorId(row.actor), row.at)
        words[row.request_id].append(word)
    return words


def _stores(conn: Connection) -> list[str]:
    stores = conn.execute(select(JOURNALS.c.store).distinct().order_by(JOURNALS.c.store))
    return [store_scope(store) for store in stores.scalars()]


def _tills(conn: Connection) -> Iterable[Replica]:
    """List the tills that are let in; one that was revoked is excused by a person."""
    held = JOURNALS.c
    query = (
        select(held.store, held.till)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == held.keyid)
        .where(held.ended_at.is_(None), CREDENTIALS.c.revoked_at.is_(None))
        .distinct()
        .order_by(held.store, held.till)
    )
    return [
        Replica(f"{row.store}/{row.till}", ReplicaKind.TILL, (GLOBAL, store_scope(row.store)))
        for row in conn.execute(query)
    ]


def _channels(conn: Connection, party_ids: Sequence[str]) -> Iterable[Replica]:
    """List the channels that have told something of the person: they hold it, too (Article 19)."""
    held = CHANNEL_EVENTS.c
    query = select(held.channel_id).where(among(conn, held.party_id, party_ids)).distinct()
    return [
        Replica(channel, ReplicaKind.CHANNEL)
        for channel in conn.execute(query.order_by(held.channel_id)).scalars()
    ]


def _backups(conn: Connection, now: str) -> Iterable[Replica]:
    """List the backups a restore could still read; made before today, each has its last day."""
    query = select(BACKUPS).where(BACKUPS.c.left_at.is_(None), BACKUPS.c.taken_at <= now)
    return [
        Replica(
            f"backup {row.backup_id}",
            ReplicaKind.BACKUP,
            gone_by=plus_days(row.taken_at[:10], BACKUP_DAYS),
        )
        for row in conn.execute(query.order_by(BACKUPS.c.backup_id))
    ]
