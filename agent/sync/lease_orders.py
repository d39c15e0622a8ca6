"""HQ's orders about value: a lease is taken up by its till, a recall closes what it names.

A lease names the one journal that may spend it. Other tills of the store read the order, too, and
pass it over: they could lose nothing that HQ would need their word for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agent.core.exchange.orders import LEASE, RECALL, Order
from agent.core.faults import InputFault
from agent.core.identifiers import TillId
from agent.core.loyalty import Recall, read_lease
from agent.core.loyalty.purse import recall
from agent.journal import Connection, purses

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def concerned(conn: Connection, order: Order, tills: Sequence[TillId]) -> list[TillId]:
    """Tell which tills an order is about: a lease is one's, a recall theirs who hold such a lease.

    What cannot be read is everybody's, so that HQ hears of it.
    """
    if order.kind == LEASE:
        try:
            journal = read_lease(bytes(order.body)).journal
        except InputFault:
            return list(tills)
        return [till for till in tills if purses.side_journal(conn, till) == journal]
    if order.kind == RECALL:
        try:
            wanted = set(_recall(order).lease_ids)
        except _UNREADABLE:
            return list(tills)
        return [till for till in tills if wanted & _held(conn, till)]
    return list(tills)


def take_lease(conn: Connection, order: Order) -> None:
    """Take a lease up.

    Raises:
        InputFault: `lease-unreadable`.
    """
    purses.receive(conn, order.order_id, read_lease(bytes(order.body)))


def take_recall(conn: Connection, order: Order, tills: Sequence[TillId]) -> None:
    """End the leases that HQ wants back; they are closed as soon as no basket is paid with them."""
    wanted = _recall(order).lease_ids
    for till in tills:
        journal = purses.side_journal(conn, till)
        purses.change(conn, journal, lambda held: recall(held, wanted))


def _recall(order: Order) -> Recall:
    return msgspec.json.decode(order.body, type=Recall)


def _held(conn: Connection, till: TillId) -> set[str]:
    return set(purses.purse(conn, purses.side_journal(conn, till)).leases)
