"""Giving tills a part of a balance: decided, booked, signed and published in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import LEASE, RECALL, SignedOrder, make_order
from agent.core.faults import AccessFault, InputFault, StateFault
from agent.core.loyalty import Programme, Recall
from agent.core.loyalty.programme import GIFT_PREFIX
from central.identity.parties import canonical, members_of
from central.intake.orders import issue
from central.intake.rewinds import open_rewind
from central.intake.root_key import RootKey
from central.ledger.authority_tables import SIGNED_ORDERS
from central.ledger.hq import Device
from central.ledger.outbox import store_scope
from central.ledger.tables import JOURNALS
from central.ledger.value_tables import VALUE_LEASES
from central.value import leasing
from central.value.expiring import settle
from central.value.opening import open_books
from central.value.programme import current

_SIDE = "side"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def ask(conn: Connection, root: RootKey, device: Device, asked: LeaseAsk, now: str) -> SignedOrder:
    """Give a till a lease, or the one it was given under this id.

    Args:
        conn: of `writing`.
        root: HQ's key.
        device: who asks.
        asked: for what.
        now: HQ's time; its date is the day caps are counted by.

    Raises:
        AccessFault: `not-your-journal`: the lease would be another machine's.
        StateFault: `leases-wait`: HQ was restored, and does not know yet what it had given.
        LoyaltyFault, InputFault: as `central.value.leasing.decide` says; nothing was given.
    """
    _require_own(conn, device, asked)
    known = _signed(conn, asked.lease_id)
    if known is not None:
        return known
    _require_no_rewind(conn)
    owners, programme = owners_of(conn, asked.owner), current(conn)
    open_books(conn, owners)
    if not asked.owner.startswith(GIFT_PREFIX):
        settle(conn, asked.owner, now)  # Nobody is lent what has ended.
    value = asked.value or _most(programme, asked.unit)
    lease = leasing.decide(conn, asked.on(now[:10], value), owners, programme)
    order = issue(
        conn,
        root,
        kind=LEASE,
        scope=store_scope(asked.store),
        body=lease,
        reason="asked for",
        now=now,
        order_id=asked.lease_id,
    )
    return make_order(root.sign, order)


def read_ask(content: bytes, journal_id: str) -> LeaseAsk:
    """Read what a till asks for.

    Raises:
        InputFault: `lease-ask`: it is none, or speaks of another journal than its address.
    """
    try:
        asked = msgspec.json.decode(content, type=LeaseAsk)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _no_ask(str(error)) from error
    if asked.journal != journal_id:
        raise _no_ask(f"it is of journal {asked.journal[:40]}")
    if not _ID.fullmatch(asked.lease_id):
        raise _no_ask(f"{asked.lease_id[:40]!r} is no UUID")
    return asked


def recall(
    conn: Connection, root: RootKey, lease_ids: Iterable[str], *, reason: str, now: str
) -> int:
    """Have tills close leases, since their value is wanted; gives how many orders went out."""
    held = VALUE_LEASES.c
    query = select(held.store, held.lease_id).where(
        held.lease_id.in_(list(lease_ids)), held.closed_day.is_(None), held.recalled_at.is_(None)
    )
    stores: dict[str, list[str]] = {}
    for store, lease_id in conn.execute(query.order_by(held.lease_id)):
        stores.setdefault(store, []).append(lease_id)
    for store, ids in stores.items():
        scope, body = store_scope(store), Recall(tuple(ids))
        issue(conn, root, kind=RECALL, scope=scope, body=body, reason=reason, now=now)
        conn.execute(VALUE_LEASES.update().where(held.lease_id.in_(ids)).values(recalled_at=now))
    return len(stores)


def owners_of(conn: Connection, owner: str) -> tuple[str, ...]:
    """Tell whom a balance is added up over: everybody merged with a party; a gift card is one."""
    if owner.startswith(GIFT_PREFIX):
        return (owner,)
    return tuple(members_of(conn, canonical(conn, owner)))


def _signed(conn: Connection, lease_id: str) -> SignedOrder | None:
    query = select(SIGNED_ORDERS.c.text, SIGNED_ORDERS.c.signature).where(
        SIGNED_ORDERS.c.order_id == lease_id, SIGNED_ORDERS.c.kind == LEASE
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else SignedOrder(row.text, row.signature)


def _most(programme: Programme, unit: str) -> int:
    """Tell how much can be given in advance at all; the cap of the day leaves what it leaves."""
    worth = programme.worth_of(unit)
    if worth is None:
        return 1
    return max(1, worth.points_for(programme.caps_of(unit).offline))


def _require_own(conn: Connection, device: Device, asked: LeaseAsk) -> None:
    query = select(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane, JOURNALS.c.keyid).where(
        JOURNALS.c.journal_id == asked.journal, JOURNALS.c.ended_at.is_(None)
    )
    row = conn.execute(query).one_or_none()
    if row is None or tuple(row) != (asked.store, asked.till, _SIDE, device.keyid):
        raise AccessFault(
            f"journal {asked.journal[:40]} is not the side journal of till {asked.till} of "
            f"{asked.store} on this machine",
            remedy="nothing at the till: it asks again once HQ has bound its journals",
            name="not-your-journal",
        )


def _require_no_rewind(conn: Connection) -> None:
    if open_rewind(conn):
        raise StateFault(
            "HQ was put back to an earlier state, and does not know yet which leases it had given",
            remedy="take another tender; leases are given again once every till has reported: the "
            "incident in till-central status says who is awaited",
            name="leases-wait",
        )


def _no_ask(why: str) -> InputFault:
    return InputFault(
        f"a lease cannot be asked for so: {why}",
        remedy="compare the versions of HQ and agent",
        name="lease-ask",
    )
