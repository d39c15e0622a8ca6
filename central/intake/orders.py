"""HQ's orders to its tills: signed once by the root key, carried out, acknowledged, never lost.

An order goes out in a feed scope and comes back in the `side` journal of every till that carried
it out. So an HQ restored from a backup older than the order gets it back from the first till that
reports: it recognises its own signature, does again what it had ordered, and publishes it again
for whoever has not heard of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update
from uuid_utils import uuid7

from agent.core.consent.erasure import ErasePerson
from agent.core.exchange.orders import (
    ERASE,
    FEED_KEY,
    IDENTITY,
    LEASE,
    REVOKE,
    EraseBody,
    Order,
    RevokeBody,
    SignedOrder,
    make_order,
    read_order,
)
from agent.core.faults import InputFault
from agent.core.loyalty import read_lease
from central.identity import graph_orders
from central.identity.erased import forget
from central.identity.graph_orders import Decided
from central.intake.keeping import note_erased
from central.intake.rewinds import order_back
from central.intake.root_key import RootKey
from central.intake.stretches import forget_stretches_of
from central.intake.witnessing import Closed, take_up_closed
from central.ledger.authority_tables import (
    CARRIED_COPIES,
    ORDER_RECEIPTS,
    REVOKED_DEVICES,
    SIGNED_ORDERS,
)
from central.ledger.epoch import current_epoch
from central.ledger.outbox import GLOBAL, publish, store_scope
from central.ledger.tables import BODIES, CHAIN, CREDENTIALS, CURSORS, JOURNALS
from central.ledger.upserts import upsert
from central.value import leasing
from central.value.ending import forfeit

_STOP_INTAKE = (
    select(CURSORS.c.have_seq)
    .where(CURSORS.c.journal_id == bindparam("of_journal"))
    .with_for_update()
)
"""A batch under way either has brought the body before it is erased, or sees the order."""


class _Sealed(msgspec.Struct, frozen=True):
    """Tells one body of an `identity` order from another."""

    sealed: str = ""


Entry = tuple[str, int]
"""(journal id, seq)."""
Meant = tuple[str, int, str]
"""As in `EraseBody`: an entry as it was first written, with its commitment in hexadecimal."""


def issue(
    conn: Connection,
    root: RootKey,
    *,
    kind: str,
    scope: str,
    body: msgspec.Struct,
    reason: str,
    now: str,
    order_id: str | None = None,
) -> Order:
    """Sign an order, keep it, carry it out here, and publish it.

    Args:
        conn: of the caller's writing transaction: all of it happens, or nothing.
        root: HQ's key.
        kind: `erase`, `revoke`, `lease` or `recall`, see `core.exchange.orders`.
        scope: the feed it goes out in, `global` or `store:ID`.
        body: `EraseBody`, `RevokeBody`, `Lease` or `Recall`.
        reason: for HQ's own books; it does not travel.
        now: HQ's time, for show.
        order_id: UUIDv7 of whoever asked for it; made here where it is None.
    """
    raw = msgspec.Raw(msgspec.json.encode(body, order="deterministic"))
    order = Order(order_id or str(uuid7()), kind, scope, current_epoch(conn), now, raw)
    signed = make_order(root.sign, order)
    _keep(conn, order, signed, reason=reason, taken_back_at=None)
    _carry_out(conn, root, order, reason, now)
    return order


def erase(
    conn: Connection, root: RootKey, entries: Iterable[Entry], *, reason: str, now: str
) -> list[Order]:
    """Have the bodies of entries erased, here and in their stores; one order per store.

    One that was carried over into a successor is meant as it was first written: that is erased,
    and every copy of it.

    Raises:
        InputFault: an entry HQ does not hold, or one of `sales`: those are the books.
    """
    found = sorted({(_store_of(conn, entry), _meant(conn, entry)) for entry in set(entries)})
    return [
        issue(
            conn,
            root,
            kind=ERASE,
            scope=store_scope(store),
            body=EraseBody(tuple(entry for _, entry in of_store)),
            reason=reason,
            now=now,
        )
        for store, of_store in groupby(found, lambda each: each[0])
    ]


def revoke(conn: Connection, root: RootKey, device_key: str, *, reason: str, now: str) -> Order:
    """Let a device in never again; every till keeps the evidence, lest HQ forget it."""
    body = RevokeBody(device_key, reason)
    return issue(conn, root, kind=REVOKE, scope=GLOBAL, body=body, reason=reason, now=now)


def take_back(
    conn: Connection,
    signed: SignedOrder,
    store: str,
    till: str,
    outcome: str,
    *,
    root: RootKey,
    now: str,
) -> None:
    """Note that a till has carried out an order; one HQ has forgotten is taken up again.

    Args:
        conn: of the applier's transaction.
        signed: as the till kept it.
        store: whose till reports.
        till: which one.
        outcome: `done`, `nothing-to-do`, `another-entry`, or the name of a fault at the till.
        root: HQ's key.
        now: HQ's time, for show.

    Raises:
        CredentialFault: HQ never signed this.
    """
    order = read_order(signed, root.verify)
    known = select(SIGNED_ORDERS.c.order_id).where(SIGNED_ORDERS.c.order_id == order.order_id)
    if conn.execute(known).first() is None:
        take_up(conn, root, order, signed, reason=f"taken back from {store}/{till}", now=now)
    row = {"order_id": order.order_id, "store": store, "till": till}
    new = upsert(ORDER_RECEIPTS).values(**row, outcome=outcome, received_at=now)
    conn.execute(new.on_conflict_do_update(index_elements=list(row), set_={"outcome": outcome}))


def take_up(
    conn: Connection, root: RootKey, order: Order, signed: SignedOrder, *, reason: str, now: str
) -> None:
    """Carry out an order this database has forgotten, and publish it again.

    Args:
        conn: of a writing transaction.
        root: HQ's key.
        order: as `read_order` has read it.
        signed: as it was kept elsewhere.
        reason: for HQ's own books.
        now: HQ's time, for show.
    """
    _keep(conn, order, signed, reason=reason, taken_back_at=now)
    _carry_out(conn, root, order, reason, now)
    order_back(conn)


def erase_here(conn: Connection, entries: Iterable[Meant], order_id: str, now: str) -> None:
    """Take bodies out of HQ's inbox under a recorded order; what they have caused stays.

    An entry HQ does not hold (yet, or any more) is noted all the same: when it comes, from a till
    that has not heard of the order, only its commitment is kept. Another entry under its number,
    which HQ has from a copied disk, stays as it is.
    """
    for entry in sorted(_with_copies(conn, entries)):
        journal_id, seq, commitment = entry
        conn.execute(_STOP_INTAKE, {"of_journal": journal_id})
        note_erased(conn, [(journal_id, seq, bytes.fromhex(commitment), order_id)], now)
        if _commitment(conn, journal_id, seq) == commitment:
            held = (BODIES.c.journal_id == journal_id) & (BODIES.c.seq == seq)
            conn.execute(delete(BODIES).where(held))


def _keep(
    conn: Connection, order: Order, signed: SignedOrder, *, reason: str, taken_back_at: str | None
) -> None:
    row = {
        "order_id": order.order_id,
        "kind": order.kind,
        "scope": order.scope,
        "text": signed.order,
        "signature": signed.signature,
        "issued_at": order.issued_at,
        "reason": reason,
        "taken_back_at": taken_back_at,
    }
    conn.execute(upsert(SIGNED_ORDERS).values(row).on_conflict_do_nothing())
    publish(conn, order.scope, f"{FEED_KEY}{order.order_id}", "put", msgspec.json.encode(signed))


def _carry_out(conn: Connection, root: RootKey, order: Order, reason: str, now: str) -> None:
    """Do at HQ what the order asks of it; the value of a lease is set aside before it is out."""
    if order.kind == ERASE:
        meant = msgspec.json.decode(order.body, type=ErasePerson)
        erase_here(conn, map(msgspec.structs.astuple, meant.entries), order.order_id, now)
        if meant.parties and order.scope == GLOBAL:
            forget_stretches_of(conn, root, meant.parties)
            forget(conn, meant.parties, meant.classes, meant.request_id, now)
            forfeit(conn, meant.parties, order.order_id, now)
    elif order.kind == REVOKE:
        revoke_body = msgspec.json.decode(order.body, type=RevokeBody)
        _shut_out(conn, revoke_body, order.order_id, now, reason)
    elif order.kind == LEASE:
        leasing.book(conn, order.order_id, read_lease(bytes(order.body)), now)
    elif order.kind == IDENTITY:
        _identity(conn, root, order, reason, now)


def _identity(conn: Connection, root: RootKey, order: Order, reason: str, now: str) -> None:
    """Have hold what people decided about who is who, or wrote down of them."""
    if msgspec.json.decode(order.body, type=_Sealed).sealed:
        take_up_closed(conn, root, msgspec.json.decode(order.body, type=Closed), now)
    else:
        graph_orders.take_up(conn, msgspec.json.decode(order.body, type=Decided), reason)


def _shut_out(conn: Connection, body: RevokeBody, order_id: str, now: str, reason: str) -> None:
    why = body.reason or reason
    row = {"device_key": body.device_key, "order_id": order_id, "reason": why, "at": now}
    conn.execute(upsert(REVOKED_DEVICES).values(row).on_conflict_do_nothing())
    conn.execute(
        update(CREDENTIALS)
        .where(CREDENTIALS.c.device_key == body.device_key)
        .values(revoked_at=now, revoked_why=why)
    )


def _with_copies(conn: Connection, entries: Iterable[Meant]) -> Iterator[Meant]:
    """Give entries, and every successor's entry their body was carried over in."""
    for journal_id, seq, commitment in set(entries):
        yield journal_id, seq, commitment
        copied = CARRIED_COPIES.c
        query = select(copied.in_journal, copied.in_seq, CHAIN.c.commitment).where(
            copied.journal_id == journal_id,
            copied.seq == seq,
            copied.commitment == commitment,
            CHAIN.c.journal_id == copied.in_journal,
            CHAIN.c.seq == copied.in_seq,
        )
        for row in conn.execute(query).all():
            yield row.in_journal, row.in_seq, row.commitment.hex()


def _meant(conn: Connection, entry: Entry) -> Meant:
    """Say which entry is meant by one that HQ holds: of a copy it is the original."""
    journal_id, seq = entry
    copied = CARRIED_COPIES.c
    query = select(copied.journal_id, copied.seq, copied.commitment).where(
        copied.in_journal == journal_id, copied.in_seq == seq
    )
    row = conn.execute(query).first()
    if row is not None:
        return row.journal_id, row.seq, row.commitment
    return journal_id, seq, _commitment(conn, journal_id, seq)


def _commitment(conn: Connection, journal_id: str, seq: int) -> str:
    """Give what HQ holds under a number, hexadecimal; empty while that is nothing."""
    query = select(CHAIN.c.commitment).where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    held: bytes | None = conn.execute(query).scalar_one_or_none()
    return "" if held is None else held.hex()


def _store_of(conn: Connection, entry: Entry) -> str:
    journal_id, seq = entry
    query = (
        select(JOURNALS.c.store, JOURNALS.c.lane)
        .join(CHAIN, CHAIN.c.journal_id == JOURNALS.c.journal_id)
        .where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        raise InputFault(
            f"HQ holds no entry {journal_id[:40]}:{seq}",
            remedy="write JOURNAL:SEQ as till-central status --json and quarantine show them",
            name="no-such-entry",
        )
    if row.lane == "sales":
        raise InputFault(
            f"entry {journal_id}:{seq} is of the sales journal: it is kept as the books ask",
            remedy="erase the entry of the side journal that ties the sale to its customer",
            name="fiscal-entry",
        )
    return str(row.store)
